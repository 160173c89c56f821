    def test_order_brackets_and_functions(self):
        for text, result in [("2 + 3 * 4", "14"), ("(2 + 3) * 4", "20"), ("2 ^ 10", "1024"), ("10 / 4", "2.5"), ("sqrt(16) + pi * 0", "4"), ("-3 + 1", "-2")]:
            code, out, _ = self.run_cli(text)
            self.assertEqual((code, out.strip()), (0, result), text)

    def test_lines_of_standard_input_know_the_result_before(self):
        self.assertEqual(self.run_cli(stdin="2 * 3\nans + 1\n")[1], "6\n7\n")

    def test_what_cannot_be_worked_out(self):
        for text in ["1 / 0", "2 +", "__import__('os')", "9 ** 99999", "x + 1"]:
            self.assertEqual(self.run_cli(text)[0], 1, text)

    def test_wrong_usage(self):
        self.assertEqual(self.run_cli("--no-such-option")[0], 2)
