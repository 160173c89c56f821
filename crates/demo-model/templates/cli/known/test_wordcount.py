    def test_lines_words_and_characters(self):
        self.write("a.txt", "one two\nthree\n")
        code, out, _ = self.run_cli("a.txt", "--json")
        self.assertEqual(code, 0)
        numbers = json.loads(out)["files"]["a.txt"]
        self.assertEqual((numbers["lines"], numbers["words"], numbers["characters"]), (2, 3, 14))

    def test_the_most_used_words(self):
        self.write("a.txt", "sea SEA sun it it it")
        self.assertEqual(json.loads(self.run_cli("a.txt", "--top", "1", "--min-length", "3", "--json")[1])["top"], {"sea": 2})

    def test_standard_input_and_empty_text(self):
        self.assertEqual(self.run_cli("-", stdin="a b c")[0], 0)
        self.assertEqual(self.run_cli("-", stdin="")[0], 0)

    def test_a_missing_file_is_exit_code_1_and_the_rest_is_counted(self):
        self.write("a.txt", "x")
        code, out, err = self.run_cli("a.txt", "nothing.txt")
        self.assertEqual(code, 1)
        self.assertIn("a.txt", out)
        self.assertIn("nothing.txt", err)
