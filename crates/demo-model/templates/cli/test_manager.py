import contextlib
import io
import json
import os
import tempfile
import unittest

import §module§


class §Class§Test(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = os.path.join(self.folder.name, "data.json")

    def run_cli(self, *args):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = §module§.main(["--file", self.file, *args])
            except SystemExit as stop:
                code = stop.code
        return code, out.getvalue(), err.getvalue()

    def add(self):
        return self.run_cli("add", §addargs§)

    def test_add_and_list(self):
        code, out, _ = self.add()
        self.assertEqual(code, 0)
        self.assertIn("Added §singular§ 1", out)
        code, out, _ = self.run_cli("list", "--json")
        self.assertEqual(code, 0)
        self.assertEqual(len(json.loads(out)), 1)

    def test_edit_and_search(self):
        self.add()
        code, _, _ = self.run_cli("edit", "1", "--§firstflag§", "zebra")
        self.assertEqual(code, 0)
        self.assertIn("zebra", self.run_cli("list", "--search", "ZEBRA")[1])
        self.assertIn("No §plural§", self.run_cli("list", "--search", "nothing like this")[1])

    def test_remove(self):
        self.add()
        self.assertEqual(self.run_cli("remove", "1")[0], 0)
        code, _, err = self.run_cli("remove", "1")
        self.assertEqual(code, 1)
        self.assertIn("there is no §singular§ 1", err)
§flagtest§
    def test_export_and_stats(self):
        self.add()
        self.assertEqual(len(self.run_cli("export")[1].splitlines()), 2)
        self.assertIn("§plural§: 1", self.run_cli("stats")[1])

    def test_wrong_usage_is_exit_code_2(self):
        self.assertEqual(self.run_cli()[0], 2)
        self.assertEqual(self.run_cli("nonsense")[0], 2)

    def test_a_broken_file_is_said_and_kept(self):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("not json")
        code, _, err = self.run_cli("list")
        self.assertEqual(code, 1)
        self.assertIn("cannot read", err)


if __name__ == "__main__":
    unittest.main()
