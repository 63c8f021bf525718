"""An office of one association never receives another association's private records (behaviour 8)."""
import unittest

from wasl_world import WorldTest


class Privacy(WorldTest):
    def test_no_byte_of_another_associations_space_is_in_the_files(self):
        self.world.two_associations()
        benin = self.world.office("benin", "benin")
        togo = self.world.office("togo", "togo")
        africa = self.world.office("africa", "africa")
        secret = "Porto-Novo confidential 8f2c"
        id = benin.add("project", "title=" + secret)
        shared = benin.ok("add", "project", "--space", "section/africa", "title=For the section")["id"]
        self.sync_all(benin, togo, africa)
        self.assertEqual(togo.rows("SELECT id FROM project"), [(shared,)])
        self.assertEqual([s["space"] for s in togo.status()["spaces"] if "benin" in s["space"]], [])
        for office in (togo, africa):
            for file in office.folder.iterdir():
                raw = file.read_bytes()
                self.assertNotIn(secret.encode(), raw, f"{office.name} {file.name}")
                self.assertNotIn(id.encode(), raw, f"{office.name} {file.name}")
        self.assertIn(secret.encode(), b"".join(f.read_bytes() for f in benin.folder.iterdir() if f.suffix != ".log"))


if __name__ == "__main__":
    unittest.main()
