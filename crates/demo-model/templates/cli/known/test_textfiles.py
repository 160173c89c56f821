    def test_standard_input(self):
        self.assertEqual(self.run_cli("--op", "sort", stdin="b\na\n")[1], "a\nb\n")
        self.assertEqual(self.run_cli("--op", "unique", stdin="b\na\nb\n")[1], "b\na\n")
        self.assertEqual(self.run_cli("--op", "emails", stdin="to ana@example.com, ben@example.org.\n")[1], "ana@example.com\nben@example.org\n")
        self.assertEqual(self.run_cli(stdin="")[0], 0)

    def test_every_operation_takes_any_text(self):
        for name in cli.OPERATIONS:
            code, _, err = self.run_cli("--op", name, "--word", "x", stdin="one x\n\n\ttwo\n")
            self.assertEqual((code, err), (0, ""), name)

    def test_write_and_dry_run(self):
        self.write("notes/a.txt", "b\na\n")
        self.assertIn("1 of 1 files would change", self.run_cli("notes", "--op", "sort", "--dry-run")[1])
        self.assertEqual(self.text("notes/a.txt"), "b\na\n")
        self.assertEqual(self.run_cli("notes", "--op", "sort", "--write")[0], 0)
        self.assertEqual(self.text("notes/a.txt"), "a\nb\n")

    def test_what_is_wrong_is_said(self):
        self.assertEqual(self.run_cli("nothing.txt")[0], 1)
        self.assertEqual(self.run_cli("--op", "keep", stdin="x")[0], 1)
        self.assertEqual(self.run_cli("--op", "fly")[0], 2)
        self.assertEqual(self.run_cli("-n", "many")[0], 2)
