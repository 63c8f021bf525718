"""Flipped bytes and rewritten history are found and named (behaviour 6)."""
import shutil
import sqlite3
import unittest

from wasl_world import WorldTest


class Tampering(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.office = self.world.office("benin", "benin")
        self.id = self.office.add("project", "title=Water", "reference=R0")
        self.office.sync()

    def test_a_row_changed_behind_the_triggers_is_named_and_repaired(self):
        connection = sqlite3.connect(self.office.folder / "replica.db", timeout=5)
        triggers = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'project'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE project SET reference = 'forged'")
        connection.commit()
        connection.close()
        report = self.office.wasl("verify")
        self.assertEqual(report.code, 1)
        self.assertFalse(report["ok"])
        self.assertTrue(any(self.id in problem for problem in report["problems"]), report["problems"])

    def test_one_flipped_byte_of_a_stored_change_set_is_named(self):
        connection = sqlite3.connect(self.office.folder / "replica.db", timeout=5)
        tables = [name for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%block%'")]
        self.assertTrue(tables, "no table of blocks")
        flipped = 0
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[2] == "BLOB"]
            for column in columns:
                for rowid, blob in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                    if not isinstance(blob, bytes) or len(blob) < 60:
                        continue
                    changed = bytearray(blob)
                    changed[len(blob) // 2] ^= 1
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(changed), rowid))
                    flipped += 1
        connection.commit()
        connection.close()
        self.assertGreater(flipped, 0)
        report = self.office.wasl("verify")
        self.assertNotEqual(report.code, 0)
        self.assertTrue(report.document.get("problems") or report.error.get("message"))

    def test_a_hub_that_shows_a_shorter_history_is_caught(self):
        self.world.stop_hub()
        old = self.world.folder / "hub-old"
        shutil.copytree(self.world.hub_folder, old)
        self.world.start_hub()
        self.office.set("project", self.id, "reference=R1")
        self.office.sync()
        self.world.stop_hub()
        self.world.start_hub(folder=old)
        answer = self.office.wasl("sync", "--url", self.world.url)
        self.assertEqual(answer.code, 5, answer.document)
        self.assertEqual(answer.error["code"], "caught")
        self.assertEqual(self.office.value("SELECT reference FROM project"), "R1")
        self.assertTrue(self.office.status()["notices"])


if __name__ == "__main__":
    unittest.main()
