    def password(self, text):
        self.write("password", text + "\n")
        return ["--password-file", "password"]

    def test_there_and_back(self):
        self.write("note.txt", "The key is under the third stone.\n" * 40)
        right = self.password("salt and rain")
        self.assertEqual(self.run_cli("note.txt", *right)[0], 0)
        with open("note.txt.enc", "rb") as file:
            self.assertNotIn(b"stone", file.read())
        self.assertEqual(self.run_cli("-d", "note.txt.enc", "-o", "back.txt", *right)[0], 0)
        self.assertEqual(self.text("back.txt"), self.text("note.txt"))

    def test_wrong_password_and_changed_files_are_told(self):
        data = cli.encrypt(b"secret", "right")
        self.assertEqual(cli.decrypt(data, "right"), b"secret")
        for bad, password in ((data, "wrong"), (data[:-1] + bytes([data[-1] ^ 1]), "right"), (b"plain", "right")):
            with self.assertRaises(cli.Problem):
                cli.decrypt(bad, password)
        self.assertNotEqual(data, cli.encrypt(b"secret", "right"))
        self.assertEqual(cli.decrypt(cli.encrypt(b"", "x"), "x"), b"")

    def test_what_is_there_is_kept(self):
        self.write("a", "x")
        self.write("a.enc", "keep me")
        self.assertEqual(self.run_cli("a", *self.password("p"))[0], 1)
        self.assertEqual(self.text("a.enc"), "keep me")
        self.assertEqual(self.run_cli("nothing", *self.password("p"))[0], 1)
