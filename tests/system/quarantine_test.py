"""Work that waits for a person: held, adopted, discarded; a stolen laptop's changes taken back; a device wiped."""
import datetime
import subprocess
import time
import unittest

from wasl_world import WorldTest, binary, run_json


class Quarantine(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.benin = self.world.office("benin", "benin")
        self.togo = self.world.office("togo", "togo")
        self.key = self.benin.status()["device"]

    def hub_in_words(self, *arguments):
        return subprocess.run([binary("wasl-hub"), *arguments, "--data", str(self.world.hub_folder)], check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def add(self, office, title):
        return office.add("project", f"title={title}", "--space", "section/africa")

    def told_revoked(self, office):
        answer = office.wasl("sync", "--url", self.world.url)
        self.assertNotEqual(answer.code, 0)
        self.assertEqual(answer.error["code"], "unauthorised")
        self.assertIn("revoked", answer.error["message"])

    def held(self):
        return self.world.hub("quarantine", "list")["quarantine"]

    def state_of(self, key):
        (state,) = [d["state"] for d in self.world.hub("devices")["devices"] if d["device"] == key]
        return state

    def equal(self, *offices):
        for office in offices:
            self.assertIs(office.sync()["equal"], True, office.name)
            self.assertEqual(office.ok("verify")["problems"], [], office.name)

    def test_held_work_is_listed_shown_adopted_and_discarded(self):
        wanted = self.add(self.benin, "Water")
        other = self.add(self.benin, "Twice")
        self.assertEqual(self.state_of(self.key), "active")
        self.assertEqual(self.held(), [])
        self.world.hub("revoke", self.key[:10], "--reason", "lost")
        self.assertEqual(self.state_of(self.key), "revoked")
        self.told_revoked(self.benin)

        lines = {line["id"]: line for line in self.held()}
        self.assertEqual(set(lines), {wanted, other})
        self.assertEqual(lines[wanted], {"change_set": lines[wanted]["change_set"], "device": self.key,
                                         "reason": "revoked", "register": "project", "id": wanted})
        name = lines[wanted]["change_set"]
        shown = self.world.hub("quarantine", "show", name[:12]).document
        self.assertEqual((shown["device"], shown["space"], shown["state"]), (self.key, "section/africa", "held"))
        self.assertIn("Water", [op.get("value") for op in shown["operations"]])
        self.assertIn("Water", self.hub_in_words("quarantine", "show", name))
        self.assertIn(name[:12], self.hub_in_words("quarantine", "list"))
        self.assertIn(self.key[:12], self.hub_in_words("devices"))

        self.world.hub("quarantine", "adopt", name[:12])
        self.equal(self.togo)
        self.assertEqual(self.togo.value("SELECT title FROM project WHERE id = ?", wanted), "Water")
        (created, *_) = self.togo.ok("log", "project", wanted)["history"]
        self.assertEqual(created["author"], self.key)

        self.world.stop_hub()  # the same commands work when nobody serves
        self.world.hub("quarantine", "discard", lines[other]["change_set"], "--reason", "duplicate")
        self.assertEqual(self.held(), [])
        self.world.start_hub()
        self.told_revoked(self.benin)
        (waiting,) = self.benin.status()["waiting"]
        self.assertEqual((waiting["state"], waiting["reason"]), ("refused", "discarded_by"))
        self.equal(self.togo)
        self.assertEqual(self.togo.rows("SELECT id FROM project"), [(wanted,)])

    def test_all_that_a_device_left_is_adopted_at_once(self):
        # More than one act may name, in two spaces; the second half builds on the first.
        ids = [self.add(self.benin, f"Project {i}") for i in range(3)]
        own = self.benin.add("project", "title=Own")
        for i in range(260):
            self.benin.set("project", ids[0], f"reference={i}")
        self.world.hub("revoke", self.key, "--reason", "left")
        self.told_revoked(self.benin)
        count = len({line["change_set"] for line in self.held()})
        self.assertGreater(count, 256)
        adopted = self.world.hub("quarantine", "adopt", "--device", self.key[:12])["adopted"]
        self.assertEqual(len(set(adopted)), count)
        self.assertEqual(self.held(), [])
        self.equal(self.togo)
        self.assertEqual(self.togo.value("SELECT reference FROM project WHERE id = ?", ids[0]), "259")
        self.assertEqual(self.togo.value("SELECT count(*) FROM project WHERE id = ?", own), 0, "not shared with it")
        again = run_json([binary("wasl-hub"), "quarantine", "adopt", "--device", self.key[:12], "--data",
                          str(self.world.hub_folder), "--json"])
        self.assertEqual((again.code, again.error["code"]), (1, "not_found"))

    def test_what_cannot_be_decided_is_said_in_words(self):
        self.add(self.benin, "Water")
        self.world.hub("revoke", self.key, "--reason", "left")
        self.told_revoked(self.benin)
        (line,) = self.held()
        data = ["--data", str(self.world.hub_folder), "--json"]
        for arguments, code in ((["quarantine", "adopt", *data, "ffff"], "not_found"),
                                (["quarantine", "adopt", *data, line["change_set"], "--key",
                                  str(self.world.hub_folder / "keys" / "registrar.key")], "invalid_value"),
                                (["revoke", *data, "zz", "--reason", "lost"], "not_found"),
                                (["revoke", *data, self.key, "--reason", "compromised", "--since", "soon"],
                                 "invalid_value")):
            answer = run_json([binary("wasl-hub"), *arguments])
            self.assertEqual((answer.code, answer.error["code"]), (1, code), answer.document)
        self.assertEqual(len(self.held()), 1)

    def test_what_a_stolen_laptop_wrote_is_taken_back_everywhere(self):
        id = self.add(self.togo, "Water")
        self.equal(self.togo, self.benin)
        time.sleep(0.05)
        stolen = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        self.benin.set("project", id, "title=Nonsense")
        self.add(self.benin, "Invented")
        self.equal(self.benin, self.togo)
        self.assertEqual(self.togo.value("SELECT title FROM project WHERE id = ?", id), "Nonsense")
        self.world.hub("revoke", self.key, "--reason", "compromised", "--since", stolen)
        third = self.world.office("third", "togo")
        self.equal(self.togo, third)
        for office in (self.togo, third):
            self.assertEqual(office.rows("SELECT id, title FROM project"), [(id, "Water")])
        self.assertEqual(self.togo.fingerprint(), third.fingerprint())
        self.add(self.benin, "Later")
        self.told_revoked(self.benin)
        self.assertEqual([line["reason"] for line in self.held()], ["revoked"])
        self.togo.set("project", id, "title=Wells")
        self.equal(self.togo, third)
        self.assertEqual(third.value("SELECT title FROM project"), "Wells")

    def test_a_wiped_device_hands_over_its_work_and_destroys_the_rest(self):
        id = self.add(self.benin, "Water")
        self.world.hub("wipe", self.key)
        answer = self.benin.wasl("sync", "--url", self.world.url)
        self.assertNotEqual(answer.code, 0)
        self.assertIn("wiped", answer.error["message"])
        self.assertEqual(self.state_of(self.key), "wiped")
        self.assertEqual([line["id"] for line in self.held()], [id])
        left = [file.name for file in self.benin.folder.iterdir()]
        self.assertFalse([name for name in left if name.endswith((".db", ".log"))], left)


if __name__ == "__main__":
    unittest.main()
