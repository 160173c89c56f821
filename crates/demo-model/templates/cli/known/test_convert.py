    def test_units(self):
        self.assertEqual(self.run_cli("10", "km", "mi")[1], "10 km = 6.213712 mi\n")
        self.assertEqual(self.run_cli("212", "fahrenheit", "to", "celsius")[1], "212 F = 100 C\n")
        self.assertEqual(self.run_cli("2", "pounds", "kg", "--digits", "3")[1], "2 lb = 0.907 kg\n")

    def test_values_below_zero(self):
        self.assertEqual(self.run_cli("-40", "C", "F")[1], "-40 C = -40 F\n")

    def test_what_does_not_fit(self):
        self.assertEqual(self.run_cli("1", "kg", "m")[0], 1)
        self.assertEqual(self.run_cli("1", "parsec", "m")[0], 1)
        self.assertEqual(self.run_cli("-300", "C", "F")[0], 1)

    def test_wrong_usage(self):
        self.assertEqual(self.run_cli("ten", "km", "mi")[0], 2)
        self.assertEqual(self.run_cli("10", "km")[0], 2)
        self.assertEqual(self.run_cli("--list")[0], 0)
