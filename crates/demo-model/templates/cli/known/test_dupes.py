    def test_equal_files_are_found_and_others_not(self):
        self.write("a.txt", "same")
        self.write("deep/b.txt", "same")
        self.write("c.txt", "else")
        code, out, _ = self.run_cli(".", "--json")
        self.assertEqual(code, 0)
        groups = json.loads(out)
        self.assertEqual(len(groups), 1)
        self.assertEqual([os.path.basename(path) for path in groups[0]["files"]], ["a.txt", "b.txt"])

    def test_delete_keeps_one_and_asks_for_yes(self):
        self.write("a.txt", "same")
        self.write("b.txt", "same")
        self.run_cli(".", "--delete")
        self.assertEqual(len(os.listdir(".")), 2)
        self.assertEqual(self.run_cli(".", "--delete", "--yes")[0], 0)
        self.assertEqual(os.listdir("."), ["a.txt"])

    def test_none(self):
        self.assertIn("No duplicates", self.run_cli(".")[1])

    def test_a_missing_folder(self):
        self.assertEqual(self.run_cli("nowhere")[0], 1)
