"""Disks that fill while an office or the hub writes: refused in words, nothing acknowledged is lost, and work goes on
by itself when there is space again."""
import os
import sqlite3
import subprocess
import time
import unittest

from wasl_world import WorldTest, until

SIZE = 8 * 1024 * 1024


class FullDisk(WorldTest):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("mounting a small disk needs root")
        super().setUp()

    def small_disk(self, folder):
        folder.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", folder], timeout=20).returncode:
            self.skipTest("no disk can be mounted here")
        # Before the world's own end, which removes the folder.
        self.addCleanup(lambda: subprocess.run(["umount", "--lazy", folder], timeout=20))

    @staticmethod
    def fill(folder, leave):
        space = os.statvfs(folder)
        with open(folder / "ballast", "ab") as ballast:
            ballast.write(bytes(max(0, space.f_bavail * space.f_frsize - leave)))

    def test_an_offices_disk_is_full_for_a_while(self):
        self.small_disk(self.world.folder / "a")
        self.world.two_associations()
        office, other = (self.world.office(name, "benin") for name in ("a", "b"))
        daemons = [office.daemon(), other.daemon()]
        self.assertTrue(until(lambda: office.status()["last_sync"]))
        self.fill(office.folder, 256 * 1024)
        saved, words = [], set()
        for n in range(400):
            try:
                office.sql(("INSERT INTO project(id, title, summary) VALUES(?, 'Water', ?)", (f"p{n}", os.urandom(700).hex())))
                saved.append(f"p{n}")
            except sqlite3.OperationalError as error:
                words.add(str(error))
        answer = office.wasl("add", "project", "title=No space", "summary=" + os.urandom(700).hex())
        self.assertEqual((answer.code, answer.error["code"]), (1, "storage_failed"), answer.document)
        self.assertRegex(answer.error["hint"], "free .*space")
        self.assertTrue(saved)
        self.assertEqual(words, {"database or disk is full"})
        # What comes from elsewhere finds no room either; nobody gives up.
        for n in range(50):
            other.sql(("INSERT INTO project(id, title, summary) VALUES(?, 'Water', ?)", (f"o{n}", os.urandom(700).hex())))
        time.sleep(3)
        self.assertIsNone(daemons[0].poll(), (office.folder / "daemon.log").read_text()[-2000:])
        (office.folder / "ballast").unlink()
        freed = time.monotonic()
        wanted = {*saved, *(f"o{n}" for n in range(50))}
        for one in (office, other):
            self.assertTrue(until(lambda: {row[0] for row in one.rows("SELECT id FROM project")} == wanted, 30), one.name)
        self.go_on(freed, daemons, office, other)

    def test_the_hubs_disk_is_full_for_a_while(self):
        self.small_disk(self.world.hub_folder)
        self.world.two_associations()
        office, other = (self.world.office(name, "benin") for name in ("a", "b"))
        daemons = [office.daemon(), other.daemon()]
        self.assertTrue(until(lambda: other.status()["last_sync"]))
        self.fill(self.world.hub_folder, 128 * 1024)
        for n in range(200):
            office.sql(("INSERT INTO project(id, title, summary) VALUES(?, 'Water', ?)", (f"p{n}", os.urandom(700).hex())))
            time.sleep(0.01)
        time.sleep(3)
        self.assertGreater(office.status()["unsent"], 0)
        self.fill(self.world.hub_folder, 0)
        self.assertIn("database or disk is full", (self.world.folder / "hub.log").read_text())
        answer = other.wasl("sync", "--url", self.world.url)
        if answer.code != 0:  # room inside the hub's files may still do for a session that brings nothing
            self.assertEqual((answer.code, answer.error["code"]), (3, "later"), answer.document)
            self.assertIn("hub", answer.error["message"])
            self.assertIn("nothing is lost", answer.error["hint"])
        self.assertIsNone(self.world.hub_process.poll())
        (self.world.hub_folder / "ballast").unlink()
        freed = time.monotonic()
        self.assertTrue(until(lambda: other.value("SELECT count(*) FROM project") == 200, 30))
        self.go_on(freed, daemons, office, other)

    def go_on(self, freed, daemons, *offices):
        print(f"all there {time.monotonic() - freed:.1f} s after there was space", end=" ... ", flush=True)
        for daemon in daemons:
            self.assertIsNone(daemon.poll(), [(office.folder / "daemon.log").read_text()[-2000:] for office in offices])
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)
        self.assert_whole(*offices)


if __name__ == "__main__":
    unittest.main()
