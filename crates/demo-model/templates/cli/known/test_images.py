    def save(self, path, data):
        with open(path, "wb") as file:
            file.write(data)

    def png(self, width, height):
        return b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big")

    def test_sizes_are_read(self):
        jpeg = b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc0\x00\x11\x08\x01\x00\x02\x00\x03" + bytes(12)
        self.assertEqual(cli.image_size(jpeg), ("JPEG", 512, 256))
        self.assertEqual(cli.image_size(b"GIF89a\x0a\x00\x05\x00"), ("GIF", 10, 5))
        self.save("a.png", self.png(1600, 900))
        code, out, _ = self.run_cli(".", "--json")
        self.assertEqual((code, json.loads(out)[0]["width"]), (0, 1600))

    def test_fit_keeps_the_shape_and_never_grows(self):
        self.assertEqual(cli.fitted(1600, 900, (800, None)), (800, 450))
        self.assertEqual(cli.fitted(100, 50, (800, 800)), (100, 50))
        self.save("a b.png", self.png(1600, 900))
        self.assertIn("magick './a b.png' -resize 800x450", self.run_cli(".", "--fit", "800x")[1])

    def test_what_is_wrong_is_said(self):
        self.assertEqual(self.run_cli("nowhere")[0], 1)
        self.assertEqual(self.run_cli("--fit", "big")[0], 2)
        self.save("bad.png", b"no picture")
        code, _, err = self.run_cli("bad.png")
        self.assertEqual((code, "not an image" in err), (1, True))
