"""Budgets and estimates with the real programs."""
import datetime
import subprocess
import time
import unittest

from wasl_world import WorldTest, binary, until


class BudgetTest(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.benin = self.world.office("benin", "benin")
        self.togo = self.world.office("togo", "togo")

    def write(self, office, count, size=200):
        """Text that does not compress away."""
        office.sql(*[("INSERT INTO project(space, reference, title) VALUES('section/africa', ?, ?)",
                      (f"P-{i}", "".join(f"{(i * 7919 + j * 104729) % 1000003:x}" for j in range(size // 5))))
                     for i in range(count)])

    def usage(self, office):
        return office.ok("budget")["used"]["day"]

    def test_an_estimate_says_what_a_sync_would_bring_and_does_nothing(self):
        self.write(self.benin, 300)
        self.benin.sync()
        self.write(self.togo, 5)
        before = self.togo.status()
        estimate = self.togo.ok("sync", "--estimate", "--url", self.world.url)
        self.assertEqual(estimate["send"]["change_sets"], self.togo.status()["unsent"])
        self.assertGreater(estimate["send"]["bytes"], 1000)
        africa = [one for one in estimate["receive"]["spaces"] if one["space"] == "section/africa"][0]
        self.assertGreater(africa["entries"], 0)
        self.assertFalse(estimate["speed_is_measured"])
        self.assertEqual(estimate["seconds"], estimate["bytes"] * 8 // 64000)
        self.assertIsNone(estimate["cost"])
        after = self.togo.status()
        self.assertEqual([after["unsent"], after["spaces"], after["last_sync"]],
                         [self.togo.status()["unsent"], before["spaces"], before["last_sync"]])
        self.togo.ok("budget", "--price", "0.05 USD")
        self.assertRegex(self.togo.ok("sync", "--estimate", "--url", self.world.url)["cost"], r"^0\.\d+ USD$")
        done = self.togo.sync()
        received = done["received"]["bytes"]
        self.assertLess(abs(estimate["receive"]["bytes"] - received), 0.3 * received + 1500,
                        (estimate["receive"]["bytes"], received))
        nothing = self.togo.ok("sync", "--estimate", "--url", self.world.url)
        self.assertEqual(nothing["receive"]["spaces"], [])
        self.assertEqual(nothing["send"]["change_sets"], 0)

    def test_a_budget_of_a_session_is_kept_and_everything_arrives_in_the_end(self):
        self.write(self.benin, 2000)
        self.benin.sync()
        self.togo.ok("budget", "--session", "100k/none")
        sessions = 0
        while True:
            answer = self.togo.wasl("sync", "--url", self.world.url)
            sessions += 1
            if answer.code == 0:
                break
            self.assertEqual(answer.error["code"], "later", answer.document)
            self.assertIn("budget", answer.error["message"])
            self.assertLess(sessions, 50)
        self.assertGreater(sessions, 1)
        self.assertEqual(self.togo.value("SELECT count(*) FROM project"), 2000)
        self.assertEqual(self.benin.fingerprint(), self.togo.fingerprint())

    def test_what_is_sent_is_bounded_too(self):
        self.write(self.benin, 2000)
        self.benin.ok("budget", "--session", "none/50k")
        first = self.benin.sync()
        self.assertTrue(first["kept_back"])
        self.assertGreater(first["unsent"], 0)
        self.assertLess(first["sent"]["bytes"], 120_000)
        for _ in range(40):
            if not self.benin.sync()["kept_back"]:
                break
        self.assertEqual(self.benin.status()["unsent"], 0)

    def test_a_day_is_counted_over_restarts_and_then_closed(self):
        used = self.usage(self.benin)
        self.benin.ok("budget", "--day", "20k")
        self.benin.sync()
        after = self.usage(self.benin)
        self.assertGreater(after["received"], used["received"])
        for _ in range(60):
            answer = self.benin.wasl("sync", "--url", self.world.url)
            if answer.code:
                break
        self.assertEqual(answer.error["code"], "later")
        self.assertIn("this day", answer.error["message"])
        self.assertIn("--over-budget", answer.error["hint"])
        status = self.benin.status()["link"]
        self.assertFalse(status["allowed"])
        self.assertIn("this day", status["why"])
        self.assertEqual(self.benin.wasl("sync", "--url", self.world.url, "--over-budget").code, 0)
        self.assertEqual(self.benin.wasl("budget", "--metered", "no").document["allowed"], True)
        self.benin.sync()

    def test_outside_the_hours_a_daemon_waits_and_goes_on_when_it_may(self):
        now = datetime.datetime.now()
        hour = lambda minutes: (now + datetime.timedelta(minutes=minutes)).strftime("%H:%M")
        self.benin.ok("budget", "--hours", f"{hour(120)}-{hour(180)}")
        log = self.world.folder / "daemon.log"
        with open(log, "wb") as out:
            daemon = subprocess.Popen([binary("wasl"), "daemon", "--data", str(self.benin.folder)],
                                      stdout=subprocess.DEVNULL, stderr=out)
        self.world.processes.append(daemon)
        self.assertTrue(until(lambda: "budget.pauses" in log.read_text(), 20), log.read_text())
        self.write(self.benin, 1)
        time.sleep(1)
        self.assertEqual(self.benin.status()["unsent"], 1)
        refused = self.benin.wasl("sync", "--url", self.world.url)
        self.assertIn("the hours for links are", refused.error["message"])
        self.benin.ok("budget", "--hours", "always")
        self.assertTrue(until(lambda: self.benin.status()["unsent"] == 0, 90), log.read_text())

    def test_bad_budgets_are_named(self):
        for option, value in (("--day", "much"), ("--hours", "8-9"), ("--price", "cheap")):
            answer = self.benin.wasl("budget", option, value)
            self.assertEqual(answer.error["code"], "invalid_value", answer.document)
        (self.benin.folder / "link-budget.json").write_text("{")
        broken = self.benin.wasl("sync", "--url", self.world.url)
        self.assertEqual(broken.error["code"], "invalid_value")
        self.assertIn("link-budget.json", broken.error["message"])
        self.benin.ok("budget", "--day", "none")
        self.benin.sync()


if __name__ == "__main__":
    unittest.main()
