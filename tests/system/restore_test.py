"""A hub restored from an old backup, a device restored, a disk cloned: nothing is lost and nobody is called a liar."""
import shutil
import unittest

from wasl_world import Office, WorldTest, binary, run_json, until


class Restore(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.benin = self.world.office("benin", "benin")
        self.togo = self.world.office("togo", "togo")
        self.twin = self.world.office("twin", "benin")

    def back_up(self):
        self.world.stop_hub()
        shutil.copytree(self.world.hub_folder, self.world.folder / "backup")
        self.world.start_hub()

    def restore(self, with_checkpoint=True):
        """The database from the backup; the keys and what else lies in the folder are not lost with it."""
        self.world.stop_hub()
        for file in ("hub.db", "hub.db-wal", "hub.db-shm"):
            (self.world.hub_folder / file).unlink(missing_ok=True)
        shutil.copy(self.world.folder / "backup" / "hub.db", self.world.hub_folder / "hub.db")
        if not with_checkpoint:
            shutil.copy(self.world.folder / "backup" / "checkpoint", self.world.hub_folder / "checkpoint")

    def recovering(self):
        return self.world.hub("status")["recovering"]

    def open_epoch(self):
        path = self.world.folder / "epoch.statement"
        data = ["--data", str(self.world.hub_folder)]
        key = self.world.hub_folder / "keys" / "root.key"
        for arguments in (["statement", *data, "--new-epoch", "--out", path], ["sign", path, "--key", key],
                          ["place", path, *data]):
            done = run_json([binary("wasl-hub"), "root", *map(str, arguments), "--json"])
            self.assertEqual(done.code, 0, done.document)
        self.assertFalse(self.recovering())

    def bring_back(self, *offices):
        for office in offices:
            answer = office.wasl("sync", "--url", self.world.url)
            self.assertNotEqual(answer.code, 0)
            self.assertEqual(answer.error["code"], "later", answer.document)

    def assert_nobody_lied(self, *offices):
        for office in offices:
            words = office.ok("verify")
            self.assertEqual(words["problems"], [])
            self.assertNotIn("evidence kept", "\n".join(words["statements"]))

    def test_a_restored_hub_knows_and_takes_everything_back(self):
        self.benin.add("need", "title=Before")
        self.sync_all(self.benin, self.togo, self.twin)
        self.back_up()
        late = self.world.office("late", "togo")
        self.benin.add("need", "title=After the backup")
        late.add("need", "title=Of one who came after it")
        self.sync_all(self.benin, self.togo, self.twin, late)
        sizes = {space["space"]: space["position"] for space in self.world.hub("status")["spaces"]}
        self.restore()
        self.world.start_hub()
        self.assertTrue(self.recovering())
        self.bring_back(self.benin, late, late, self.togo)
        self.assertEqual({space["space"]: space["position"] for space in self.world.hub("status")["spaces"]}, sizes)
        self.twin.add("need", "title=While it recovered")
        self.open_epoch()
        self.sync_all(self.benin, self.twin, self.togo, late)
        self.assertEqual(self.benin.value("SELECT count(*) FROM need"), 3)
        self.assertEqual(self.benin.fingerprint(), self.twin.fingerprint())
        self.assertEqual(self.togo.fingerprint(), late.fingerprint())
        self.assert_nobody_lied(self.benin, self.togo, self.twin, late)
        self.world.stop_hub()
        self.world.start_hub()
        self.assertFalse(self.recovering(), "what it has signed since is its own")
        self.sync_all(self.benin, self.togo)

    def test_a_hub_that_lost_its_checkpoint_too_is_told(self):
        self.back_up()
        self.benin.add("need", "title=After the backup")
        self.sync_all(self.benin, self.twin)
        self.restore(with_checkpoint=False)
        self.world.hub("recover")
        self.world.start_hub()
        daemon = self.benin.daemon()
        self.assertTrue(until(lambda: self.world.hub("status")["spaces"] and any(
            device["last_seen"] for device in self.world.hub("status")["devices"]), 20))
        self.bring_back(self.twin)
        self.open_epoch()
        self.sync_all(self.twin)
        self.assertIsNone(daemon.poll(), "a daemon waits and comes again")
        daemon.terminate()
        daemon.wait(20)
        self.sync_all(self.benin)
        self.assertEqual(self.benin.fingerprint(), self.twin.fingerprint())
        self.assert_nobody_lied(self.benin, self.twin)

    def test_of_who_comes_after_the_new_epoch_nothing_is_lost(self):
        self.back_up()
        self.benin.add("need", "title=Nobody else has it")
        self.sync_all(self.benin)
        self.restore()
        self.world.start_hub()
        self.open_epoch()
        self.twin.add("need", "title=Of the new epoch")
        self.sync_all(self.twin)
        self.sync_all(self.benin, self.twin)
        self.assertEqual(self.twin.value("SELECT count(*) FROM need"), 2)
        self.assertEqual(self.benin.fingerprint(), self.twin.fingerprint())

    def test_of_a_cloned_disk_both_copies_work_on_and_the_hub_says_so(self):
        self.benin.add("need", "title=Before")
        self.sync_all(self.benin)
        shutil.copytree(self.benin.folder, self.world.folder / "clone")
        clone = Office(self.world, "clone")
        self.benin.add("need", "title=Original")
        clone.add("need", "title=Clone")
        self.sync_all(self.benin)
        clone.sync()
        self.sync_all(clone, self.benin, clone)
        self.assertEqual(self.benin.value("SELECT count(*) FROM need"), 3)
        self.assertEqual(self.benin.fingerprint(), clone.fingerprint())
        forked = [device for device in self.world.hub("status")["devices"] if device["forks"]]
        self.assertEqual(len(forked), 1)

    def test_a_device_restored_from_a_backup_works_on(self):
        self.benin.add("need", "title=Before")
        self.sync_all(self.benin)
        shutil.copytree(self.benin.folder, self.world.folder / "old")
        self.benin.add("need", "title=After the backup")
        self.sync_all(self.benin)
        shutil.rmtree(self.benin.folder)
        shutil.copytree(self.world.folder / "old", self.benin.folder)
        self.benin.add("need", "title=After the restore")
        self.benin.sync()
        self.sync_all(self.benin, self.twin)
        self.assertEqual(self.benin.value("SELECT count(*) FROM need"), 3)
        self.assertEqual(self.benin.fingerprint(), self.twin.fingerprint())


if __name__ == "__main__":
    unittest.main()
