    DATA = '{"users": [{"name": "Ana", "tags": []}, {"name": "Ben"}], "n": 1}'

    def test_parts(self):
        self.assertEqual(self.run_cli("--get", "users[1].name", "--raw", stdin=self.DATA)[1], "Ben\n")
        self.assertEqual(self.run_cli("--get", "users[].name", "--raw", stdin=self.DATA)[1], "Ana\nBen\n")

    def test_forms(self):
        self.assertEqual(self.run_cli("--compact", stdin='{ "a": 1 }')[1], '{"a":1}\n')
        self.assertIn('users[0].name = "Ana"', self.run_cli("--flat", stdin=self.DATA)[1])
        self.assertEqual(self.run_cli("--keys", stdin=self.DATA)[1], "users\nn\n")

    def test_bad_json_says_where(self):
        code, _, err = self.run_cli("--check", stdin='{"a": }')
        self.assertEqual(code, 1)
        self.assertIn("line 1", err)

    def test_a_part_that_is_not_there(self):
        self.assertEqual(self.run_cli("--get", "users[7]", stdin=self.DATA)[0], 1)
        self.assertEqual(self.run_cli("--no-such")[0], 2)
