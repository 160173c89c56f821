    def test_blocks(self):
        out = self.run_cli("--fragment", stdin="# A\n\nb **c** `d<`\n\n- e\n- f\n")[1]
        self.assertEqual(out, "<h1>A</h1>\n<p>b <strong>c</strong> <code>d&lt;</code></p>\n<ul>\n<li>e</li>\n<li>f</li>\n</ul>\n")

    def test_html_in_the_text_is_escaped(self):
        self.assertIn("&lt;script&gt;", self.run_cli("--fragment", stdin="<script>")[1])
        self.assertNotIn("javascript:", cli.convert("[x](javascript:alert)").replace("[x](javascript:alert)", ""))

    def test_a_page_takes_its_title_from_the_first_heading(self):
        self.write("a.md", "# Hello\n")
        self.assertEqual(self.run_cli("a.md", "-o", "a.html")[0], 0)
        self.assertIn("<title>Hello</title>", self.text("a.html"))

    def test_a_missing_file(self):
        self.assertEqual(self.run_cli("nothing.md")[0], 1)
