    def test_a_game_is_won(self):
        guesses, said = iter(["50", "what", "25", "30"]), []
        self.assertTrue(cli.play(30, 1, 100, 5, lambda _: next(guesses), said.append))
        self.assertEqual(said[1:], ["Lower.", "Type a whole number, or q to stop.", "Higher.", "Yes! You needed 3 tries."])

    def test_a_game_is_lost(self):
        self.assertFalse(cli.play(30, 1, 100, 2, lambda _: "1", lambda _: None))

    def test_the_end_of_input_ends_the_game(self):
        self.assertEqual(self.run_cli(stdin="")[0], 1)

    def test_wrong_usage(self):
        self.assertEqual(self.run_cli("--min", "9", "--max", "3")[0], 2)
