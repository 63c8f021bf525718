"""A snapshot in the place of entries: far fewer bytes than the log, resumable, and everything goes on from there."""
import random
import subprocess
import threading
import time
import unittest

from wasl_world import WorldTest, binary

RECORDS = 600
EDITS = 10  # superseded ones of each


class Snapshots(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.writer = self.world.office("writer", "benin", "publisher")
        self.dice = random.Random(7)
        # A join ends with a sync: these have done that before there was anything.
        self.new, self.other = (self.world.office(name, "togo", "publisher") for name in ("new", "other"))
        dice = random.Random(5)

        def title():
            return "".join(dice.choice("abcdefghijklmnopqrstuvwxyz ") for _ in range(30)).strip() or "x"

        for edit in range(EDITS):
            words = "INSERT INTO project(title, id, space) VALUES(?, ?, 'section/africa')" if edit == 0 \
                else "UPDATE project SET title = ? WHERE id = ?"
            self.writer.sql(*((words, (title(), f"p{i:04}")) for i in range(RECORDS)))
            self.assertIs(self.writer.sync()["equal"], True)

    def build(self):
        built = self.world.hub("snapshot")["snapshots"]
        return {one["space"]: one for one in built}["section/africa"]

    def begun(self, office):
        return {one["space"]: one["proved_from"] for one in office.status()["spaces"]}.get("section/africa", 1) - 1

    def test_a_new_office_takes_far_fewer_bytes_is_cut_and_goes_on(self):
        by_log = self.other
        whole = by_log.sync()
        self.assertIs(whole["equal"], True)
        self.assertEqual(self.begun(by_log), 0)

        # The hub goes on serving while it is built, also by a program beside it.
        built = self.build()
        self.assertGreater(built["log_bytes"], 4 * built["bytes"])
        self.assertEqual(self.world.hub("snapshot")["snapshots"], [], "nothing has grown")

        office = self.new
        estimate = office.ok("sync", "--url", self.world.url, "--estimate")
        self.assertLess(estimate["receive"]["bytes"] * 3, whole["received"]["bytes"])
        cut, bytes_in = 0, 0
        for _ in range(3):
            after = 3_000 + built["bytes"] // 4  # the upgrade, the offer, and some pieces
            url, relay = self.world.relay("--cut-after-down", after, "--once")
            answer = office.wasl("sync", "--url", url)
            cut += answer.code == 3
            bytes_in += after
            relay.wait(10)
            self.assertEqual(self.begun(office) if office.status()["spaces"] else 0, 0)
        self.assertEqual(cut, 3)
        # What is not here yet is said wherever it is missing.
        partial = {one["space"]: one.get("partial") for one in office.status()["spaces"]}["section/africa"]
        self.assertGreater(partial["here"], 0)
        self.assertGreater(partial["pieces"], partial["here"])
        self.assertGreater(partial["bytes_to_come"], 0)
        listed = office.ok("list", "project")
        self.assertEqual((listed["records"], listed["partial"]["section/africa"]), ([], partial))
        self.assertEqual(office.ok("search", "water")["partial"]["section/africa"], partial)
        rest = office.sync()
        self.assertIs(rest["equal"], True)
        self.assertNotIn("partial", office.ok("list", "project"))
        self.assertEqual(self.begun(office), built["position"])
        print(f"log {whole['received']['bytes']} bytes, snapshot at most {bytes_in + rest['received']['bytes']} with three cuts", end=" ")
        self.assertLess(rest["received"]["bytes"], built["bytes"], "what had come was not sent again")
        self.assertLess((bytes_in + rest["received"]["bytes"]) * 2, whole["received"]["bytes"])
        self.assertEqual(office.fingerprint(), by_log.fingerprint())

        # Where proof begins is said, and everything is still checked.
        report = office.ok("verify")
        self.assertEqual(report["problems"], [])
        self.assertTrue(any("vouched for" in words for words in report["statements"]), report["statements"])
        log = office.ok("log", "project")
        self.assertEqual(log["begins"], {"section/africa": built["position"] + 1})
        self.assertEqual(office.wasl("receipt", "project", "p0001", "--out", self.world.folder / "r").error["code"],
                         "not_found")

        # It works on: edits, a conflict with a value from before, a delete.
        office.set("project", "p0001", "title=of the new one")
        by_log.set("project", "p0001", "title=of the other")
        office.sql("DELETE FROM project WHERE id = 'p0002'")
        self.writer.set("project", "p0003", "reference=W-1")
        self.sync_all(office, by_log, self.writer, rounds=3)
        for one in (office, by_log, self.writer):
            self.assertEqual([c["id"] for c in one.conflicts()], ["p0001"])
            self.assertIsNone(one.value("SELECT id FROM project WHERE id = 'p0002'"))
            self.assertEqual(one.value("SELECT reference FROM project WHERE id = 'p0003'"), "W-1")
        self.assertEqual(office.fingerprint(), by_log.fingerprint())
        self.assertEqual(office.ok("verify")["problems"], [])
        self.assertEqual(office.ok("repair")["repaired"], [])

        # And the history before can be had later.
        fetched = office.ok("verify", "--fetch-history", "--url", self.world.url)
        self.assertEqual(fetched["problems"], [])
        self.assertEqual(self.begun(office), 0)
        self.assertIs(office.sync()["equal"], True)
        self.assertEqual(office.fingerprint(), by_log.fingerprint())

    def test_it_is_killed_at_any_moment(self):
        self.build()
        office = self.new
        dice = random.Random(3)
        for _ in range(25):
            process = subprocess.Popen([binary("wasl"), "sync", "--data", str(office.folder), "--url", self.world.url],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(dice.uniform(0, 0.25))
            process.kill()
            process.wait()
        self.assertIs(office.sync()["equal"], True)
        joined = self.world.office("joined", "togo")
        self.assertEqual(office.fingerprint(), joined.fingerprint())
        for one in (office, joined):
            self.assertGreater(self.begun(one), 0)
            self.assertEqual(one.ok("verify")["problems"], [])

    def rewrite(self, records, times):
        """The same few records, over and over: most of the backlog is superseded."""
        for _ in range(times):
            self.writer.sql(*(("UPDATE project SET title = ? WHERE id = ?",
                               ("".join(self.dice.choice("abcdefghijklmnop ") for _ in range(30)).strip() or "x", f"p{i:04}"))
                              for i in range(records)))
            self.assertIs(self.writer.sync()["equal"], True)

    def test_an_office_that_was_away_fetches_what_differs(self):
        away, twin, by_log = self.other, self.new, self.world.office("log", "togo", "publisher")
        self.assertIs(away.sync()["equal"], True)
        self.assertIs(twin.sync()["equal"], True)
        fetched = by_log.ok("verify", "--fetch-history", "--url", self.world.url)
        self.assertEqual(fetched["problems"], [])
        # What waits here, and what was accepted without this office's hearing of it, are kept and settled.
        away.set("project", "p0300", "reference=unsent")
        self.rewrite(40, 40)
        built = self.build()

        url, relay = self.world.relay("--cut-after-down", 3_000, "--once")
        cut = away.wasl("sync", "--url", url)
        relay.wait(10)
        self.assertEqual((cut.code, self.begun(away)), (3, 0))
        away.ok("verify")
        answer = away.sync()
        self.assertIs(answer["equal"], True)
        self.assertEqual(self.begun(away), built["position"])
        self.assertEqual(away.status()["unsent"], 0)
        # Killed at any moment, it goes on.
        for _ in range(20):
            process = subprocess.Popen([binary("wasl"), "sync", "--data", str(twin.folder), "--url", self.world.url],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.dice.uniform(0, 0.2))
            process.kill()
            process.wait()
        self.assertIs(twin.sync()["equal"], True)
        self.assertGreater(self.begun(twin), 0)
        # Who asked for the history once goes on with it, and pays for it.
        log = by_log.sync()
        self.assertIs(log["equal"], True)
        print(f"backlog {log['received']['bytes']} bytes, what differs {3_000 + answer['received']['bytes']} with a cut", end=" ")
        self.assertLess((3_000 + answer["received"]["bytes"]) * 2, log["received"]["bytes"])
        self.sync_all(away, twin, by_log, self.writer)
        for one in (away, twin, by_log):
            self.assertEqual(one.fingerprint(), self.writer.fingerprint())
            self.assertEqual(one.ok("verify")["problems"], [])
        self.assertEqual(by_log.value("SELECT reference FROM project WHERE id = 'p0300'"), "unsent")

        # Damage in what it now stands on is mended by the same pieces.
        away.sql(("UPDATE _wasl_piece SET data = zeroblob(length(data)) WHERE rowid = (SELECT min(rowid) FROM _wasl_piece)",))
        self.assertNotEqual(away.wasl("verify").code, 0)
        self.assertIn("fetched again", away.wasl("repair").error["hint"])
        mended = away.sync()
        self.assertIs(mended["equal"], True)
        self.assertLess(mended["received"]["bytes"], built["bytes"])
        self.assertEqual(away.ok("verify")["problems"], [])
        self.assertEqual(away.fingerprint(), self.writer.fingerprint())

    def test_a_new_office_begins_from_a_stick(self):
        built = self.build()
        self.writer.set("project", "p0001", "reference=behind")  # in the tail
        self.assertIs(self.writer.sync()["equal"], True)
        whole, stick = self.world.folder / "whole.wasl", self.world.folder / "stick.wasl"
        log = self.world.hub("bundle", "export", whole, "--all")["files"]
        written = self.world.hub("bundle", "export", stick, "--all", "--snapshot")
        self.assertIn(built["position"], [range.get("snapshot") for range in written["entries"]])
        self.assertLess(written["files"][0]["bytes"] * 2, log[0]["bytes"])
        damaged = self.world.folder / "damaged.wasl"
        bytes_of = bytearray(stick.read_bytes())
        bytes_of[len(bytes_of) // 2] ^= 1
        damaged.write_bytes(bytes_of)
        self.new.wasl("bundle import", damaged)
        self.assertEqual(self.begun(self.new), 0, "a piece is missing")
        self.new.wasl("bundle import", stick)
        self.assertEqual(self.begun(self.new), built["position"])
        self.assertEqual(self.new.value("SELECT reference FROM project WHERE id = 'p0001'"), "behind")
        self.assertEqual(self.new.ok("verify")["problems"], [])
        self.new.wasl("bundle import", stick)  # twice
        self.new.wasl("bundle import", whole)  # and what it holds the outcome of
        self.new.set("project", "p0002", "reference=by the new one")
        self.sync_all(self.new, self.other, self.writer)
        self.assertEqual(self.new.fingerprint(), self.other.fingerprint())
        self.assertEqual(self.new.ok("verify")["problems"], [])

    def test_the_hub_builds_by_itself_and_takes_work_meanwhile(self):
        first = self.build()
        took = []

        def write():
            for i in range(30):
                begun = time.monotonic()
                self.writer.set("project", f"p{i:04}", f"reference=R-{i}")
                self.assertIs(self.writer.sync()["equal"], True)
                took.append(time.monotonic() - begun)

        thread = threading.Thread(target=write)
        thread.start()
        newest = first
        while thread.is_alive():
            for one in self.world.hub("snapshot")["snapshots"]:
                if one["space"] == "section/africa":
                    newest = one
        thread.join()
        self.assertEqual(len(took), 30, "a sync failed while a snapshot was built")
        self.assertLess(newest["new_pieces"], newest["pieces"], "unchanged pieces keep their names")
        self.assertGreater(newest["position"], first["position"])
        office = self.new
        self.assertIs(office.sync()["equal"], True)
        self.assertGreaterEqual(self.begun(office), newest["position"])
        self.assertEqual(office.value("SELECT reference FROM project WHERE id = 'p0029'"), "R-29")
        self.assertEqual(office.ok("verify")["problems"], [])


if __name__ == "__main__":
    unittest.main()
