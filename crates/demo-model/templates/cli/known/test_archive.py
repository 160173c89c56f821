    def test_make_check_and_unpack(self):
        self.write("notes/a.txt", "one")
        self.write("notes/deep/b.log", "two")
        code, out, _ = self.run_cli("make", "notes", "-o", "n.zip", "--exclude", "*.log")
        self.assertEqual((code, "1 files" in out), (0, True))
        self.assertIn("notes/a.txt", self.run_cli("list", "n.zip")[1])
        self.assertEqual(self.run_cli("check", "n.zip")[0], 0)
        self.assertEqual(self.run_cli("unpack", "n.zip", "--to", "back")[0], 0)
        self.assertEqual(self.text("back/notes/a.txt"), "one")
        self.assertEqual(self.run_cli("unpack", "n.zip", "--to", "back")[0], 1)

    def test_dry_run_writes_nothing(self):
        self.write("notes/a.txt", "one")
        self.assertEqual(self.run_cli("make", "notes", "-o", "n.zip", "--dry-run")[0], 0)
        self.assertFalse(os.path.exists("n.zip"))

    def test_what_is_wrong_is_said(self):
        self.assertEqual(self.run_cli("make", "nowhere")[0], 1)
        self.assertEqual(self.run_cli("make", "nowhere", "--keep", "0")[0], 2)
        self.write("bad.zip", "no archive")
        self.assertEqual(self.run_cli("check", "bad.zip")[0], 1)
