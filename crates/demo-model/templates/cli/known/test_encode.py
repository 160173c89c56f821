    def test_there_and_back(self):
        for method in cli.METHODS:
            coded = cli.encode("HELLO 42", method)
            self.assertEqual(cli.decode(coded, method), "HELLO 42", method)

    def test_known_values(self):
        self.assertEqual(self.run_cli("base64", "hello")[1], "aGVsbG8=\n")
        self.assertEqual(self.run_cli("morse", "SOS")[1], "... --- ...\n")
        self.assertEqual(self.run_cli("caesar", "--shift", "1", stdin="abc z\n")[1], "bcd a\n")

    def test_what_cannot_be_decoded(self):
        self.assertEqual(self.run_cli("base64", "-d", "%%%")[0], 1)
        self.assertEqual(self.run_cli("hex", "-d", "xyz")[0], 1)

    def test_wrong_usage(self):
        self.assertEqual(self.run_cli("rot99", "x")[0], 2)
