"""Folders that every version has kept (tests/data/kept): today's programs open them, find all that was in them, prove it,
and go on. And a database of a newer program than this is left alone, in words."""
import json
import pathlib
import shutil
import sqlite3
import tarfile
import unittest

from wasl_world import ROOT, Office, WorldTest, binary, run_json

KEPT = sorted((ROOT / "tests" / "data" / "kept").glob("*.tar.xz"))
NAMES = ("benin", "twin", "togo")


class Kept(WorldTest):
    def unpack(self, kept: pathlib.Path):
        with tarfile.open(kept) as archive:
            archive.extractall(self.world.folder)
        return json.loads((self.world.folder / "expected.json").read_text())

    def look(self, office, wanted):
        for register in ("project", "need"):
            rows = office.rows(f"SELECT id, title FROM {register} ORDER BY id")
            self.assertEqual([list(row) for row in rows], wanted[register + "s"], (office.name, register))
        self.assertEqual(len(office.conflicts()), wanted["conflicts"], office.name)
        self.assertEqual(office.status()["unsent"], wanted["unsent"], office.name)
        self.assertEqual(office.ok("verify")["problems"], [], office.name)

    def goes_on(self, kept):
        expected = self.unpack(kept)
        offices = [Office(self.world, name) for name in NAMES]
        benin, twin, togo = offices
        # Offline first: an office updates its program before it has a link.
        for office in offices:
            self.look(office, expected[office.name])
        self.world.start_hub()
        self.assertEqual(len(self.world.hub("quarantine", "list")["quarantine"]), expected["held"])
        self.sync_all(togo, benin, twin)
        self.assertEqual(togo.status()["unsent"], 0)
        # Work of the version before and of this one meet.
        project = expected["benin"]["projects"][0][0]
        togo.set("project", project, "title.fr=De l'eau")
        benin.set("project", project, "planned_end=2028-12-31")
        self.sync_all(togo, benin, twin, togo)
        self.assertEqual({office.value("SELECT title->>'fr' || planned_end FROM project WHERE id = ?", project)
                          for office in offices}, {"De l'eau2028-12-31"})
        self.assertEqual(benin.ok("fetch", "document", benin.value("SELECT id FROM document"), "file", "--out",
                                  self.world.folder / "out").get("error"), None)
        # Who is new starts from what the version before wrote, and a backup of it is whole.
        late = self.world.office("late", "benin")
        self.sync_all(late, benin)
        self.assertEqual(late.fingerprint(), benin.fingerprint())
        self.world.hub("backup", str(self.world.folder / "backup"))
        self.world.hub("restore", str(self.world.folder / "backup"), folder=self.world.folder / "drill")
        self.assert_whole(benin, twin, late)

    def test_what_every_version_has_kept(self):
        self.assertTrue(KEPT, "python3 tests/data/kept.py")
        for kept in KEPT:
            with self.subTest(kept.name):
                self.goes_on(kept)

    def mark_newer(self, database):
        connection = sqlite3.connect(database, timeout=5)
        with connection:
            connection.execute("INSERT OR REPLACE INTO _wasl_meta VALUES('format', x'ff')")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return database.read_bytes()

    def test_a_database_of_a_newer_program_is_left_alone(self):
        self.unpack(KEPT[-1])
        hub = self.world.hub_folder / "hub.db"
        before = self.mark_newer(hub)
        for command in (["serve", "--listen", "127.0.0.1:0"], ["status"]):
            answer = run_json([binary("wasl-hub"), *command, "--data", str(self.world.hub_folder), "--json"])
            self.assertEqual((answer.code, answer.error["code"]), (1, "unsupported"), answer.document)
            self.assertIn("newer version", answer.error["message"])
        self.assertEqual(hub.read_bytes(), before)
        office = Office(self.world, "benin")
        replica = office.folder / "replica.db"
        before = self.mark_newer(replica)
        for command in ("status", "sync", "daemon"):
            answer = office.wasl(command)
            self.assertNotEqual(answer.code, 0)
            self.assertEqual(answer.error["code"], "unsupported", answer.document)
        self.assertEqual(replica.read_bytes(), before)
        self.assertEqual([file.name for file in office.folder.glob("*.damaged-*")], [])
        # Back with the copy that was made before the update.
        shutil.rmtree(office.folder)
        self.unpack(KEPT[-1])
        self.assertEqual(office.ok("verify")["problems"], [])


if __name__ == "__main__":
    unittest.main()
