"""Work over a telephone line of the second generation: thin, slow and losing packets."""
import time
import unittest

from lines import Lines
from wasl_world import DEEP, World, WorldTest, seeded, until

EDITS = 1000


class ThinLine(WorldTest):
    def setUp(self):
        self.lines = Lines()
        self.addCleanup(self.lines.close)
        self.hub_line = self.lines.line("hub")
        self.world = World(self.hub_line.address, self.hub_line.within)
        self.addCleanup(self.world.close)
        self.world.two_associations()

    def test_a_thousand_small_edits_over_a_thin_line_that_loses_packets(self):
        dice = seeded()
        line = self.lines.line("field", ["--rate", 45_000, "--delay", 300, "--loss", 0.05, "--seed", dice.getrandbits(30)])
        field = self.world.office("field", "benin", within=line.within)
        self.assertIs(field.sync()["equal"], True)
        field.sql(*(("INSERT INTO project(title, reference) VALUES(?, ?)", (f"Well {dice.getrandbits(40):x}", n))
                    for n in range(EDITS)))  # words that no compression foresees
        started = time.monotonic()
        answer = field.wasl("sync", "--url", self.world.url, timeout=300)
        took = time.monotonic() - started
        self.assertEqual((answer.code, answer.document.get("equal")), (0, True), answer.document)
        print(f"{EDITS} edits in {took:.0f} s, {answer['sent']['change_sets']} change sets, {answer['sent']['bytes']} bytes up, {answer['received']['bytes']} down,",
              f"{answer['round_trips']} round trips", end="; ", flush=True)
        office = self.world.office("office", "benin", within=self.hub_line.within)
        self.assertEqual(office.value("SELECT count(*) FROM project"), EDITS)
        self.edits_of_a_daemon(field, office)

    def edits_of_a_daemon(self, field, office):
        daemons = [field.daemon(), office.daemon()]
        waits = []
        for n in range(20 if DEEP else 5):
            field.sql(("UPDATE project SET website = ? WHERE reference = ?", (f"https://{n}.example", n)))
            started = time.monotonic()
            self.assertTrue(until(lambda: office.value("SELECT website FROM project WHERE reference = ?", n), 60))
            waits.append(time.monotonic() - started)
        print(f"then one edit a time arrived after {', '.join(f'{wait:.1f}' for wait in waits)} s", end=" ... ", flush=True)
        for daemon in daemons:
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)
        self.assert_whole(office, field)


if __name__ == "__main__":
    unittest.main()
