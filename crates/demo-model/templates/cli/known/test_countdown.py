    def test_times(self):
        for text, seconds in [("90", 90), ("1:30", 90), ("25m", 1500), ("1h30m", 5400), ("45s", 45), ("1:00:00", 3600)]:
            self.assertEqual(cli.parse_time(text), seconds, text)

    def test_it_counts_to_the_end(self):
        now = [0.0]

        def sleep(seconds):
            now[0] += seconds

        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = cli.main(["3s", "--quiet", "--label", "tea"], clock=lambda: now[0], sleep=sleep)
        self.assertEqual((code, now[0]), (0, 3.0))
        self.assertIn("tea: time is up", out.getvalue())

    def test_pomodoro_has_breaks_between_the_rounds(self):
        self.assertEqual(self.run_cli("--pomodoro", "--rounds", "2", "--plan")[1], "25:00  focus 1 of 2\n05:00  break\n25:00  focus 2 of 2\n")

    def test_wrong_times(self):
        for text in ["soon", "0", "25h"]:
            self.assertEqual(self.run_cli(text)[0], 2, text)
