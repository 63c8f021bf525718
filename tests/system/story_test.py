"""The whole story by real programs: a mandate is delegated, ended and its late work adopted; a stolen laptop is
revoked and wiped; an expert is forgotten; an auditor who trusts nobody checks all of it from a USB stick."""
import datetime
import os
import shutil
import subprocess
import sys
import pathlib
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import witness as reader  # noqa: E402
from wasl_world import MovedClocks, WorldTest, binary, run_json, until  # noqa: E402

DECEMBER = f"{datetime.date.today().year + 1}-12-31"


@unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
class Story(MovedClocks, WorldTest):
    def setUp(self):
        super().setUp()
        self.move_clocks()
        self.world.init_hub()
        self.network = self.world.hub("status")["network"]["id"]
        self.world.organisation("world", "world")
        self.world.organisation("africa", "section", "world")
        self.world.organisation("senegal", "association", "africa")
        self.president = self.world.office("president", "world")
        # The vice-president's office may read; what it may write comes from the delegation alone.
        self.vice = self.world.office("vice", "senegal", "auditor", "fr")
        self.dakar = self.world.office("dakar", "senegal")
        self.laptop = self.world.office("laptop", "senegal")
        self.auditor = self.world.office("auditor", "senegal", "auditor")
        self.stick = self.world.folder / "stick"
        self.stick.mkdir()

    def person(self, office):
        made = run_json([binary("wasl"), "key", "make", "--data", str(office.folder), "--json", "--plain"])
        self.assertEqual(made.code, 0, made.document)
        return made["key"]

    def on_another_machine(self, *arguments):
        """What the auditor runs: the program and the stick, no hub, no folder, no environment."""
        answer = run_json([binary("wasl"), *map(str, arguments), "--json"], cwd="/", env={"PATH": os.environ["PATH"]})
        self.assertEqual(answer.code, 0, answer.document)
        return answer.document

    def note(self):
        return reader.fetch(f"http://127.0.0.1:{self.world.port}", "/log/heads/checkpoint")[2]

    def copy_of_heads(self):
        base = f"http://127.0.0.1:{self.world.port}"
        folder = self.stick / "heads"
        note = reader.Note(self.note().decode(), self.world.hub("key")["vkey"])
        for index, width, body in reader.tiles(base, "/log/heads/", note.size):
            file = folder / f"tile/0/{reader.tile_index(index)}{'' if width == 256 else f'.p/{width}'}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        return folder

    def holds(self, folder, secret):
        return [p.name for p in folder.rglob("*") if p.is_file() and secret in p.read_bytes()]

    def test_from_the_delegation_to_the_audit(self):
        # The president delegates climate in Africa until December; the vice-president accepts.
        president_key, vice_key = self.person(self.president), self.person(self.vice)
        self.world.hub("grant", "--person", president_key, "--role", "president", "--organisation", "world")
        self.president.sync()
        self.president.ok("grant", "--to", "device")
        self.president.ok("add", "theme", "--id", "climate", "name=Climate", "--space", "network")
        self.sync_all(self.president, self.vice)
        (delegation,) = self.president.ok(
            "delegate", "--to", vice_key, "--rights", "read,write,review,grant", "--space", "section/africa", "--label",
            "theme=climate", "--until", DECEMBER, "--depth", "1", "--organisation", "senegal", "--role",
            "vice_president", "--level", "3", "--reason", "theme")["grants"]
        self.sync_all(self.president, self.vice)
        self.vice.ok("accept")
        self.sync_all(self.vice, self.president)
        (self.stick / "before.note").write_bytes(self.note())

        # The vice-president's office acts with no network; meanwhile the delegation is ended.
        self.president.ok("revoke", delegation[:16])
        self.president.sync()
        late = self.vice.ok("add", "project", "--space", "section/africa", "title.fr=Mangroves", "theme=climate")["id"]
        self.vice.sync()
        ((state, reason),) = [(w["state"], w["reason"]) for w in self.vice.status()["waiting"]]
        self.assertEqual((state, reason), ("held", "revoked"))

        # The secretariat sees what waits and adopts it.
        (waiting,) = {line["change_set"] for line in self.world.hub("quarantine", "list")["quarantine"]}
        self.world.hub("quarantine", "adopt", waiting)
        self.sync_all(self.vice, self.president)
        self.assertEqual(self.vice.status()["waiting"], [])
        self.assertEqual(self.president.value("SELECT count(*) FROM project WHERE id = ?", late), 1)

        # A laptop is stolen, revoked and wiped; what it had not sent is handed over and held.
        laptop = self.laptop.status()["device"]
        lost = self.laptop.add("project", "title=On the laptop only")
        self.world.hub("revoke", laptop[:12], "--reason", "lost")
        self.world.hub("wipe", laptop[:12])
        answer = self.laptop.wasl("sync", "--url", self.world.url)
        self.assertIn("wiped", answer.error["message"])
        self.assertFalse((self.laptop.folder / "replica.db").exists())
        self.assertIn(lost, {line["id"] for line in self.world.hub("quarantine", "list")["quarantine"]})

        # An expert asks to be forgotten.
        secret = b"Zaynab-qqexpert"
        expert = self.dakar.add("person", f"name={secret.decode()}")
        self.sync_all(self.dakar, self.auditor)
        self.assertTrue(self.holds(self.auditor.folder, secret))
        self.world.hub("erase", f"association/senegal#{expert}", "--reason", "requested")
        self.sync_all(self.dakar, self.auditor)
        self.set_clock("+73h")
        self.assertTrue(until(lambda: not self.holds(self.world.hub_folder, secret), 20))
        self.sync_all(self.dakar, self.auditor, self.president)
        for office in (self.dakar, self.auditor):
            self.assertEqual(self.holds(office.folder, secret), [])

        # The auditor takes a copy of an office, the log's heads, two checkpoints and a receipt; the hub is gone.
        (self.stick / "after.note").write_bytes(self.note())
        (self.stick / "vkey").write_text(self.world.hub("key")["vkey"])
        heads = self.copy_of_heads()
        receipt = self.stick / "mangroves.tlog-proof"
        self.president.ok("receipt", "project", late, "--out", str(receipt))
        shutil.copytree(self.auditor.folder, self.stick / "office")
        self.world.stop_hub()

        checked = self.on_another_machine("check-receipt", receipt, "--network", self.network)
        adopted = [c for c in checked["changes"] if "Mangroves" in str(c["operations"])]
        self.assertTrue(adopted and all(c["adopted"] for c in adopted), checked["changes"])
        self.assertTrue(all(c["rights"][-1]["issuer_is_registrar"] for c in checked["changes"]))
        compared = self.on_another_machine("proof", "compare", self.stick / "before.note", self.stick / "after.note",
                                           "--vkey", self.stick / "vkey", "--tiles", heads)
        self.assertEqual(compared["result"], "one history")
        verified = self.on_another_machine("verify", "--data", self.stick / "office")
        self.assertTrue(verified["ok"], verified["problems"])
        for space in verified["spaces"]:
            self.assertEqual(space["entries"], space["proved"])
        why = self.on_another_machine("why", "project", late, "--data", self.stick / "office")
        (title,) = [f for f in why["fields"] if f["field"] == "title"]
        self.assertEqual(title["grants"][-1]["registrar"], True)
        (erasure,) = self.on_another_machine("show", "person", expert, "--data", self.stick / "office")["erasures"]
        self.assertEqual(erasure["state"], "erased")
        grants = self.on_another_machine("grants", "--data", self.stick / "office")["grants"]
        self.assertIn((delegation, "ended"), [(g["grant"], g["standing"]) for g in grants])


if __name__ == "__main__":
    unittest.main()
