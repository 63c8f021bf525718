"""A president delegates climate in Africa to a vice-president until December, told by the real programs."""
import datetime
import unittest

from wasl_world import WorldTest, binary, run_json

DECEMBER = f"{datetime.date.today().year + 1}-12-31"


class Delegation(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.init_hub()
        self.world.organisation("world", "world")
        self.world.organisation("africa", "section", "world")
        self.world.organisation("senegal", "association", "africa")
        self.president = self.world.office("president", "world")
        # The vice-president's office may read; what it may write comes from the delegation alone.
        self.vice = self.world.office("vice", "senegal", "auditor", "fr")
        self.president_key = self.make_key(self.president)
        self.vice_key = self.make_key(self.vice)
        self.world.hub("grant", "--person", self.president_key, "--role", "president", "--organisation", "world")
        self.president.sync()
        self.president.ok("grant", "--to", "device")  # what the president reads and decides, the office does
        self.president.ok("add", "theme", "--id", "climate", "name=Climate", "--space", "network")
        self.sync_all(self.president, self.vice)

    def make_key(self, office):
        made = run_json([binary("wasl"), "key", "make", "--data", str(office.folder), "--json", "--plain"])
        self.assertEqual(made.code, 0, made.document)
        shown = run_json([binary("wasl"), "key", "show", "--data", str(office.folder), "--json"])
        self.assertEqual(shown["key"], made["key"])
        return made["key"]

    def delegate(self):
        """@return the name of the grant, accepted and handed on to the vice-president's device."""
        signed = self.president.ok(
            "delegate", "--to", self.vice_key, "--rights", "read,write,review,grant", "--space", "section/africa",
            "--label", "theme=climate", "--until", DECEMBER, "--depth", "1", "--organisation", "senegal", "--role",
            "vice_president", "--level", "3", "--reason", "theme")
        (grant,) = signed["grants"]
        self.sync_all(self.president, self.vice)
        self.assertEqual(self.standing(self.vice, grant), "offered")
        self.vice.ok("accept")
        self.sync_all(self.vice, self.president)
        self.assertEqual(self.standing(self.vice, grant), "valid")
        return grant

    def standing(self, office, grant):
        return {g["grant"]: g["standing"] for g in office.ok("grants")["grants"]}[grant]

    def project(self, title, theme):
        return self.vice.ok("add", "project", "--space", "section/africa", f"title={title}", f"theme={theme}")["id"]

    def waiting(self):
        return [(w["state"], w["reason"], w["explanation"]) for w in self.vice.status()["waiting"]]

    def test_the_vice_president_works_within_the_delegation_and_not_beside_it(self):
        self.delegate()
        within = self.project("Vert", "climate")
        self.sync_all(self.vice, self.president)
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.president.value("SELECT space FROM project WHERE id = ?", within), "section/africa")
        self.project("Bleu", "water")
        self.vice.sync()
        ((state, reason, words),) = self.waiting()
        self.assertEqual((state, reason), ("refused", "no_right"))
        self.assertIn("aucun droit", words)
        for office in (self.president, self.vice):
            self.assertEqual(office.ok("verify")["problems"], [])

    def test_moving_a_record_out_of_the_delegation_is_refused(self):
        self.delegate()
        id = self.project("Vert", "climate")
        self.sync_all(self.vice, self.president)
        self.vice.set("project", id, "theme-=climate")
        self.vice.sync()
        self.assertEqual([w[1] for w in self.waiting()], ["no_right"])

    def test_late_work_is_held_when_the_delegation_was_ended_meanwhile(self):
        grant = self.delegate()
        before = self.project("Avant", "climate")
        self.sync_all(self.vice, self.president)
        self.president.ok("revoke", grant[:16])
        self.president.sync()
        late = self.project("Trop tard", "climate")  # offline: the office does not know yet
        self.vice.sync()
        ((state, reason, words),) = self.waiting()
        self.assertEqual((state, reason), ("held", "revoked"))
        self.assertIn("a pris fin", words)
        self.president.sync()
        self.assertEqual(self.president.value("SELECT count(*) FROM project WHERE id = ?", before), 1)
        self.assertEqual(self.president.value("SELECT count(*) FROM project WHERE id = ?", late), 0)
        self.assertEqual(self.standing(self.vice, grant), "ended")

    def test_why_leads_from_a_field_to_the_registrar(self):
        grant = self.delegate()
        id = self.project("Vert", "climate")
        self.sync_all(self.vice, self.president)
        for office in (self.vice, self.president):
            fields = {f["field"]: f for f in office.ok("why", "project", id)["fields"]}
            chain = fields["title"]["grants"]
            self.assertEqual([g["kind"] for g in chain], ["device", "person", "person"])
            self.assertEqual([g["role"] for g in chain], ["vice_president", "vice_president", "president"])
            self.assertEqual(chain[1]["grant"], grant)
            self.assertEqual(chain[0]["issuer"], self.vice_key)
            self.assertEqual(chain[1]["issuer"], self.president_key)
            self.assertEqual([g["registrar"] for g in chain], [False, False, True])
            self.assertTrue(all(len(g["change_set"]) == 64 and g["position"] > 0 for g in chain))
            self.assertEqual(fields["theme"]["value"], "network#climate")
            self.assertIn("where theme is network#climate", chain[1]["rights"])

    def test_ending_the_mandate_ends_what_hangs_on_it(self):
        grant = self.delegate()
        (mandate,) = [g["grant"] for g in self.president.ok("grants", "--of", self.president_key)["grants"]
                      if g["role"] == "president"]
        self.president.ok("revoke", mandate, "--reason", "mandate_over")
        self.sync_all(self.president, self.vice)
        self.assertEqual(self.standing(self.vice, mandate), "ended")
        self.assertEqual(self.standing(self.vice, grant), "ended")
        answer = self.president.wasl("grant", "--to", self.vice_key, "--rights", "read", "--space", "network")
        self.assertEqual(answer.error["code"], "unauthorised")

    def test_nobody_delegates_more_than_they_hold(self):
        self.delegate()
        answer = self.vice.wasl("grant", "--to", self.president_key, "--rights", "read,write", "--space", "network")
        self.assertEqual(answer.error["code"], "unauthorised")
        self.assertIn("more than", answer.error["message"])

    def test_a_lower_mandate_proposes_and_the_holder_takes(self):
        self.delegate()
        id = self.president.ok("add", "mandate", "--space", "section/africa", "title=Climat", "status=in_office",
                               "theme=climate")["id"]
        self.sync_all(self.president, self.vice)
        self.vice.set("mandate", id, "status=ended")
        self.assertEqual(self.vice.value("SELECT status FROM mandate WHERE id = ?", id), "in_office")
        self.sync_all(self.vice, self.president)
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.president.conflicts(), [])
        (proposal,) = self.president.ok("proposals")["proposals"]
        self.assertEqual((proposal["register"], proposal["id"], proposal["field"]), ("mandate", id, "status"))
        self.assertEqual([(v["value"], v["level"], v["shown"]) for v in proposal["values"] if not v["shown"]],
                         [("ended", 3, False)])
        self.assertEqual(self.vice.wasl("take", "mandate", id, "status").error["code"], "unauthorised")
        self.president.ok("take", "mandate", id, "status", "--note", "agreed")
        self.sync_all(self.president, self.vice)
        for office in (self.president, self.vice):
            self.assertEqual(office.value("SELECT status FROM mandate WHERE id = ?", id), "ended")
            self.assertEqual(office.ok("proposals")["proposals"], [])

    def test_a_draft_of_an_act_is_written_by_sql_and_signed_by_a_person(self):
        self.president.sql("INSERT INTO act_draft(act, content) VALUES('grant', '{\"to\": \"" + self.vice_key +
                           "\", \"role\": \"reviewer\", \"organisation\": \"senegal\"}')")
        (draft,) = self.president.ok("sign")["drafts"]
        self.assertIn("reviewer", draft["words"])
        (grant,) = self.president.ok("sign", draft["draft"])["grants"]
        self.assertEqual(self.president.ok("sign")["drafts"], [])
        self.sync_all(self.president, self.vice)
        self.assertEqual(self.standing(self.vice, grant), "valid")


if __name__ == "__main__":
    unittest.main()
