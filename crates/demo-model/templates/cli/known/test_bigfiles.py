    def test_the_largest_come_first(self):
        self.write("small.txt", "x" * 10)
        self.write("deep/large.log", "x" * 3000)
        self.write("middle.txt", "x" * 200)
        code, out, _ = self.run_cli(".", "-n", "2", "--json")
        self.assertEqual(code, 0)
        self.assertEqual([(os.path.basename(one["path"]), one["bytes"]) for one in json.loads(out)], [("large.log", 3000), ("middle.txt", 200)])

    def test_by_ending_and_size(self):
        self.write("a.txt", "x" * 2000)
        self.write("b.log", "x" * 2000)
        self.assertEqual(len(json.loads(self.run_cli(".", "--ext", "log", "--min", "1k", "--json")[1])), 1)

    def test_a_tree_adds_up(self):
        self.write("a/b/c.txt", "x" * 1500)
        self.assertIn("1.5 kB  ./", self.run_cli(".", "--tree")[1])

    def test_what_is_wrong_is_said(self):
        self.assertEqual(self.run_cli("nowhere")[0], 1)
        self.assertEqual(self.run_cli(".", "--min", "much")[0], 2)
