"""Publishing by editions, told by the real programs: an association's project, read in another section."""
import sqlite3
import subprocess
import unittest

from wasl_world import WorldTest, binary, run_json


class Publishing(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.world.organisation("asia", "section")
        self.one = self.world.office("one", "benin", language="fr")
        self.other = self.world.office("other", "benin")
        self.asia = self.world.office("asia", "asia")
        for office in (self.one, self.other):
            made = run_json([binary("wasl"), "key", "make", "--data", str(office.folder), "--json", "--plain"])
            self.world.hub("grant", "--person", made["key"], "--role", "publisher", "--organisation", "benin")
        self.manager = self.one.add("person", "name=Amina Confidential", "email=amina@example.org")
        self.id = self.one.add("project", "title.fr=Eau pour trois villes", "title.en=Water for three towns",
                               "status=pipeline", "budget=125000 XOF", f"manager={self.manager}", "website=")
        self.sync_all(self.one, self.other, self.asia)

    def publish(self, office, *more, to="public"):
        return office.ok("publish", "project", self.id, "--to", to, *more)

    def listed(self, office, *more):
        return [r["id"] for r in office.ok("list", "project", *more)["records"]]

    def test_an_edition_is_read_in_another_section_and_withdrawn(self):
        self.assertEqual(self.listed(self.asia), [])
        done = self.publish(self.one)
        self.assertIn({"field": "manager", "reason": "personal"}, done["left_out"])
        edition = done["id"]
        self.assertEqual(edition[14], "8")
        self.sync_all(self.one, self.asia, self.other)
        self.assertEqual(self.listed(self.asia), [edition])
        shown = self.asia.ok("show", "project", edition)
        self.assertEqual((shown["space"], shown["fields"]["title"]["fr"], shown["fields"]["manager"]),
                         ("public", "Eau pour trois villes", None))
        self.assertEqual([h["id"] for h in self.asia.ok("search", "Eau")["found"]], [edition])
        # Whoever holds the source lists that alone; naming the space shows what stands there.
        for office in (self.one, self.other):
            self.assertEqual(self.listed(office), [self.id])
            self.assertEqual(self.listed(office, "--space", "public"), [edition])
            self.assertEqual([h["id"] for h in office.ok("search", "Eau")["found"]], [self.id])
            self.assertEqual(office.ok("show", "project", self.id)["editions"],
                             [{"space": "public", "id": edition, "published": True}])
        self.other.ok("withdraw", "project", self.id)
        self.sync_all(self.other, self.asia, self.one)
        self.assertEqual(self.listed(self.asia), [])
        self.assertEqual(self.asia.ok("search", "Eau")["found"], [])
        self.assertEqual(self.one.wasl("withdraw", "project", self.id).error["code"], "not_found")
        self.publish(self.one)
        self.sync_all(self.one, self.asia)
        self.assertEqual(self.listed(self.asia), [edition])
        for office in (self.one, self.other, self.asia):
            self.sync_all(office)
            self.assertEqual(office.ok("verify")["problems"], [])
            self.assertEqual(office.conflicts(), [])

    def test_both_at_once_and_a_withdrawal_that_beats(self):
        edition = self.publish(self.one)["id"]
        self.assertEqual(self.publish(self.other)["id"], edition)
        self.sync_all(self.one, self.other, self.asia)
        self.assertEqual(self.listed(self.asia), [edition])
        self.assertEqual(self.asia.conflicts(), [])
        self.one.set("project", self.id, "title.en=Clean water")
        self.publish(self.one)
        self.other.ok("withdraw", "project", self.id, "--from", "public")
        self.sync_all(self.one, self.other, self.asia)
        self.assertEqual(self.listed(self.asia), [])

    def test_again_says_only_what_changed(self):
        self.publish(self.one, "--fields", "title,status")
        self.sync_all(self.one, self.asia)
        self.assertIsNone(self.publish(self.one)["signed"])
        self.one.set("project", self.id, "title.en=Clean water", "website=https://example.org")
        again = self.publish(self.one)
        self.assertEqual(again["fields"], ["title", "status"])
        self.sync_all(self.one, self.asia)
        self.assertEqual(self.asia.rows("SELECT title ->> 'en', status, website, budget FROM project"),
                         [("Clean water", "pipeline", None, None)])
        (log,) = [l for l in self.asia.ok("log", "project", again["id"])["history"]
                  if l["change_set"] == again["signed"] and "title" in l["what"]]
        self.assertNotIn("status", log["what"])

    def test_what_is_unfinished_stays_a_draft_in_words(self):
        self.one.set("project", self.id, "status=", "planned_start=2027-02-01", "planned_end=2027-01-01")
        answer = self.one.wasl("publish", "project", self.id, "--to", "public")
        self.assertEqual(answer.error["code"], "invalid_value")
        for words in ("n’est pas publiée", "champ obligatoire", "(status)", "(planned_start, planned_end)"):
            self.assertIn(words, answer.error["message"])
        self.one.set("project", self.id, "status=pipeline", "planned_end=")
        self.publish(self.one)

    def test_only_a_person_with_the_right_publishes(self):
        made = run_json([binary("wasl"), "key", "make", "--data", str(self.asia.folder), "--json", "--plain"])
        self.world.hub("grant", "--person", made["key"], "--role", "officer", "--organisation", "asia")
        own = self.asia.add("project", "title=Dams", "status=pipeline", "--space", "section/asia")
        self.sync_all(self.asia)
        answer = self.asia.wasl("publish", "project", own, "--to", "network")
        self.assertEqual(answer.error["code"], "unauthorised")
        self.assertIn("publish", answer.error["message"])
        edition = self.publish(self.one)["id"]
        self.sync_all(self.one, self.asia)
        with self.assertRaisesRegex(sqlite3.Error, "is an edition"):
            self.one.sql(("UPDATE project SET title = 'X' WHERE id = ?", (edition,)))
        with self.assertRaisesRegex(sqlite3.Error, "wasl publish"):
            self.one.sql(("DELETE FROM project_published WHERE record = ?", (edition,)))

    def test_a_draft_by_plain_sql_waits_for_a_signature(self):
        self.one.sql(("INSERT INTO act_draft(act, content) VALUES('publish', json_object('register', 'project', 'id', ?, "
                      "'to', 'public', 'fields', json_array('title', 'status')))", (self.id,)))
        self.sync_all(self.one, self.asia)
        self.assertEqual(self.listed(self.asia), [])
        (draft,) = self.one.ok("sign")["drafts"]
        self.assertEqual(draft["act"], "publish")
        self.one.ok("sign", draft["draft"])
        self.assertEqual(self.one.ok("sign")["drafts"], [])
        self.sync_all(self.one, self.asia)
        self.assertEqual(len(self.listed(self.asia)), 1)

    def test_from_section_to_network_the_innermost_is_listed(self):
        inner = self.publish(self.one, to="section/africa")["id"]
        self.sync_all(self.one, self.other)
        outer = self.other.ok("publish", "project", inner, "--to", "network")["id"]
        self.sync_all(self.other, self.asia, self.one)
        self.assertEqual(self.listed(self.asia), [outer])
        self.assertEqual(self.listed(self.one), [self.id])
        togo = self.world.office("togo", "togo")
        self.sync_all(togo)
        self.assertEqual(self.listed(togo), [inner])

    def test_no_persons_data_reaches_the_other_section(self):
        self.publish(self.one)
        self.sync_all(self.one, self.asia)
        self.assertEqual(len(self.listed(self.asia)), 1)
        for file in self.asia.folder.iterdir():
            if file.is_file():
                content = file.read_bytes()
                for secret in ("Amina", "amina@example.org", self.manager):
                    self.assertNotIn(secret.encode(), content, file)
        # History is packed; what comes out of it names no person either.
        log = self.asia.ok("log")
        self.assertNotIn(self.manager, str(log))
        self.assertNotIn("association/benin", str(log["history"]))


if __name__ == "__main__":
    unittest.main()
