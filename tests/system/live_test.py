"""A link that is held open: what it costs while nothing happens, and how a commit reaches those who hold one."""
import subprocess
import time
import unittest

from lines import Lines
from wasl_world import World, WorldTest, until

DELAY_MS = 400  # one way; a round trip takes twice as long
IDLE_SECONDS = 42  # two heartbeats and no fewer
MOST_IDLE_BYTES = 2_000  # a minute, both ways, with TCP and IP


class Live(WorldTest):
    def setUp(self):
        self.lines = Lines()
        self.addCleanup(self.lines.close)
        self.hub_line = self.lines.line("hub")
        self.world = World(self.hub_line.address, self.hub_line.within)
        self.addCleanup(self.world.close)
        self.world.two_associations()

    def test_a_held_link_is_cheap_and_a_commit_needs_no_asking(self):
        self.line = self.lines.line("field", ["--rate", 64_000, "--delay", DELAY_MS])
        field = self.world.office("field", "benin", within=self.line.within)
        office = self.world.office("office", "benin", within=self.hub_line.within)
        project = office.add("project", "title.en=Well")
        self.sync_all(office, field)
        daemons = [field.daemon(), office.daemon()]
        for round_number in range(2):  # the first finds both in touch
            office.sql(("UPDATE project SET reference = ? WHERE id = ?", (str(round_number), project)))
            started = time.monotonic()
            self.assertTrue(until(lambda: field.value("SELECT reference FROM project") == str(round_number), 60, 0.02))
            took = time.monotonic() - started
        print(f"a commit reaches the far office after {took:.2f} s, a round trip takes {2 * DELAY_MS / 1000} s;", end=" ")
        time.sleep(5)  # verdicts and proofs of this are no heartbeat
        before, packets = self.carried("bytes"), self.carried("packets")
        time.sleep(IDLE_SECONDS)
        idle = (self.carried("bytes") - before) * 60 // IDLE_SECONDS
        print(f"idle: {idle} bytes a minute in {self.carried('packets') - packets} packets", end=" ... ", flush=True)
        self.assertGreater(idle, 0, "no heartbeat: a line that is broken would not be noticed")
        self.assertLessEqual(idle, MOST_IDLE_BYTES)
        for daemon in daemons:
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)
        self.assert_whole(office, field)

    def carried(self, what):
        """Both ways, at the field's end of its line."""
        return sum(int(subprocess.run([*self.line.within, "cat", f"/sys/class/net/line/statistics/{way}_{what}"],
                                      check=True, capture_output=True, timeout=20).stdout) for way in ("rx", "tx"))


if __name__ == "__main__":
    unittest.main()
