    def test_search(self):
        self.write("a.txt", "one\ntwo red\n")
        code, out, _ = self.run_cli("red", ".")
        self.assertEqual(code, 0)
        self.assertIn("a.txt:2: two red", out)

    def test_replace_only_with_write(self):
        self.write("a.txt", "red and redder")
        self.assertEqual(self.run_cli("red", "blue", "a.txt", "--word")[0], 0)
        self.assertEqual(self.text("a.txt"), "red and redder")
        self.assertEqual(self.run_cli("red", "blue", "a.txt", "--word", "--write")[0], 0)
        self.assertEqual(self.text("a.txt"), "blue and redder")

    def test_regular_expressions_and_standard_input(self):
        self.assertEqual(self.run_cli(r"(\w+)@old", r"\1@new", "-", "--regex", stdin="ana@old")[1], "ana@new")

    def test_nothing_found_is_exit_code_1_and_a_bad_pattern_2(self):
        self.write("a.txt", "x")
        self.assertEqual(self.run_cli("zebra", "a.txt")[0], 1)
        self.assertEqual(self.run_cli("(", ".", "--regex")[0], 2)
