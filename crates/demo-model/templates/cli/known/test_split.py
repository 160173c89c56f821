    def test_lines_and_back(self):
        self.write("big.txt", "".join(f"line {n}\n" for n in range(25)))
        code, out, _ = self.run_cli("big.txt", "--lines", "10")
        self.assertEqual((code, "3 parts." in out), (0, True))
        self.assertEqual(self.text("big-003.txt").splitlines(), [f"line {n}" for n in range(20, 25)])
        code, _, _ = self.run_cli("--join", "big-001.txt", "big-002.txt", "big-003.txt", "-o", "whole.txt")
        self.assertEqual((code, self.text("whole.txt")), (0, self.text("big.txt")))

    def test_header_and_parts(self):
        self.write("a.csv", "name\nAna\nBen\nChloe\n")
        self.assertEqual(self.run_cli("a.csv", "--lines", "2", "--header", "-o", "out")[0], 0)
        self.assertEqual(self.text("out/a-002.csv"), "name\nChloe\n")
        self.assertIn("2 parts would be written", self.run_cli("a.csv", "--parts", "2", "--dry-run")[1])
        self.assertFalse(os.path.exists("a-001.csv"))

    def test_what_is_wrong_is_said(self):
        self.assertEqual(self.run_cli("nothing.txt")[0], 1)
        self.assertEqual(self.run_cli("nothing.txt", "--lines", "0")[0], 2)
        self.assertEqual(self.run_cli("nothing.txt", "--bytes", "many")[0], 2)
        self.write("a.txt", "x\n")
        self.write("a-001.txt", "keep me")
        self.assertEqual(self.run_cli("a.txt")[0], 1)
        self.assertEqual(self.text("a-001.txt"), "keep me")
