"""Deleted records go for good once every office that is waited for knows of it, where the operator has said so."""
import os
import shutil
import unittest

from postgres_server import PostgresTest
from wasl_world import MovedClocks, WorldTest

RECORDS = 40


@unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
class Collecting(MovedClocks, WorldTest):
    def setUp(self):
        super().setUp()
        self.move_clocks()
        os.environ.update({"WASL_HUB_SNAPSHOT_MINUTES": "0", "WASL_HUB_COMPACT_HOURS": "0",
                           "WASL_HUB_COLLECT_DELETED": "true"})
        self.world.two_associations()
        self.writer = self.world.office("writer", "benin", "publisher")
        self.home, self.away = (self.world.office(name, "togo", "publisher") for name in ("home", "away"))
        self.writer.sql(*(("INSERT INTO project(title, id, space) VALUES(?, ?, 'section/africa')",
                           (f"Water for village {i}", f"p{i:04}")) for i in range(RECORDS)))
        self.sync_all(self.writer, self.home, self.away)
        # The one that leaves works on; the others delete what it works on.
        self.away.set("project", "p0001", "reference=A-1")
        self.away.set("project", "p0002", "reference=A-2")
        self.away.sql("INSERT INTO project(title, id, space) VALUES('new one', 'q1', 'section/africa')")
        self.writer.sql("DELETE FROM project WHERE id IN ('p0001', 'p0003')")
        self.sync_all(self.writer, self.home)
        self.world.hub("snapshot")

    def compact(self, *options):
        answer = self.world.hub("compact", *options)
        return {one["space"]: one for one in answer["spaces"]}["section/africa"]

    def hidden(self, office):
        return office.value("SELECT count(*) FROM _wasl_hidden WHERE register <> 0")

    def collect(self):
        self.set_clock("+100d")
        self.sync_all(self.writer, self.home)
        self.assertEqual(self.compact()["collected"], 0, "an office within its lease may still object")
        self.set_clock("+200d")
        self.sync_all(self.writer, self.home)
        would = self.compact("--dry-run")
        self.assertEqual((would["dead"], would["collected"]), (2, 0))
        done = self.compact()
        self.assertEqual((done["collected"], done["collected_before"]), (2, 0))
        self.assertEqual(self.compact("--dry-run")["dead"], 0)
        self.sync_all(self.writer, self.home)
        for office in (self.writer, self.home):
            self.assertEqual(self.hidden(office), 0, office.name)

    def assert_rightly(self, *offices):
        for office in offices:
            self.assertIsNone(office.value("SELECT id FROM project WHERE id = 'p0003'"))
            self.assertEqual(office.value("SELECT reference FROM project WHERE id = 'p0002'"), "A-2")
            self.assertEqual(office.value("SELECT title FROM project WHERE id = 'q1'"), "new one")
            self.assertEqual(office.ok("verify")["problems"], [], office.name)
            self.assertEqual(office.ok("repair")["repaired"], [], office.name)

    def test_what_everybody_knows_to_be_deleted_goes_and_raises_nothing(self):
        self.collect()
        self.sync_all(self.away, self.writer, self.home, self.away)
        self.assertEqual(self.away.status()["held"], 1)
        self.assertIsNone(self.home.value("SELECT id FROM project WHERE id = 'p0001'"), "the dead stay dead")
        waiting = self.world.hub("quarantine", "list")["quarantine"]
        self.assertEqual([one["reason"] for one in waiting], ["gone"])
        self.assert_rightly(self.writer, self.home, self.away)
        newcomer = self.world.office("newcomer", "togo", "publisher")
        self.sync_all(newcomer)
        self.assertEqual(self.hidden(newcomer), 0)
        self.assert_rightly(newcomer)
        # A copy of the hub proves itself.
        backup, drill = self.world.folder / "backup", self.world.folder / "drill"
        self.world.hub("backup", backup)
        self.world.hub("restore", backup, folder=drill)


class Moved(Collecting, PostgresTest):
    """With rows in PostgreSQL."""

    def setUp(self):
        self.moved = self.database("moved")  # before the clocks are moved: its programs go by another
        super().setUp()

    def test_what_everybody_knows_to_be_deleted_goes_and_raises_nothing(self):
        self.world.stop_hub()
        self.world.hub("migrate-store", "--to", self.moved)
        self.world.start_hub()
        self.collect()
        self.sync_all(self.away, self.writer, self.home, self.away)
        self.assert_rightly(self.writer, self.home, self.away)


if __name__ == "__main__":
    unittest.main()
