"""Register descriptions put in force by the registrar, told by the real programs: tables follow, old offices go on."""
import json
import unittest

from wasl_world import ROOT, WorldTest, binary, run_json, until

LABELS = {"ar": "المتانة", "en": "Resilience", "fr": "Résilience", "es": "Resiliencia", "pt": "Resiliência"}


def description(name):
    return json.loads((ROOT / "schema" / "registers" / f"{name}.json").read_text())


class SchemaInForce(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.one = self.world.office("one", "benin")
        self.other = self.world.office("other", "benin")
        self.id = self.one.add("need", "title=Wells")
        self.sync_all(self.one, self.other)

    def publish(self, *descriptions):
        files = []
        for content in descriptions:
            path = self.world.folder / f"{content.get('name', 'wrong')}.json"
            path.write_text(json.dumps(content, ensure_ascii=False))
            files.append(str(path))
        return run_json([binary("wasl-hub"), "schema", "publish", "--data", str(self.world.hub_folder), "--json", *files])

    def with_field(self, **more):
        content = description("need")
        number = max(field["number"] for field in content["fields"]) + 1
        content["fields"].append({"number": number, "name": "resilience", "type": "text", "policy": "latest",
                                  "labels": LABELS, **more})
        return content

    def test_a_new_field_reaches_every_office_and_one_that_is_behind_works_on(self):
        published = self.publish(self.with_field())
        self.assertEqual(published.code, 0, published.document)
        self.assertIn("need", published["published"])
        self.assertTrue(self.one.sync()["equal"])
        self.one.set("need", self.id, "resilience=high")
        self.assertTrue(self.one.sync()["equal"])
        # The other has heard nothing of it, and writes as before.
        self.assertEqual(self.other.wasl("set", "need", self.id, "resilience=low").error["code"], "not_found")
        self.other.set("need", self.id, "title=Deep wells")
        self.sync_all(self.other, self.one)
        for office in (self.one, self.other):
            self.assertEqual(office.rows("SELECT title, resilience FROM need"), [("Deep wells", "high")])
            self.assertEqual(office.conflicts(), [])
            self.assertEqual(office.ok("show", "need", self.id)["fields"]["resilience"], "high")
        fields = {f["name"] for f in self.other.ok("registers", "need")["registers"][0]["fields"]}
        self.assertIn("resilience", fields)
        late = self.world.office("late", "benin")
        self.assert_whole(self.one, self.other, late)

    def test_a_daemon_follows_while_it_runs(self):
        self.one.daemon()
        self.assertTrue(until(lambda: self.one.status()["last_sync"]))
        self.publish(self.with_field())
        self.assertTrue(until(lambda: ("resilience",) in self.one.rows("SELECT name FROM pragma_table_info('need')")))
        self.one.sql("UPDATE need SET resilience = 'by a program'")
        self.assertTrue(until(lambda: self.one.status()["unsent"] == 0 and self.other.sync()["equal"] and self.other.value(
            "SELECT resilience FROM need") == "by a program"))

    def test_a_new_register_is_a_table_of_every_office(self):
        practice = {"number": 90, "name": "practice", "caption": "title", "default_space": "own", "labels": LABELS,
                    "fields": [{"number": 1, "name": "title", "type": "multilingual", "policy": "latest", "labels": LABELS,
                                "search": "title"}]}
        self.assertEqual(self.publish(practice).code, 0)
        self.one.sync()
        id = self.one.add("practice", "title=Rain harvest")
        self.sync_all(self.one, self.other)
        self.assertEqual([r["id"] for r in self.other.ok("list", "practice")["records"]], [id])
        self.assertEqual([r["id"] for r in self.other.ok("search", "harvest")["found"]], [id])
        listed = run_json([binary("wasl-hub"), "schema", "list", "--data", str(self.world.hub_folder), "--json"])
        self.assertTrue(listed["published"])
        self.assertIn("practice", [r["register"] for r in listed["registers"]])

    def test_wrong_descriptions_are_refused_in_words(self):
        def refusal(content):
            answer = self.publish(content)
            self.assertEqual((answer.code, answer.error.get("code")), (1, "invalid_value"), answer.document)
            return answer.error["message"]

        changed = description("need")
        changed["fields"][0]["policy"] = "authority"
        self.assertIn("policy", refusal(changed))
        shorter = description("need")
        gone = shorter["fields"].pop(2)["name"]
        self.assertIn(f"fields.{gone}: is missing", refusal(shorter))
        self.assertIn("number", refusal({"name": "nothing"}))
        self.assertIn("most_bytes", refusal(self.with_field(most_bytes=99999)))
        nameless = run_json([binary("wasl-hub"), "schema", "publish", "--data", str(self.world.hub_folder), "--json"])
        self.assertEqual(nameless.error["code"], "invalid_value")
        missing = run_json([binary("wasl-hub"), "schema", "publish", "--data", str(self.world.hub_folder), "--json", "none.json"])
        self.assertEqual(missing.error["code"], "not_found")
        listed = run_json([binary("wasl-hub"), "schema", "list", "--data", str(self.world.hub_folder), "--json"])
        self.assertFalse(listed["published"])
        self.assertTrue(self.one.sync()["equal"])

    def test_all_is_once(self):
        publish_all = [binary("wasl-hub"), "schema", "publish", "--data", str(self.world.hub_folder), "--json", "--all"]
        self.assertGreater(len(run_json(publish_all)["published"]), 10)
        self.assertEqual(run_json(publish_all)["published"], [])
        self.assert_whole(self.one, self.other)


if __name__ == "__main__":
    unittest.main()
