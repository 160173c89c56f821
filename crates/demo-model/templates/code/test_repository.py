import unittest
from datetime import date, datetime

from §module§ import §Name§, §Name§s, ValidationError


def make(**changes):
    values = {
§values§    }
    values.update(changes)
    return §Name§(**values)


class §Name§sTest(unittest.TestCase):
    def setUp(self):
        self.all = §Name§s()

    def test_what_is_added_can_be_read(self):
        id = self.all.add(make())
        self.assertEqual(self.all.get(id), make())
        self.assertEqual(len(self.all), 1)

    def test_update_changes_only_what_is_named(self):
        id = self.all.add(make())
        self.all.update(id, §first§="zebra")
        self.assertEqual(self.all.get(id).§first§, "zebra")
        with self.assertRaises(ValidationError):
            self.all.update(id, no_such_field=1)

    def test_removed_is_gone_and_its_id_is_not_used_again(self):
        id = self.all.add(make())
        self.all.remove(id)
        with self.assertRaises(KeyError):
            self.all.get(id)
        self.assertNotEqual(self.all.add(make()), id)

    def test_search_by_text_and_by_field(self):
        self.all.add(make())
        wanted = self.all.add(make(§first§="zebra"))
        self.assertEqual([id for id, _ in self.all.search("ZEB")], [wanted])
        self.assertEqual([id for id, _ in self.all.search(§first§="zebra")], [wanted])
        self.assertEqual(self.all.search("nothing like this"), [])

    def test_sorted_by(self):
        self.all.add(make(§first§="b"))
        self.all.add(make(§first§="a"))
        self.assertEqual([item.§first§ for _, item in self.all.sorted_by("§first§")], ["a", "b"])

    def test_a_blank_§first§_is_refused(self):
        with self.assertRaises(ValidationError) as caught:
            make(§first§="  ")
        self.assertEqual(caught.exception.field, "§first§")
§tests§

if __name__ == "__main__":
    unittest.main()
