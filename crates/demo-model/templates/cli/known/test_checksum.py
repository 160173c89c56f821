    def test_a_known_checksum(self):
        self.write("a.txt", "abc")
        self.assertEqual(self.run_cli("a.txt")[1], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.txt\n")
        self.assertEqual(self.run_cli("-", "--method", "md5", stdin="abc")[1], "900150983cd24fb0d6963f7d28e17f72  -\n")

    def test_a_list_tells_what_has_changed(self):
        self.write("a.txt", "abc")
        self.write("list", self.run_cli("a.txt")[1])
        self.assertEqual(self.run_cli("--check", "list")[0], 0)
        self.write("a.txt", "abd")
        code, out, _ = self.run_cli("--check", "list")
        self.assertEqual(code, 1)
        self.assertIn("a.txt: CHANGED", out)

    def test_expect(self):
        self.write("a.txt", "abc")
        self.assertEqual(self.run_cli("a.txt", "--expect", "00")[0], 1)

    def test_what_is_missing(self):
        self.assertEqual(self.run_cli("nothing")[0], 1)
        self.assertEqual(self.run_cli()[0], 2)
