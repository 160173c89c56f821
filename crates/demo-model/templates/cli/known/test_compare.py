    def test_folders(self):
        self.write("a/same.txt", "x")
        self.write("b/same.txt", "x")
        self.write("a/deep/new.txt", "n")
        self.write("a/changed.txt", "1")
        self.write("b/changed.txt", "2")
        code, out, _ = self.run_cli("a", "b")
        self.assertEqual(code, 1)
        self.assertIn("1 only in a, 0 only in b, 1 different", out)
        self.assertEqual(self.run_cli("a", "b", "--copy", "--dry-run")[0], 0)
        self.assertEqual(self.text("b/changed.txt"), "2")
        self.assertEqual(self.run_cli("a", "b", "--copy")[0], 0)
        self.assertEqual(self.run_cli("a", "b")[0], 0)

    def test_files(self):
        self.write("one.txt", "a\nb\n")
        self.write("two.txt", "a\nc\n")
        code, out, _ = self.run_cli("one.txt", "two.txt")
        self.assertEqual((code, "+c" in out), (1, True))

    def test_what_is_wrong_is_said(self):
        self.assertEqual(self.run_cli("nowhere", "here")[0], 1)
        self.assertEqual(self.run_cli("one")[0], 2)
