"""Links cut at any byte and programs killed at any moment (behaviours 3 and 4)."""
import random
import signal
import subprocess
import time
import unittest

from wasl_world import Office, WorldTest, binary


class Cuts(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.a = self.world.office("a", "benin")
        self.b = self.world.office("b", "benin")

    def check_equal(self, count):
        for office in (self.a, self.b, self.a):
            self.assertIs(office.sync()["equal"], True)
        rows = [o.rows("SELECT id, title FROM project ORDER BY id") for o in (self.a, self.b)]
        self.assertEqual(rows[0], rows[1])
        self.assertEqual(len(rows[0]), count)
        for office in (self.a, self.b):
            report = office.ok("verify")
            self.assertEqual(report["problems"], [])
            self.assertEqual(office.status()["unsent"], 0)
        history = self.a.ok("log", "project")["history"]
        created = [line["id"] for line in history if line["what"] == "created"]
        self.assertEqual(len(created), len(set(created)), "a record was created twice")

    def test_a_link_cut_after_any_number_of_bytes(self):
        made = 0
        cuts = 0
        for cut in list(range(0, 1200, 150)) + list(range(1200, 5200, 400)):
            self.a.add("project", f"title=A{cut}")
            self.b.add("project", f"title=B{cut}")
            made += 2
            for office in (self.a, self.b):
                url, relay = self.world.relay("--cut-after", cut, "--once")
                answer = office.wasl("sync", "--url", url)
                self.assertIn(answer.code, (0, 3), answer.document)
                cuts += answer.code == 3
                relay.wait(10)
        self.assertGreater(cuts, 10)
        self.check_equal(made)

    def test_programs_killed_at_any_moment_of_a_sync(self):
        dice = random.Random(7)
        made = 0
        for round in range(25):
            self.a.add("project", f"title=A{round}")
            self.b.add("project", f"title=B{round}")
            made += 2
            for office in (self.a, self.b):
                process = subprocess.Popen(
                    [binary("wasl"), "sync", "--data", str(office.folder), "--url", self.world.url],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(dice.uniform(0, 0.06))
                process.kill()
                process.wait()
            if round % 5 == 4:
                self.world.stop_hub(signal.SIGKILL)
                self.world.start_hub()
        self.check_equal(made)

    def test_joining_killed_at_any_moment_is_finished_by_the_same_command(self):
        dice = random.Random(11)
        for attempt in range(6):
            invitation = self.world.invite("togo")
            office = Office(self.world, f"togo{attempt}")
            for _ in range(3):
                process = subprocess.Popen([binary("wasl"), "join", "--data", str(office.folder), invitation],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(dice.uniform(0, 0.12))
                process.kill()
                process.wait()
            office.join(invitation)
            self.assertIs(office.sync()["equal"], True)


if __name__ == "__main__":
    unittest.main()
