"""An office is away for longer than the hub waits: old values have gone, and neither side's work is lost."""
import os
import shutil
import unittest

from postgres_server import PostgresTest
from wasl_world import MovedClocks, WorldTest, binary, run_json

RECORDS = 200
EDITS = 6  # superseded ones of each


@unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
class Absence(MovedClocks, WorldTest):
    def setUp(self):
        super().setUp()
        self.move_clocks()
        # When the hub does it by itself is its own affair: here it is told to.
        os.environ.update({"WASL_HUB_SNAPSHOT_MINUTES": "0", "WASL_HUB_COMPACT_HOURS": "0"})
        self.world.two_associations()
        self.writer = self.world.office("writer", "benin", "publisher")
        self.home, self.away = (self.world.office(name, "togo", "publisher") for name in ("home", "away"))
        for edit in range(EDITS):
            words = "INSERT INTO project(title, id, space) VALUES(?, ?, 'section/africa')" if edit == 0 \
                else "UPDATE project SET title = ? WHERE id = ?"
            self.writer.sql(*((words, (f"Water {i * 7919 + edit * 104729} for the village", f"p{i:04}"))
                              for i in range(RECORDS)))
            self.assertIs(self.writer.sync()["equal"], True)
        self.sync_all(self.home, self.away)

    def africa(self, answer):
        return {one["space"]: one for one in answer["spaces"]}["section/africa"]

    def compact(self, *options):
        return self.africa(self.world.hub("compact", *options))

    def lease(self, office):
        keys = {one["key"]: one for one in self.world.hub("status")["devices"]}
        return keys[office.status()["device"][:12]]["lease"]

    def part(self):
        """The one that leaves works on without a link; the others go on with theirs."""
        self.away.set("project", "p0002", "title=of the one that was away")
        self.away.set("project", "p0001", "reference=A-1")  # which the others delete
        self.away.sql("INSERT INTO project(title, id, space) VALUES('new one', 'q1', 'section/africa')",
                      "DELETE FROM project WHERE id = 'p0003'")
        self.writer.sql("DELETE FROM project WHERE id = 'p0001'", "DELETE FROM project WHERE id = 'p0004'")
        self.writer.set("project", "p0002", "title=of the writer")
        self.writer.set("project", "p0005", "reference=W-5")
        self.sync_all(self.writer, self.home)
        self.world.hub("snapshot")

    def long_after(self):
        """Others have synced, the hub has waited long enough, and what it kept for the one that is away has gone."""
        self.set_clock("+100d")
        self.sync_all(self.writer, self.home)
        waiting = self.compact("--dry-run")
        self.assertEqual(waiting["goes"], 0)
        self.assertEqual(waiting["held_by"], [self.away.status()["device"][:12]])
        self.assertEqual(self.compact()["let_go"], 0, "an office within its lease holds it back")
        self.assertIs(self.lease(self.away)["lapsed"], False)

        self.set_clock("+200d")
        self.sync_all(self.writer, self.home)
        self.assertIs(self.lease(self.away)["lapsed"], True)
        would = self.compact("--dry-run")
        self.assertGreater(would["goes"], EDITS)
        self.assertEqual(would["let_go"], 0)
        done = self.compact()
        self.assertEqual(done["let_go"], would["goes"])
        self.assertEqual(self.compact()["let_go"], would["goes"], "and there is no more")
        self.sync_all(self.writer, self.home)
        return done["let_go"]

    def assert_merged(self, *offices):
        for office in offices:
            self.assertIsNone(office.value("SELECT id FROM project WHERE id = 'p0003'"), "its delete counts")
            self.assertIsNone(office.value("SELECT id FROM project WHERE id = 'p0004'"), "what is dead stays so")
            self.assertEqual(office.value("SELECT title FROM project WHERE id = 'q1'"), "new one")
            self.assertEqual(office.value("SELECT reference FROM project WHERE id = 'p0005'"), "W-5")
            self.assertEqual(office.value("SELECT reference FROM project WHERE id = 'p0001'"), "A-1",
                             "an edit that met a delete brings the record back, whole")
            self.assertEqual([c["id"] for c in office.conflicts()], ["p0002"])
        self.assertEqual(len({office.fingerprint() for office in offices}), 1)

    def test_it_comes_back_and_neither_sides_work_is_lost(self):
        self.part()
        let_go = self.long_after()
        self.assertEqual(self.away.status()["unsent"], 3)
        self.sync_all(self.away, self.writer, self.home, self.away)
        begun = {one["space"]: one["proved_from"] for one in self.away.status()["spaces"]}["section/africa"] - 1
        self.assertGreaterEqual(begun, let_go, "it went on from a snapshot")
        self.assertEqual(self.away.status()["unsent"], 0)
        self.assert_merged(self.away, self.writer, self.home)
        for office in (self.away, self.writer, self.home):
            self.assertEqual(office.ok("verify")["problems"], [])
            self.assertEqual(office.ok("repair")["repaired"], [])
        # What is gone is gone for who asks for history as well, and is said to be.
        history = self.away.ok("verify", "--fetch-history", "--url", self.world.url)
        self.assertEqual(history["problems"], [])
        self.assertGreaterEqual(history["gone"]["section/africa"], let_go)
        self.sync_all(self.away)
        # Whoever comes now, too.
        newcomer = self.world.office("newcomer", "togo", "publisher")
        self.sync_all(newcomer)
        self.assert_merged(newcomer, self.home)
        # The lease runs again.
        self.assertIs(self.lease(self.away)["lapsed"], False)

    def test_the_hub_goes_on_whatever_comes(self):
        self.part()
        let_go = self.long_after()
        # A backup proves itself, and is served.
        backup, drill = self.world.folder / "backup", self.world.folder / "drill"
        self.world.hub("backup", backup)
        self.world.hub("restore", backup, folder=drill)
        # Who did what is still known, but for the values.
        audit = run_json([binary("wasl-hub"), "audit", "--data", str(self.world.hub_folder), "--json"])
        lines = [line for line in audit["audit"] if line["space"] == "section/africa"]
        self.assertEqual(len([line for line in lines if "let go" in line["what"]]), let_go)
        self.assertTrue(all(line["organisation"] == "benin" for line in lines if "let go" in line["what"]))
        # Snapshots are lost with the folder's disk: who needs one is told so, and gets it as soon as there is one.
        self.world.stop_hub()
        shutil.rmtree(self.world.hub_folder / "snapshots")
        self.world.start_hub()
        refused = self.away.wasl("sync", "--url", self.world.url)
        self.assertEqual((refused.code, refused.error["code"]), (3, "later"))
        self.assertIn("headers alone", refused.error["message"])
        self.assertEqual(self.away.status()["unsent"], 3)
        self.world.hub("snapshot")
        self.sync_all(self.away, self.writer, self.home, self.away)
        self.assert_merged(self.away, self.writer, self.home)
        # By a stick it goes as well.
        late, stick = self.world.office("late", "togo", "publisher"), self.world.folder / "late.wasl"
        self.world.hub("bundle", "export", stick, "--all")
        late.ok("bundle import", stick)
        self.sync_all(late)
        self.assert_merged(late, self.home)


class Moved(Absence, PostgresTest):
    """With rows in PostgreSQL, there and back."""

    def setUp(self):
        self.moved = self.database("moved")  # before the clocks are moved: its programs go by another
        super().setUp()

    def test_it_comes_back_and_neither_sides_work_is_lost(self):
        self.part()
        let_go = self.long_after()
        self.world.stop_hub()
        self.world.hub("migrate-store", "--to", self.moved)
        self.world.start_hub()
        self.assertEqual(self.compact()["let_go"], let_go)
        self.sync_all(self.away, self.writer, self.home, self.away)
        self.assert_merged(self.away, self.writer, self.home)
        self.world.stop_hub()
        self.world.hub("migrate-store", "--to", "sqlite")
        self.world.start_hub()
        self.assertEqual(self.compact("--dry-run")["let_go"], let_go)
        self.sync_all(self.away, self.writer, self.home)

    test_the_hub_goes_on_whatever_comes = None


if __name__ == "__main__":
    unittest.main()
