"""Several programs on one folder, and many offices at one hub, all at the same moment."""
import collections
import concurrent.futures
import shutil
import signal
import threading
import time
import unittest

from wasl_world import DEEP, Office, WorldTest, until

SYNCS = 2000 if DEEP else 150
OFFICES = 50


class Together(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()

    def test_syncs_beside_a_daemon_and_beside_each_other_all_end_with_the_proof(self):
        office, other = (self.world.office(name, "benin") for name in ("a", "b"))
        daemons = [office.daemon(), other.daemon()]
        over = threading.Event()

        def write():
            number = 0
            while not over.wait(0.05):
                number += 1
                for one in (office, other):
                    one.sql(("INSERT INTO project(title) VALUES(?)", (f"{one.name} {number}",)))

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            ended = collections.Counter()
            for answer in pool.map(lambda _: office.wasl("sync", "--url", self.world.url), range(SYNCS)):
                ended[(answer.code, answer.document.get("equal"), answer.error.get("message"))] += 1
        over.set()
        writer.join()
        print(dict(ended), end=" ... ", flush=True)
        self.assertEqual(set(ended), {(0, True, None)})
        for daemon in daemons:
            self.assertIsNone(daemon.poll())
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)
        self.assertNotIn("code=locked", (office.folder / "daemon.log").read_text())
        self.assert_whole(office, other)

    def test_a_copied_folder_that_goes_on_beside_the_first_loses_nothing(self):
        first, other = (self.world.office(name, "benin") for name in ("a", "b"))
        first.add("project", "title=Before")
        first.sync()
        copy = Office(self.world, "copy")
        shutil.copytree(first.folder, copy.folder)
        daemons = [office.daemon() for office in (first, copy, other)]
        for n in range(20):
            for office in (first, copy):
                office.sql(("INSERT INTO project(title) VALUES(?)", (f"{office.name} {n}",)))
            time.sleep(0.05)
        titles = {"Before"} | {f"{name} {n}" for name in ("a", "copy") for n in range(20)}
        for office in (other, first, copy):
            self.assertTrue(until(lambda: {row[0] for row in office.rows("SELECT title FROM project")} == titles, 30),
                            office.name)
        self.assertTrue(any("copied" in notice for office in (first, copy) for notice in office.status()["notices"]))
        for daemon in daemons:
            self.assertIsNone(daemon.poll())
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)
        self.assert_whole(first, copy, other)

    def test_fifty_offices_come_back_at_once_after_the_hub_was_killed(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            offices = list(pool.map(lambda n: self.world.office(f"o{n}", "benin"), range(OFFICES)))
        daemons = [office.daemon() for office in offices]
        log = self.world.folder / "hub.log"
        live = lambda: log.read_text().count("live=1")
        self.assertTrue(until(lambda: live() == OFFICES, 30))
        self.world.stop_hub(signal.SIGKILL)
        for n, office in enumerate(offices):
            office.sql(("INSERT INTO project(id, title) VALUES(?, 'Meanwhile')", (f"p{n}",)))
        time.sleep(2)
        before = live()
        self.world.start_hub()
        started = time.monotonic()
        self.assertTrue(until(lambda: live() - before >= OFFICES, 30))
        connected = time.monotonic() - started
        self.assertTrue(until(lambda: all(office.value("SELECT count(*) FROM project") == OFFICES for office in offices), 60))
        print(f"{OFFICES} offices: all connected after {connected:.1f} s, all equal after {time.monotonic() - started:.1f} s",
              end=" ... ", flush=True)
        self.assertLessEqual(connected, 15)
        for daemon in daemons:
            self.assertIsNone(daemon.poll())
            daemon.terminate()
        for daemon in daemons:
            self.assertEqual(daemon.wait(20), 0)
        self.assert_whole(*offices[:3])


if __name__ == "__main__":
    unittest.main()
