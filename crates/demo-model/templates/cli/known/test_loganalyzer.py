    LOG = ("2026-06-15 09:30:01 INFO started\n2026-06-15 09:31:00 ERROR cannot open file 17\n"
           "2026-06-15 10:00:00 WARNING slow\n2026-06-15 10:02:00 ERROR cannot open file 18\n")

    def test_levels_hours_and_equal_errors(self):
        self.write("app.log", self.LOG)
        code, out, _ = self.run_cli("app.log", "--json")
        found = json.loads(out)
        self.assertEqual(code, 0)
        self.assertEqual(found["levels"], {"ERROR": 2, "INFO": 1, "WARN": 1})
        self.assertEqual(found["messages"], {"cannot open file #": 2})
        self.assertEqual(found["hours"], {"09": 2, "10": 2})

    def test_access_logs(self):
        line = '10.0.0.1 - - [15/Jun/2026:09:30:00 +0000] "GET /a?x=1 HTTP/1.1" 404 120\n'
        found = json.loads(self.run_cli("--json", stdin=line * 2)[1])
        self.assertEqual((found["status"], found["paths"], found["bytes"]), ({"404": 2}, {"/a": 2}, 240))

    def test_one_level(self):
        self.assertEqual(len(self.run_cli("--level", "error", stdin=self.LOG)[1].splitlines()), 2)

    def test_a_missing_file_and_a_bad_pattern(self):
        self.assertEqual(self.run_cli("nothing.log")[0], 1)
        self.assertEqual(self.run_cli("--grep", "(", stdin="")[0], 2)
