    def test_csv_becomes_json_and_comes_back(self):
        self.write("a.csv", "name,age\nAna,31\n\"Lind, Chloe\",28\n")
        code, out, _ = self.run_cli("a.csv", "--types")
        self.assertEqual(code, 0)
        self.assertEqual(json.loads(out), [{"name": "Ana", "age": 31}, {"name": "Lind, Chloe", "age": 28}])
        self.write("a.json", out)
        self.assertEqual(self.run_cli("a.json")[1], "name,age\nAna,31\n\"Lind, Chloe\",28\n")

    def test_nested_objects_become_columns(self):
        self.write("a.json", '[{"a": {"b": 1}}, {"c": null}]')
        self.assertEqual(self.run_cli("a.json")[1], "a.b,c\n1,\n,\n")

    def test_a_short_line_and_bad_json_are_said(self):
        self.write("a.csv", "a,b\n1\n")
        code, _, err = self.run_cli("a.csv")
        self.assertEqual(code, 1)
        self.assertIn("line 2 has 1 cells", err)
        self.write("a.json", "{")
        self.assertEqual(self.run_cli("a.json")[0], 1)

    def test_a_missing_file_is_exit_code_1(self):
        self.assertEqual(self.run_cli("nothing.csv")[0], 1)
