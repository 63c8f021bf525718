"""An expert asks to be forgotten: after 72 hours the values are in no file of the hub and of any office that
syncs, searched for as raw bytes, and every proof still holds."""
import shutil
import sqlite3
import subprocess
import unittest

from wasl_world import MovedClocks, WorldTest, binary, run_json, until


@unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
class Erasure(MovedClocks, WorldTest):
    def setUp(self):
        super().setUp()
        self.move_clocks()
        self.world.init_hub()
        self.world.organisation("africa", "section")
        self.world.organisation("benin", parent="africa")
        self.home = self.world.office("home", "benin", "administrator", "fr")
        self.branch = self.world.office("branch", "benin")
        self.away = self.world.office("away", "benin")
        made = run_json([binary("wasl"), "key", "make", "--data", str(self.home.folder), "--json", "--plain"])
        self.world.hub("grant", "--person", made["key"], "--role", "administrator", "--organisation", "benin")
        self.sync_all(self.home, self.branch, self.away)

    def found(self, folder, secrets):
        """@return the files of the folder that hold one of them, as FILE: SECRET."""
        out = []
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                out += [f"{path.name}: {secret}" for secret in secrets if secret in data]
        return out

    def salts(self, office):
        connection = sqlite3.connect(f"file:{office.folder}/replica.db?mode=ro", uri=True)
        try:
            return [row[0] for row in connection.execute("SELECT salt FROM _wasl_opening")]
        finally:
            connection.close()

    def an_expert(self):
        """Known to three offices, edited by two of them at once, superseded once. @return id, and the bytes."""
        id = self.home.add("person", "name=Zaynab-qqone", "email=old-qqtwo@example.org", "note=qqthree " + "x" * 3000)
        self.sync_all(self.home, self.branch, self.away)
        self.home.set("person", id, "email=new-qqfour@example.org")
        self.sync_all(self.home, self.branch, self.away)
        self.branch.set("person", id, "phone=+229 qqfive")
        self.away.set("person", id, "phone=+229 qqfive")
        self.sync_all(self.branch, self.away, self.home)
        self.assertEqual([c["field"] for c in self.home.conflicts()], ["phone"], "two salts, two commitments")
        secrets = [b"Zaynab-qqone", b"old-qqtwo", b"qqthree", b"new-qqfour", b"qqfive"]
        for office in (self.home, self.branch, self.away):
            self.assertEqual(len(office.ok("search", "qqone")["found"]), 1)
        salts = self.salts(self.home)
        self.assertEqual(len(salts), 6)
        for folder in (self.world.hub_folder, self.home.folder, self.branch.folder, self.away.folder):
            there = {line.split(": ", 1)[1] for line in self.found(folder, secrets + salts)}
            self.assertEqual(there, {str(one) for one in secrets + salts}, folder)
        return id, secrets + salts

    def assert_gone(self, folder, secrets):
        self.assertTrue(until(lambda: not self.found(folder, secrets), 20), self.found(folder, secrets))

    def assert_forgotten(self, office, id, secrets):
        self.assert_gone(office.folder, secrets)
        self.assertEqual(office.rows("SELECT name, email, phone, note FROM person WHERE id = ?", id), [(None,) * 4])
        self.assertEqual(office.ok("verify")["problems"], [])
        self.assertEqual(office.ok("search", "qqone")["found"], [])
        self.assertEqual(office.conflicts(), [])
        (erasure,) = office.ok("show", "person", id)["erasures"]
        self.assertEqual((erasure["state"], erasure["organisation"], erasure["values"]), ("erased", "benin", 6))
        self.assertTrue(office.ok("why", "person", id)["fields"])
        self.assertTrue(any("erased" in line["what"] for line in office.ok("log", "person", id)["history"]))

    def test_after_72_hours_the_values_are_in_no_file(self):
        id, secrets = self.an_expert()
        signed = self.home.ok("erase", id, "--reason", "requested")
        self.assertEqual((signed["values"], signed["hours"]), (6, 72))
        self.sync_all(self.home, self.branch)
        (erasure,) = self.branch.ok("show", "person", id)["erasures"]
        self.assertEqual(erasure["state"], "waits")
        self.assertIn("seront effacées", erasure["words"]["fr"])
        self.away.set("person", id, "mobile=+229 qqlate")  # offline: this office knows of nothing

        self.set_clock("+71h")
        self.sync_all(self.home, self.branch)
        self.assertEqual(len(self.found(self.world.hub_folder, secrets)), len(secrets), "not before the time")
        self.assertEqual(self.home.value("SELECT name FROM person WHERE id = ?", id), "Zaynab-qqone")

        self.set_clock("+73h")
        self.assert_gone(self.world.hub_folder, secrets)  # by itself
        self.sync_all(self.home, self.branch)
        for office in (self.home, self.branch):
            self.assert_forgotten(office, id, secrets)
        self.assertEqual([i for i in self.home.ok("attention")["attention"] if i["id"] == id], [])
        words = subprocess.run([binary("wasl"), "show", "person", id, "--data", str(self.home.folder)],
                               capture_output=True, text=True, check=True).stdout
        self.assertIn("données personnelles effacées le", words)

        # Who was away learns it late, and what it wrote meanwhile is not lost but named.
        self.set_clock("+100h")
        self.assertTrue(self.found(self.away.folder, secrets))
        self.sync_all(self.away, self.home, self.branch)
        self.assert_gone(self.away.folder, secrets)
        for office in (self.home, self.branch, self.away):
            self.assertEqual(office.value("SELECT mobile FROM person WHERE id = ?", id), "+229 qqlate")
            self.assertEqual([i["kind"] for i in office.ok("attention")["attention"] if i["id"] == id], ["erasure"])
        self.assertEqual(self.home.ok("erase", id, "--reason", "requested")["values"], 1)
        self.sync_all(self.home)
        self.set_clock("+180h")
        self.assert_gone(self.world.hub_folder, secrets + [b"qqlate"])
        self.sync_all(self.home, self.branch, self.away)
        for office in (self.home, self.branch, self.away):
            self.assert_gone(office.folder, secrets + [b"qqlate"])
            self.assertEqual([i for i in office.ok("attention")["attention"] if i["id"] == id], [])

        # Whoever comes now never sees them, and can prove everything.
        newcomer = self.world.office("newcomer", "benin")
        self.assertTrue(newcomer.sync()["equal"])
        self.assertEqual(newcomer.ok("verify")["problems"], [])
        self.assertEqual(self.found(newcomer.folder, secrets + [b"qqlate"]), [])
        self.assertEqual(newcomer.ok("repair")["repaired"], [])
        self.assert_whole(self.home, self.branch, self.away)

    def test_until_then_it_can_be_withdrawn(self):
        id, secrets = self.an_expert()
        self.home.ok("erase", id, "--reason", "requested")
        self.sync_all(self.home, self.branch)
        self.set_clock("+71h")
        self.home.ok("erase", id, "--withdraw")
        self.sync_all(self.home, self.branch)
        self.set_clock("+80h")
        self.sync_all(self.home, self.branch, self.away)
        for office in (self.home, self.branch, self.away):
            self.assertEqual(office.value("SELECT name FROM person WHERE id = ?", id), "Zaynab-qqone")
            (erasure,) = office.ok("show", "person", id)["erasures"]
            self.assertEqual(erasure["state"], "withdrawn")
        self.assertEqual(len(self.found(self.world.hub_folder, secrets)), len(secrets))
        self.assertEqual(self.home.wasl("erase", id, "--withdraw").error["code"], "not_found")

    def test_a_daemon_does_it_by_itself_and_the_secretariat_may_order_it(self):
        id, secrets = self.an_expert()
        self.branch.daemon()
        done = self.world.hub("erase", f"association/benin#{id}", "--reason", "consent_withdrawn")
        self.assertEqual(done["values"], 6)
        self.assertTrue(until(lambda: self.branch.ok("show", "person", id)["erasures"]))
        self.set_clock("+73h")
        self.assert_gone(self.world.hub_folder, secrets)
        self.assert_gone(self.branch.folder, secrets)
        self.assertIsNone(self.branch.value("SELECT name FROM person WHERE id = ?", id))

    def test_an_officer_of_another_association_may_not(self):
        id, secrets = self.an_expert()
        made = run_json([binary("wasl"), "key", "make", "--data", str(self.branch.folder), "--json", "--plain"])
        self.world.hub("grant", "--person", made["key"], "--role", "officer", "--organisation", "benin")
        self.branch.sync()
        answer = self.branch.wasl("erase", id, "--reason", "requested")
        self.assertEqual(answer.error["code"], "unauthorised")
        self.assertIn("admin", answer.error["message"])
        self.assertEqual(self.branch.wasl("erase", id).error["code"], "invalid_value")


if __name__ == "__main__":
    unittest.main()
