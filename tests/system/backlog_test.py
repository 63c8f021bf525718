"""A backlog goes through a stream, both ways and over either carrier: it is shorter than the same entries in frames that
stand alone, which a bundle holds."""
import unittest

from wasl_world import WorldTest, seeded

RECORDS = 6000
WORDS = ("water road school bridge council market clinic training budget network climate housing waste energy transport "
         "women youth report harvest village district river street factory rain").split()


class Backlog(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.writer = self.world.office("writer", "benin")
        self.readers = [self.world.office(f"reader{n}", "togo") for n in range(3)]

    def write(self):
        dice = seeded()

        def text(words):
            return " ".join(dice.choice(WORDS) for _ in range(words)) + f" {dice.getrandbits(30)}"

        self.writer.sql(*(("INSERT INTO project(space, title, reference, status, summary) VALUES('section/africa', ?, ?, ?, ?)",
                           (text(5), f"{n}-{dice.getrandbits(24):x}", dice.choice(("pipeline", "closed")), text(25)))
                          for n in range(RECORDS)))

    def test_it_is_shorter_than_frames_alone(self):
        self.write()
        up = self.writer.sync()
        self.assertIs(up["equal"], True)
        self.world.stop_hub()
        stick = self.world.folder / "alone"
        self.world.hub("bundle", "export", str(stick), "--device", self.readers[0].status()["device"])
        alone = stick.stat().st_size
        self.world.start_hub()
        down = self.readers[0].sync()
        self.assertIs(down["equal"], True)
        posts = self.readers[1].wasl("sync", "--url", self.world.url.replace("ws://", "http://"))
        self.assertEqual((posts.code, posts["equal"]), (0, True), posts.document)
        self.readers[2].ok("budget", "--month", "100M", "--price", "0.05 USD")
        thin = self.readers[2].sync()
        self.assertIs(thin["equal"], True)
        sizes = {"up": up["sent"]["bytes"], "down": down["received"]["bytes"], "by POSTs": posts["received"]["bytes"],
                 "where bytes are dear": thin["received"]["bytes"]}
        print(f"{RECORDS} records, alone {alone} bytes,", ", ".join(f"{name} {size}" for name, size in sizes.items()),
              end=" ... ", flush=True)
        for name in ("up", "down", "by POSTs"):
            self.assertLess(sizes[name], 0.97 * alone, name)
        self.assertLess(sizes["where bytes are dear"], 0.97 * sizes["down"])
        for reader in self.readers:
            self.assertEqual(reader.value("SELECT count(*) FROM project"), RECORDS)
        self.assert_whole(*self.readers)


if __name__ == "__main__":
    unittest.main()
