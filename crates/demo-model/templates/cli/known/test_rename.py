    def names(self):
        return sorted(os.listdir("."))

    def test_nothing_changes_without_apply(self):
        self.write("IMG_1.jpg", "x")
        code, out, _ = self.run_cli(".", "--replace", "IMG_", "sea-")
        self.assertEqual(code, 0)
        self.assertIn("IMG_1.jpg -> sea-1.jpg", out)
        self.assertEqual(self.names(), ["IMG_1.jpg"])

    def test_replace_and_number(self):
        self.write("b.txt", "x")
        self.write("a.txt", "x")
        self.assertEqual(self.run_cli(".", "--number", "page-", "--apply")[0], 0)
        self.assertEqual(self.names(), ["page-001.txt", "page-002.txt"])

    def test_the_date_taken_is_read_and_twins_are_kept_apart(self):
        self.write("x.jpg", "Exif 2024:05:17 10:20:30 ...")
        self.write("y.jpg", "Exif 2024:05:17 10:20:30 ...")
        self.assertEqual(self.run_cli(".", "--by-date", "--apply")[0], 0)
        self.assertEqual(self.names(), ["2024-05-17_10-20-30-2.jpg", "2024-05-17_10-20-30.jpg"])

    def test_no_rule_is_wrong_usage_and_no_folder_a_failure(self):
        self.assertEqual(self.run_cli(".")[0], 2)
        self.assertEqual(self.run_cli("nowhere", "--lower")[0], 1)
