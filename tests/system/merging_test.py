"""Concurrent edits of two and three offices: nothing is overwritten silently (behaviour 1)."""
import unittest

from wasl_world import WorldTest


class Merging(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.init_hub()
        self.world.organisation("africa", "section")
        self.a = self.world.office("a", "africa", "publisher")
        self.b = self.world.office("b", "africa", "publisher")

    def record(self, *assignments):
        id = self.a.add("project", *assignments)
        self.sync_all(self.a, self.b)
        return id

    def project(self, office, column, id):
        return office.value(f"SELECT {column} FROM project WHERE id = ?", id)

    def test_edits_of_different_fields_both_survive(self):
        id = self.record("title=Water", "reference=R0")
        self.a.set("project", id, "reference=R1")
        self.b.set("project", id, "website=https://example.org")
        self.sync_all(self.a, self.b)
        for office in (self.a, self.b):
            self.assertEqual(self.project(office, "reference", id), "R1")
            self.assertEqual(self.project(office, "website", id), "https://example.org")
            self.assertEqual(office.conflicts(), [])

    def test_the_same_field_has_one_winner_and_keeps_both_values_until_resolved(self):
        id = self.record("title=Water", "status=pipeline")
        self.a.set("project", id, "status=implementation")
        self.b.set("project", id, "status=suspended")
        self.sync_all(self.a, self.b)
        shown = [self.project(office, "status", id) for office in (self.a, self.b)]
        self.assertEqual(shown[0], shown[1])
        for office in (self.a, self.b):
            (conflict,) = office.conflicts()
            self.assertEqual((conflict["register"], conflict["id"], conflict["field"], conflict["space"]),
                             ("project", id, "status", "section/africa"))
            self.assertEqual({v["value"] for v in conflict["values"]}, {"implementation", "suspended"})
            self.assertEqual([v["value"] for v in conflict["values"] if v["shown"]], [shown[0]])
            self.assertEqual(len({v["author"] for v in conflict["values"]}), 2)
            self.assertTrue(all(v["time"].endswith("Z") for v in conflict["values"]))
        (conflict,) = self.b.conflicts()
        take = [v["value"] for v in conflict["values"]].index("suspended")
        self.b.ok("resolve", "project", id, "status", "--take", take, "--note", "agreed")
        self.sync_all(self.b, self.a)
        for office in (self.a, self.b):
            self.assertEqual(office.conflicts(), [])
            self.assertEqual(self.project(office, "status", id), "suspended")

    def test_equal_values_are_no_conflict(self):
        id = self.record("title=Water")
        self.a.set("project", id, "reference=same")
        self.b.set("project", id, "reference=same")
        self.sync_all(self.a, self.b)
        self.assertEqual(self.a.conflicts(), [])
        self.assertEqual(self.b.conflicts(), [])

    def test_two_who_agree_and_a_third_who_then_edits_are_no_conflict(self):
        c = self.world.office("c", "africa")
        id = self.record("title=Water")
        c.sync()
        self.a.set("project", id, "reference=same")
        self.b.set("project", id, "reference=same")
        self.sync_all(self.a, self.b, c)
        c.set("project", id, "reference=new")
        self.sync_all(c, self.a, self.b)
        for office in (self.a, self.b, c):
            self.assertEqual(office.conflicts(), [])
            self.assertEqual(self.project(office, "reference", id), "new")

    def test_an_edit_beats_a_delete_and_the_record_is_back_whole_and_flagged(self):
        id = self.record("title=Water", "reference=R0", "theme=water,health")
        self.a.ok("delete", "project", id)
        self.b.set("project", id, "website=https://example.org")
        self.sync_all(self.a, self.b)
        for office in (self.a, self.b):
            self.assertEqual(self.project(office, "reference", id), "R0")
            self.assertEqual(self.project(office, "website", id), "https://example.org")
            self.assertEqual(office.rows("SELECT value FROM project_theme WHERE record = ? ORDER BY 1", id),
                             [("health",), ("water",)])
            kinds = [i["kind"] for i in office.ok("attention")["attention"] if i["id"] == id]
            self.assertIn("revived", kinds)

    def test_an_edit_over_a_conflict_leaves_the_head_it_did_not_see(self):
        c = self.world.office("c", "africa")
        id = self.record("title=Water", "reference=R0")
        c.sync()
        self.a.set("project", id, "reference=A")
        self.a.sync()
        self.b.set("project", id, "reference=B")
        c.sync()
        c.set("project", id, "reference=C")  # c saw A, not B
        self.sync_all(self.b, c, self.a)
        (conflict,) = self.a.conflicts()
        self.assertEqual({v["value"] for v in conflict["values"]}, {"B", "C"})

    def test_a_program_that_writes_back_a_whole_row_does_not_overwrite_a_remote_change(self):
        id = self.record("title=Water", "reference=old", "website=w")
        reference, website = self.b.rows("SELECT reference, website FROM project WHERE id = ?", id)[0]
        self.a.set("project", id, "reference=new")
        self.sync_all(self.a, self.b)
        self.b.sql(("UPDATE project SET reference = ?, website = ? WHERE id = ?", (reference, website + "2", id)))
        self.sync_all(self.b, self.a)
        (conflict,) = self.a.conflicts()
        self.assertEqual({v["value"] for v in conflict["values"]}, {"old", "new"})

    def test_any_program_writes_with_plain_sql(self):
        self.a.sql("INSERT INTO project(id, title) VALUES('sql-1', 'From SQL')",
                   "INSERT INTO project_theme(record, value) VALUES('sql-1', 'water')")
        self.sync_all(self.a, self.b)
        self.assertEqual(self.project(self.b, "title", "sql-1"), "From SQL")
        self.assertEqual(self.b.rows("SELECT value FROM project_theme"), [("water",)])
        self.b.sql("REPLACE INTO project(id, title) VALUES('sql-1', 'Replaced')")
        self.sync_all(self.b, self.a)
        self.assertEqual(self.project(self.a, "title", "sql-1"), "Replaced")
        self.a.sql("DELETE FROM project WHERE id = 'sql-1'")
        self.sync_all(self.a, self.b)
        self.assertIsNone(self.project(self.b, "id", "sql-1"))

    def test_a_wrong_value_is_refused_there_and_then(self):
        answer = self.a.wasl("add", "project", "title=x", "status=great")
        self.assertEqual(answer.code, 1)
        self.assertIn("project.status", answer.error["message"])
        with self.assertRaisesRegex(Exception, "project.status"):
            self.a.sql("INSERT INTO project(title, status) VALUES('x', 'great')")


if __name__ == "__main__":
    unittest.main()
