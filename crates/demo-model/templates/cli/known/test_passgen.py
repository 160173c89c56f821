    def test_length_and_kinds(self):
        code, out, _ = self.run_cli("--length", "40", "--no-signs")
        self.assertEqual(code, 0)
        text = out.strip()
        self.assertEqual(len(text), 40)
        self.assertTrue(text.isalnum())
        self.assertTrue(any(c.isdigit() for c in text) and any(c.isupper() for c in text) and any(c.islower() for c in text))

    def test_many_and_all_differ(self):
        lines = self.run_cli("--count", "50")[1].split()
        self.assertEqual(len(set(lines)), 50)

    def test_passphrases(self):
        self.assertEqual(len(self.run_cli("--words", "6")[1].strip().split("-")), 6)

    def test_what_cannot_be(self):
        self.assertEqual(self.run_cli("--no-letters", "--no-digits", "--no-signs")[0], 1)
        self.assertEqual(self.run_cli("--length", "0")[0], 2)
