"""Programs that stand still for a while, as on a machine that sleeps or swaps, and then go on."""
import signal
import time
import unittest

from wasl_world import WorldTest, until


class Stopped(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.offices = [self.world.office(name, "benin") for name in ("a", "b")]
        self.daemons = [office.daemon() for office in self.offices]
        for office in self.offices:
            self.assertTrue(until(lambda: office.status()["last_sync"]))

    def go_on_and_check(self, count, since):
        for office in self.offices:
            self.assertTrue(until(lambda: office.value("SELECT count(*) FROM project") == count, 30), office.name)
        print(f"equal {time.monotonic() - since:.1f} s after going on", end=" ... ", flush=True)
        for daemon in self.daemons:
            self.assertIsNone(daemon.poll())
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)
        self.assert_whole(*self.offices)

    def write(self, count):
        for n in range(count):
            for office in self.offices:
                office.sql(("INSERT INTO project(title) VALUES(?)", (f"{office.name} {n}",)))
            time.sleep(0.05)

    def test_a_daemon_stands_still_while_others_write(self):
        self.daemons[0].send_signal(signal.SIGSTOP)
        self.write(60)
        self.daemons[0].send_signal(signal.SIGCONT)
        self.go_on_and_check(120, time.monotonic())

    def test_the_hub_stands_still(self):
        hub = self.world.hub_process
        hub.send_signal(signal.SIGSTOP)
        self.addCleanup(hub.send_signal, signal.SIGCONT)
        self.write(20)
        answer = self.offices[0].wasl("sync", "--url", self.world.url)
        self.assertEqual((answer.code, answer.error["code"]), (3, "no_link"), answer.document)
        self.assertIn("did not answer within 30 s", answer.error["message"])
        hub.send_signal(signal.SIGCONT)
        self.go_on_and_check(40, time.monotonic())


if __name__ == "__main__":
    unittest.main()
