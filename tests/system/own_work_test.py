"""Own work that has no place in the log never spoils the proof, and can be taken out (behaviour 5)."""
import unittest

from wasl_world import WorldTest


class OwnWork(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.office = self.world.office("benin", "benin")
        self.office.sync()

    def test_refused_work_stays_here_and_does_not_make_equal_false(self):
        # An officer may not write the public space.
        id = self.office.ok("add", "project", "--space", "public", "title=Not allowed")["id"]
        self.office.add("project", "title=Allowed")
        answer = self.office.wasl("sync", "--url", self.world.url)
        self.assertEqual(answer.code, 0, answer.document)
        self.assertIs(answer["equal"], True)
        self.assertEqual(answer["refused"], 1)
        now = self.office.status()
        self.assertEqual((now["refused"], now["unsent"]), (1, 0))
        (waiting,) = now["waiting"]
        self.assertEqual(waiting["records"], [{"register": "project", "id": id}])
        self.assertTrue(waiting["explanation"])
        self.assertEqual(self.office.value("SELECT title FROM project WHERE id = ?", id), "Not allowed")
        self.assertEqual(self.office.ok("repair")["repaired"], [])
        self.assertEqual(self.office.value("SELECT title FROM project WHERE id = ?", id), "Not allowed")
        self.office.ok("discard", waiting["change_set"])
        self.assertIsNone(self.office.value("SELECT title FROM project WHERE id = ?", id))
        self.assertIs(self.office.sync()["equal"], True)
        self.assertTrue(self.office.ok("verify")["ok"])

    def test_taking_out_unsent_work_restores_what_was_confirmed(self):
        id = self.office.add("project", "title=Water", "reference=confirmed", "theme=water")
        self.office.sync()
        self.office.set("project", id, "reference=draft", "theme+=health", "theme-=water")
        line = [l for l in self.office.ok("log", "project", id)["history"] if l["position"] == 0][0]
        self.office.ok("discard", line["change_set"][:16])
        self.assertEqual(self.office.value("SELECT reference FROM project WHERE id = ?", id), "confirmed")
        self.assertEqual(self.office.rows("SELECT value FROM project_theme WHERE record = ?", id), [("water",)])
        self.office.set("project", id, "reference=after")
        self.assertIs(self.office.sync()["equal"], True)
        self.assertTrue(self.office.ok("verify")["ok"])

    def test_accepted_work_cannot_be_discarded(self):
        id = self.office.add("project", "title=Water")
        self.office.sync()
        name = self.office.ok("log", "project", id)["history"][0]["change_set"]
        answer = self.office.wasl("discard", name)
        self.assertEqual((answer.code, answer.error["code"]), (1, "not_found"))


if __name__ == "__main__":
    unittest.main()
