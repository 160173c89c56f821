    def test_days_between(self):
        self.assertEqual(self.run_cli("diff", "2026-06-01", "2026-06-15")[1], "14 days (2.0 weeks, 10 workdays)\n")

    def test_spans_keep_to_the_month(self):
        self.assertEqual(self.run_cli("add", "2026-01-31", "1m")[1], "2026-02-28\n")
        self.assertEqual(self.run_cli("add", "2024-02-29", "1y")[1], "2025-02-28\n")
        self.assertEqual(self.run_cli("add", "2026-06-15", "2w")[1], "2026-06-29\n")

    def test_age_and_weekday(self):
        self.assertEqual(self.run_cli("age", "1990-05-17", "--on", "2026-05-16")[1], "35 years\n")
        self.assertEqual(self.run_cli("weekday", "2026-06-15")[1], "Monday\n")

    def test_what_is_wrong(self):
        self.assertEqual(self.run_cli("weekday", "15.6.")[0], 2)
        self.assertEqual(self.run_cli("add", "today", "soon")[0], 1)
        self.assertEqual(self.run_cli("age", "2026-05-17", "--on", "2020-01-01")[0], 1)
