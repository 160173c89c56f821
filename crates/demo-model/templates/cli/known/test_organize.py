    def test_files_go_where_they_belong(self):
        for name in ["a.jpg", "b.PDF", "c.zip", "d"]:
            self.write(name, "x")
        self.assertEqual(self.run_cli(".", "--apply")[0], 0)
        self.assertEqual(sorted(os.listdir(".")), ["archives", "documents", "images", "other"])
        self.assertTrue(os.path.exists("images/a.jpg"))

    def test_nothing_moves_without_apply(self):
        self.write("a.jpg", "x")
        self.assertIn("a.jpg -> images", self.run_cli(".")[1])
        self.assertEqual(os.listdir("."), ["a.jpg"])

    def test_a_name_that_is_taken_is_kept_apart(self):
        self.write("a.jpg", "new")
        self.write("images/a.jpg", "old")
        self.run_cli(".", "--apply")
        self.assertEqual(sorted(os.listdir("images")), ["a-2.jpg", "a.jpg"])

    def test_wrong_use(self):
        self.assertEqual(self.run_cli("nowhere")[0], 1)
        self.assertEqual(self.run_cli(".", "--by", "mood")[0], 2)
