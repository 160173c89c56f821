    def test_sums_stay_in_range(self):
        values = [int(line) for line in self.run_cli("2d6+3", "--times", "200", "--quiet")[1].split()]
        self.assertTrue(all(5 <= value <= 15 for value in values))
        self.assertGreater(len(set(values)), 5)

    def test_the_same_seed_gives_the_same_rolls(self):
        self.assertEqual(self.run_cli("4d6kh3", "--seed", "7")[1], self.run_cli("4d6kh3", "--seed", "7")[1])

    def test_coins_and_picks(self):
        self.assertIn(self.run_cli("--coin")[1].strip(), ["heads", "tails"])
        self.assertIn(self.run_cli("--pick", "ana", "ben")[1].strip(), ["ana", "ben"])

    def test_what_is_no_roll(self):
        self.assertEqual(self.run_cli("two dice")[0], 1)
        self.assertEqual(self.run_cli("--times", "0")[0], 2)
