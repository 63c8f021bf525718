"""Links that break at any byte, and programs that die at any moment: nothing acknowledged is lost, nothing is
applied twice, the next sync completes."""
import os
import random
import shutil
import signal
import subprocess
import threading
import time
import unittest

from wasl_world import MovedClock, WorldTest, binary, until

CUTS = 40     # places over a whole sync where the link breaks
KILLS = 12    # of each program


class TwoOffices(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.benin = self.world.office("benin", "benin")
        self.togo = self.world.office("togo", "togo")

    def agree(self):
        for office in (self.benin, self.togo, self.benin):
            self.assertIs(office.sync()["equal"], True)
        query = "SELECT id, title, reference FROM project WHERE space='network' ORDER BY id"
        self.assertEqual(self.benin.rows(query), self.togo.rows(query))
        for office in (self.benin, self.togo):
            self.assertEqual(office.ok("verify")["problems"], [])
            self.assertEqual(office.status()["unsent"], 0)


class Endurance(TwoOffices):
    def write(self, office, number):
        office.sql(("INSERT INTO project(id, space, title, reference) VALUES(?, 'network', ?, ?)",
                    (f"p{number}-{office.name}", f"Title {number} " + "x" * 300, f"R{number}")))

    def test_the_link_breaks_after_any_number_of_bytes(self):
        whole = None
        for number in range(3):  # how many bytes a whole sync of this size takes
            self.write(self.benin, f"probe{number}")
        url, relay = self.world.relay()
        self.assertEqual(self.benin.wasl("sync", "--url", url).code, 0)
        relay.terminate()
        tail = relay.stdout.read().decode().split()
        whole = int(tail[tail.index("up") + 1]) + int(tail[tail.index("down") + 1])
        broken = 0
        for number in range(CUTS):
            for k in range(3):
                self.write(self.benin, f"{number}-{k}")
            after = 1 + number * whole // CUTS
            url, relay = self.world.relay("--cut-after", after)
            cut = self.benin.wasl("sync", "--url", url)
            self.assertIn(cut.code, (0, 3, 4), cut.document)
            broken += cut.code != 0
            relay.terminate()
            relay.wait(10)
            again = self.benin.sync()
            self.assertIs(again["equal"], True)
            # What is sent again is bounded by what was in flight: the three change sets of this round.
            self.assertLessEqual(again["sent"]["change_sets"], 3)
        self.assertGreater(broken, CUTS // 2)
        self.agree()
        self.assertEqual(self.togo.value("SELECT count(*) FROM project"), 3 + 3 * CUTS)

    def test_the_office_is_killed_again_and_again(self):
        chance = random.Random(7)
        for number in range(KILLS):
            for k in range(20):
                self.write(self.benin, f"{number}-{k}")
            process = subprocess.Popen([binary("wasl"), "sync", "--data", str(self.benin.folder), "--url", self.world.url],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.random() * 0.12)
            process.kill()
            process.wait()
        self.agree()
        self.assertEqual(self.togo.value("SELECT count(*) FROM project"), 20 * KILLS)

    def test_the_hub_is_killed_again_and_again(self):
        chance = random.Random(11)
        for number in range(KILLS):
            for k in range(20):
                self.write(self.benin, f"{number}-{k}")
            killer = threading.Timer(chance.random() * 0.15, lambda: self.world.hub_process.send_signal(signal.SIGKILL))
            killer.start()
            answer = self.benin.wasl("sync", "--url", self.world.url)
            self.assertIn(answer.code, (0, 3, 4), answer.document)
            killer.join()
            self.world.hub_process.wait(10)
            self.world.start_hub()
            if answer.code == 0:  # acknowledged: the hub has it after its death
                self.assertEqual(self.benin.status()["unsent"], 0)
        self.agree()
        self.assertEqual(self.togo.value("SELECT count(*) FROM project"), 20 * KILLS)

    def test_what_was_reported_saved_survives_the_writers_death(self):
        saved = []
        for number in range(10):
            process = subprocess.Popen([binary("wasl"), "add", "project", "--data", str(self.benin.folder), "--json",
                                        "--space", "network", f"title=T{number}"], stdout=subprocess.PIPE)
            if number % 2:
                time.sleep(0.01 * number)
                process.kill()
            out = process.communicate(timeout=20)[0]
            if b'"id"' in out:
                saved.append(f"T{number}")
        titles = {row[0] for row in self.benin.rows("SELECT title FROM project")}
        self.assertLessEqual(set(saved), titles)
        self.agree()


class Clocks(TwoOffices):
    """A clock at 2099 or at 1970 costs no edit, moves nobody else, and is told in words."""

    def at(self, when, office, command, *arguments):
        clock = MovedClock(self.world.folder)
        clock.set("@" + when)
        return office.wasl(command, *arguments, env={**os.environ, **clock.environment})

    @unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
    def test_edits_at_wrong_times_are_kept_and_do_not_win_for_ever(self):
        self.benin.sql("INSERT INTO project(id, space, title) VALUES('p1', 'network', 'Water')")
        self.benin.sync()
        self.togo.sync()
        for when in ("2099-01-01 00:00:00", "1970-01-02 00:00:00"):
            self.assertEqual(self.at(when, self.benin, "set", "project", "p1", f"reference={when}").code, 0)
            answer = self.at(when, self.benin, "sync", "--url", self.world.url)
            self.assertEqual(answer.code, 0, answer.document)
            self.togo.sync()
            self.assertEqual(self.togo.value("SELECT reference FROM project"), when)
        self.assertTrue(any("clock" in notice for notice in self.at("2099-01-01 00:00:00", self.benin, "status")
                            .document.get("notices", []) + self.benin.status().get("notices", [])))
        self.togo.set("project", "p1", "reference=now")
        self.togo.sync()
        self.benin.sync()
        self.assertEqual(self.benin.value("SELECT reference FROM project"), "now")

    @unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
    def test_a_daemon_whose_clock_jumps_keeps_all_work_and_moves_nobody_else(self):
        clock = MovedClock(self.world.folder)
        daemons = [self.benin.daemon(env={**os.environ, **clock.environment}), self.togo.daemon()]
        for n, when in enumerate(("+0", "@2099-01-01 00:00:00", "@1970-01-02 00:00:00", "+0", "-3d", "+1d", "-1h")):
            clock.set(when)
            self.benin.sql(("INSERT INTO project(id, space, title) VALUES(?, 'network', ?)", (f"p{n}", when)))
            self.assertTrue(until(lambda: self.togo.value("SELECT title FROM project WHERE id = ?", f"p{n}") == when), when)
            self.togo.sql(("UPDATE project SET reference = ? WHERE id = ?", (f"seen {n}", f"p{n}")))
            self.assertTrue(until(lambda: self.benin.value("SELECT reference FROM project WHERE id = ?", f"p{n}") == f"seen {n}"),
                            when)
            (mine,) = [line for line in self.togo.ok("log", "project", f"p{n}")["history"] if line["organisation"] == "togo"]
            self.assertEqual(mine["time"][:10], time.strftime("%Y-%m-%d", time.gmtime()), "another's clock was moved")
            wrong = when != "+0"
            self.assertTrue(until(lambda: any("clock" in one for one in self.benin.status()["notices"]) == wrong), when)
            self.assertFalse(any("clock" in notice for notice in self.togo.status()["notices"]))
        self.end(daemons)
        self.agree()

    @unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
    def test_a_hub_whose_clock_is_set_back_while_it_serves_goes_on(self):
        clock = MovedClock(self.world.folder)
        self.world.stop_hub()
        self.world.start_hub(env={**os.environ, **clock.environment})
        daemons = [self.benin.daemon(), self.togo.daemon()]
        for n, when in enumerate(("+0", "-1h", "+20m", "-2d", "+0")):
            clock.set(when)
            self.benin.sql(("INSERT INTO project(id, space, title) VALUES(?, 'network', ?)", (f"p{n}", when)))
            self.assertTrue(until(lambda: self.togo.value("SELECT title FROM project WHERE id = ?", f"p{n}") == when), when)
            # The proof comes after a moment of quiet, whatever the clock says meanwhile.
            log = self.togo.folder / "daemon.log"
            self.assertTrue(until(lambda: log.read_text().splitlines()[-1].endswith("equal=true"), 5), when)
        self.assertEqual((self.togo.folder / "daemon.log").read_text().count("session.ended"), 0)
        self.end(daemons)
        self.agree()

    def end(self, daemons):
        for daemon in daemons:
            self.assertIsNone(daemon.poll())
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
