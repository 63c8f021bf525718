"""A hub is backed up while it serves, and a backup is what the hub had signed or it is refused in words."""
import json
import shutil
import unittest

from wasl_world import WorldTest, binary, run_json


class Backup(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.benin = self.world.office("benin", "benin")
        self.twin = self.world.office("twin", "benin")
        self.place = self.world.folder / "backup"

    def run_hub(self, *arguments, folder=None):
        return run_json([binary("wasl-hub"), arguments[0], "--data", str(folder or self.world.hub_folder), "--json",
                         *map(str, arguments[1:])])

    def lose_database(self):
        for file in ("hub.db", "hub.db-wal", "hub.db-shm", "files.db", "files.db-wal", "files.db-shm"):
            (self.world.hub_folder / file).unlink(missing_ok=True)

    def recovering(self):
        return self.world.hub("status")["recovering"]

    def refused(self, code, *arguments, folder=None):
        answer = self.run_hub(*arguments, folder=folder)
        self.assertEqual((answer.code, answer.error.get("code")), (1, code), answer.document)
        return answer.error

    def test_beside_a_hub_that_serves_and_tried_without_its_keys(self):
        for i in range(3):
            self.benin.add("need", f"title=Need {i}")
            self.sync_all(self.benin, self.twin)
            self.world.hub("backup", str(self.place) + str(i))
        drill = self.world.folder / "drill"
        checked = self.run_hub("restore", str(self.place) + "2", folder=drill)
        self.assertEqual(checked.code, 0, checked.document)
        spaces = self.world.hub("status")["spaces"]
        self.assertEqual(checked["entries"], sum(space["position"] for space in spaces))
        self.assertIs(checked["log_key"], False)
        self.assertIs(checked["recovering"], True, "nobody said that it is the newest")
        earlier = self.run_hub("restore", str(self.place) + "0", folder=self.world.folder / "earlier")
        self.assertLess(earlier["entries"], checked["entries"])
        kept = {file.name for file in (self.world.folder / "backup2").iterdir()}
        self.assertEqual(kept, {"hub.db", "files.db", "backup.json"})
        self.sync_all(self.benin, self.twin)

    def test_a_hub_that_lost_its_disk_goes_on(self):
        self.benin.add("document", "kind=report", "title=Before")
        self.sync_all(self.benin, self.twin)
        self.world.stop_hub()
        self.world.hub("backup", str(self.place))
        self.lose_database()
        restored = self.world.hub("restore", str(self.place))
        self.assertIs(restored["recovering"], False, "the checkpoint in the folder says that nothing is missing")
        self.world.start_hub()
        self.assertFalse(self.recovering())
        self.twin.add("need", "title=After")
        self.sync_all(self.twin, self.benin)
        self.assert_whole(self.benin, self.twin)

    def test_an_old_backup_knows_that_it_is_old(self):
        self.world.hub("backup", str(self.place))
        self.benin.add("need", "title=After the backup")
        self.sync_all(self.benin, self.twin)
        self.world.stop_hub()
        self.lose_database()
        self.world.hub("restore", str(self.place))
        self.world.start_hub()
        self.assertTrue(self.recovering())

    def test_on_another_machine_it_is_told_what_is_missing(self):
        self.world.hub("backup", str(self.place))
        self.world.stop_hub()
        other = self.world.folder / "other"
        other.mkdir()
        shutil.copytree(self.world.hub_folder / "keys", other / "keys")
        self.assertIs(self.world.hub("restore", str(self.place), folder=other)["recovering"], True)
        shutil.rmtree(other)
        other.mkdir()
        shutil.copytree(self.world.hub_folder / "keys", other / "keys")
        self.assertIs(self.world.hub("restore", str(self.place), "--newest", folder=other)["recovering"], False)
        self.world.start_hub(folder=other)
        self.benin.add("need", "title=On the new machine")
        self.sync_all(self.benin, self.twin)

    def test_what_is_no_backup_is_refused_and_leaves_nothing(self):
        drill = self.world.folder / "drill"
        self.world.hub("backup", str(self.place))
        self.refused("conflict", "backup", self.place)
        self.world.stop_hub()
        self.refused("conflict", "restore", self.place)  # the folder has a database
        self.refused("not_found", "restore", self.world.folder / "nowhere", folder=drill)
        whole = (self.place / "hub.db").read_bytes()
        (self.place / "hub.db").write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
        self.assertIn("damaged", self.refused("corrupt", "restore", self.place, folder=drill)["message"])
        (self.place / "hub.db").write_bytes(whole[:-4096])
        self.refused("corrupt", "restore", self.place, folder=drill)
        (self.place / "hub.db").write_bytes(whole)
        listed = json.loads((self.place / "backup.json").read_text())
        for change, code in (({"format": 2}, "unsupported"), ({"files": []}, "not_found"), ({"files": 7}, "not_found"),
                             ({"files": [{"name": "../hub.db", "bytes": 1, "hash": ""}]}, "not_found"),
                             ({"checkpoint": "nonsense"}, "malformed")):
            (self.place / "backup.json").write_text(json.dumps({**listed, **change}))
            self.refused(code, "restore", self.place, folder=drill)
            self.assertEqual({file.name for file in drill.iterdir()} - {"hub.lock"}, set(), change)
        (self.place / "backup.json").write_text(json.dumps(listed))
        self.assertEqual(self.run_hub("restore", self.place, folder=drill).code, 0)
        empty = self.world.folder / "empty"
        self.refused("not_found", "backup", self.world.folder / "b2", folder=empty)


if __name__ == "__main__":
    unittest.main()
