"""A device that was invited with --confirm: it writes at once, and sends when its fingerprint was compared."""
import subprocess
import unittest

from wasl_world import Office, WorldTest, binary, run_json


class Confirming(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        made = self.world.hub("invite", "--organisation", "benin", "--role", "publisher", "--confirm")
        self.office = Office(self.world, "benin")
        self.joined = self.office.join(made["invitation"])

    def state(self):
        ((device, state),) = [(d["device"], d["state"]) for d in self.world.hub("devices")["devices"]]
        self.assertEqual(device, self.office.status()["device"])
        return state

    def confirm(self, typed):
        return run_json([binary("wasl-hub"), "confirm", typed, "--data", str(self.world.hub_folder), "--json"])

    def test_what_was_written_before_arrives_once_somebody_has_compared(self):
        words = self.office.status()["fingerprint"]
        self.assertEqual(self.joined["fingerprint"], words)
        self.assertEqual(self.joined["spaces"], ["authority"])
        self.assertEqual(self.state(), "unconfirmed")
        project = self.office.add("project", "title=Water", "--space", "public")
        self.assertEqual(self.office.sync()["unsent"], 1)

        wrong = self.confirm("0000 0000 0000 0000 0000")
        self.assertEqual((wrong.code, wrong.error["code"]), (1, "not_found"))
        self.assertIn("revoke", wrong.error["hint"])
        self.assertEqual(self.confirm(words.upper().replace(" ", "-")).code, 0)
        self.assertEqual(self.state(), "active")
        self.office.sync()
        self.assertEqual(self.office.sync()["unsent"], 0)
        self.assertNotIn("fingerprint", self.office.status())
        togo = self.world.office("togo", "togo")
        self.assertEqual(togo.value("SELECT title FROM project WHERE id = ?", project), "Water")
        again = self.confirm(words)
        self.assertEqual(again.error["code"], "not_found")

    def test_the_person_at_the_device_is_told_in_their_language(self):
        made = self.world.hub("invite", "--organisation", "togo", "--confirm")
        togo = Office(self.world, "togo")
        togo.join(made["invitation"], "fr")
        said = subprocess.run([binary("wasl"), "status", "--data", str(togo.folder)], check=True,
                              stdout=subprocess.PIPE).stdout.decode()
        self.assertIn("Appelez le secr\u00e9tariat", said)
        self.assertIn(togo.status()["fingerprint"], said)


if __name__ == "__main__":
    unittest.main()
