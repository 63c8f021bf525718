"""What an auditor who trusts nobody can find out: the signed log over HTTP, receipts, witnesses, audits."""
import base64
import csv
import io
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import witness as reader  # noqa: E402
from wasl_world import Office, WorldTest, binary, run_json  # noqa: E402


class ProofTest(WorldTest):
    def base(self):
        return f"http://127.0.0.1:{self.world.port}"

    def vkey(self):
        return self.world.hub("key")["vkey"]

    def network(self):
        return self.world.hub("status")["network"]["id"]

    def checkpoint(self):
        return reader.Note(reader.fetch(self.base(), "/log/heads/checkpoint")[2].decode(), self.vkey())

    def check(self, file, network, code=0):
        """With no folder, in an empty environment, as on somebody else's machine."""
        answer = run_json([binary("wasl"), "check-receipt", str(file), "--network", network, "--json"],
                          cwd="/", env={"PATH": os.environ["PATH"]})
        self.assertEqual(answer.code, code, answer.document)
        return answer.document


class LogTest(ProofTest):
    def test_a_stranger_recomputes_everything_that_the_hub_signed(self):
        self.world.two_associations()
        secretariat = self.world.office("secretariat", "africa", "publisher")
        benin = self.world.office("benin", "benin")
        for i in range(12):
            secretariat.add("project", f"title.en=Public {i}", "--space", "public")
            benin.add("project", f"title.en=Private {i}")
            self.sync_all(secretariat, benin, rounds=1)
        base = self.base()
        status, headers, body = reader.fetch(base, "/log/heads/checkpoint")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "text/plain; charset=utf-8")
        self.assertNotIn("immutable", headers["Cache-Control"])
        note = self.checkpoint()
        leaves = reader.entries(base, "/log/heads/", note.size)
        tree = [reader.leaf_hash(leaf) for leaf in leaves]
        self.assertEqual(tree, reader.hashes(base, "/log/heads/", note.size))
        self.assertEqual(reader.root_of(tree), note.root)
        # The public space under its last leaf, and an entry of it that hashes into it.
        name, size, root, _ = [leaf for leaf in map(reader.read_leaf, leaves) if leaf[0] == b"public"][-1]
        public = [reader.leaf_hash(entry) for entry in reader.entries(base, "/log/public/", size)]
        self.assertEqual(public, reader.hashes(base, "/log/public/", size))
        self.assertEqual(reader.root_of(public), root)
        self.assertEqual(len(public), 12)
        # Private names stand blinded: 32 bytes, and none of them readable.
        names = {leaf[0] for leaf in map(reader.read_leaf, leaves)}
        self.assertTrue(names - {b"authority", b"public", b"network"})
        for name in names - {b"authority", b"public", b"network"}:
            self.assertEqual(len(name), 32)
        self.assertNotIn(b"benin", b"".join(leaves))

    def test_what_is_unknown_and_what_is_forbidden_look_the_same(self):
        self.world.two_associations()
        answers = set()
        for path in ("/", "/log", "/log/public/checkpoint", "/log/authority/tile/0/000.p/1",
                     "/log/network/tile/entries/000.p/1", "/log/association/benin/tile/entries/000.p/1",
                     "/log/nothing", "/log/heads/tile/0/999", "/log/heads/tile/0/0", "/log/heads/tile/64/000",
                     "/log/heads/../heads/checkpoint", "/log/heads/checkpoint/"):
            status, headers, body = reader.fetch(self.base(), path)
            headers.pop("Date", None)
            answers.add((status, tuple(sorted(headers.items())), body))
        self.assertEqual(len(answers), 1, answers)
        self.assertEqual(next(iter(answers))[0], 404)
        self.assertEqual(reader.fetch(self.base(), "/log/heads/checkpoint", "HEAD")[::2], (200, b""))
        self.assertEqual(reader.fetch(self.base(), "/log/heads/checkpoint", "POST")[0], 405)

    def test_a_hub_that_starts_again_with_another_history_is_caught_by_comparing(self):
        self.world.two_associations()
        before = self.world.folder / "hub-before"
        self.world.stop_hub()
        shutil.copytree(self.world.hub_folder, before)
        self.world.start_hub()
        self.world.organisation("mali", parent="africa")
        vkey = self.vkey()
        one = self.world.folder / "one.note"
        one.write_bytes(reader.fetch(self.base(), "/log/heads/checkpoint")[2])
        self.world.stop_hub()
        shutil.rmtree(self.world.hub_folder)
        shutil.move(before, self.world.hub_folder)
        self.world.start_hub()
        self.world.organisation("niger", parent="africa")
        other = self.world.folder / "other.note"
        other.write_bytes(reader.fetch(self.base(), "/log/heads/checkpoint")[2])

        def compare(a, b, *more):
            answer = run_json([binary("wasl"), "proof", "compare", str(a), str(b), "--vkey", vkey, "--json", *more])
            return answer.code, answer.document.get("result")

        self.assertEqual(compare(one, one), (0, "one history"))
        self.assertEqual(compare(one, other), (5, "two histories"))
        # A longer one of the second history: the notes alone say nothing, a copy of the log does.
        self.world.organisation("chad", parent="africa")
        longer = self.world.folder / "longer.note"
        longer.write_bytes(reader.fetch(self.base(), "/log/heads/checkpoint")[2])
        copy = self.world.folder / "copy"
        size = self.checkpoint().size
        for index, width, body in reader.tiles(self.base(), "/log/heads/", size):
            file = copy / f"tile/0/{reader.tile_index(index)}{'' if width == 256 else f'.p/{width}'}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        self.assertEqual(compare(one, longer), (4, "unknown"))
        self.assertEqual(compare(one, longer, "--tiles", str(copy)), (5, "two histories"))
        self.assertEqual(compare(other, longer, "--tiles", str(copy)), (0, "one history"))
        forged = self.world.folder / "forged.note"
        lines = one.read_text().split("\n")
        forged.write_text("\n".join([lines[0], str(int(lines[1]) + 1), *lines[2:]]))
        self.assertEqual(compare(one, forged)[0], 1)


class ReceiptTest(ProofTest):
    def test_a_receipt_is_checked_on_a_machine_that_has_nothing_else(self):
        self.world.two_associations()
        benin = self.world.office("benin", "benin")
        id = benin.add("project", "title.en=Water for three towns", "status=pipeline")
        benin.sync()
        benin.set("project", id, "status=closed")
        self.assertIn("error", benin.wasl("receipt", "project", "nothing").document)
        benin.sync()
        stick = self.world.folder / "stick"
        stick.mkdir()
        file = stick / "water.tlog-proof"
        made = benin.ok("receipt", "project", id, "--out", str(file))
        self.assertEqual(made["changes"], 2)
        self.assertEqual(benin.wasl("receipt", "project", id, "--out", str(file)).error["code"], "conflict")
        text = file.read_text()
        self.assertTrue(text.startswith("c2sp.org/tlog-proof@v1\nextra "))
        network = self.network()
        self.world.stop_hub()
        seen = self.check(file, network)
        self.assertEqual([change["organisation"] for change in seen["changes"]], ["benin", "benin"])
        self.assertIn("status = closed", seen["changes"][1]["operations"])
        self.assertTrue(seen["changes"][0]["rights"][-1]["issuer_is_registrar"])
        self.assertEqual(seen["network"]["id"], network)
        anchor = stick / "network.txt"
        anchor.write_text(network + "\n")
        self.check(file, str(anchor))
        self.check(file, "00" * 32, code=1)
        words = subprocess.run([binary("wasl"), "check-receipt", str(file), "--network", network],
                               stdout=subprocess.PIPE, check=True).stdout.decode()
        for word in ("benin", "officer", "registrar", "Under the checkpoint", "status = closed"):
            self.assertIn(word, words)
        lines = text.split("\n")
        extra = bytearray(base64.b64decode(lines[1].removeprefix("extra ")))
        extra[len(extra) // 2] ^= 1
        (stick / "forged").write_text("\n".join([lines[0], "extra " + base64.b64encode(extra).decode(), *lines[2:]]))
        self.assertTrue(self.check(stick / "forged", network, code=1)["error"]["message"])

    def test_verify_says_what_is_proved_and_fetches_what_is_missing(self):
        self.world.two_associations()
        benin, togo = self.world.office("benin", "benin"), self.world.office("togo", "togo")
        benin.add("project", "title.en=Water")
        benin.sync()
        before = togo.ok("verify")
        after = togo.ok("verify", "--fetch-history", "--url", self.world.url)
        self.assertTrue(after["ok"])
        self.assertGreaterEqual(after["change_sets"], before["change_sets"])
        for space in after["spaces"]:
            self.assertEqual(space["entries"], space["proved"])
        self.assertTrue(any("vouched for" in statement for statement in after["statements"]))
        kept = run_json([binary("wasl"), "proof", "evidence", "--data", str(togo.folder), "--json"])
        self.assertEqual(kept["evidence"], [])


class WitnessTest(ProofTest):
    def setUp(self):
        super().setUp()
        self.witness = reader.Witness("witness.example/w1")
        self.world.hub("init", "--name", "World network", "--witness", self.witness.public.hex())
        self.world.start_hub()
        self.world.organisation("africa", "section")

    def cosign(self):
        line = self.witness.cosign(self.base(), self.vkey())
        if line is None:
            return None
        file = self.world.folder / "cosigned.txt"
        file.write_text(line)
        answer = run_json([binary("wasl-hub"), "witness", "add", str(file), "--data", str(self.world.hub_folder), "--json"])
        return answer

    def keep_cosigning(self):
        stop = threading.Event()

        def work():
            while not stop.wait(0.1):
                self.cosign()

        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)

    def test_nothing_is_called_equal_before_the_witness_has_seen_it(self):
        office = self.world.office("office", "africa")
        office.add("project", "title.en=Water")
        answer = office.wasl("sync", "--url", self.world.url)
        self.assertEqual((answer.code, answer["equal"]), (4, None))
        self.assertTrue(any("witness" in notice for notice in office.status()["notices"]))
        self.assertEqual(self.cosign()["cosigned"], 1)
        self.assertIs(office.sync()["equal"], True)
        self.assertFalse(any("witness" in notice for notice in office.status()["notices"]))
        self.assertTrue(any("cosigned by 1 of 1" in statement for statement in office.ok("verify")["statements"]))
        # It outlives the hub, and a receipt holds it.
        self.world.stop_hub()
        self.world.start_hub()
        self.assertIs(office.sync()["equal"], True)
        id = office.value("SELECT id FROM project")
        file = self.world.folder / "receipt"
        office.ok("receipt", "project", id, "--out", str(file))
        seen = self.check(file, self.network())
        self.assertEqual((seen["checkpoint"]["cosigned"], seen["checkpoint"]["witnesses"]), (1, 1))
        kept = file.read_text().splitlines()
        (self.world.folder / "alone").write_text("\n".join(line for line in kept if "witness.example" not in line) + "\n")
        self.assertIn("witness", self.check(self.world.folder / "alone", self.network(), code=1)["error"]["message"])

    def test_a_witness_that_keeps_looking_costs_nobody_a_second_sync(self):
        self.keep_cosigning()
        office = self.world.office("office", "africa")
        office.add("project", "title.en=Water")
        self.assertIs(office.sync()["equal"], True)

    def test_lines_of_strangers_and_of_older_checkpoints_are_refused(self):
        self.assertEqual(self.cosign().code, 0)
        old = self.world.folder / "old.note"
        old.write_bytes(reader.fetch(self.base(), "/log/heads/checkpoint")[2])
        self.world.organisation("togo", parent="africa")
        stranger = reader.Witness("witness.example/w2")
        line = self.world.folder / "stranger.txt"
        line.write_text(stranger.cosign(self.base(), self.vkey()))
        for file, code in ((old, "conflict"), (line, "not_found")):
            answer = run_json([binary("wasl-hub"), "witness", "add", str(file), "--data", str(self.world.hub_folder),
                               "--json"])
            self.assertEqual(answer.error["code"], code)


class AuditTest(ProofTest):
    def audit(self, *arguments):
        return run_json([binary("wasl-hub"), "audit", "--data", str(self.world.hub_folder), "--json", *arguments])["audit"]

    def test_who_did_what(self):
        self.world.two_associations()
        benin, togo = self.world.office("benin", "benin"), self.world.office("togo", "togo")
        id = benin.add("project", "title.en==HYPERLINK(\"x\"), and more", "--space", "section/africa")
        benin.sync()
        togo.sync()
        togo.set("project", id, "status=closed")
        togo.sync()
        lines = self.audit("--record", f"project/{id}")
        self.assertEqual({line["organisation"] for line in lines}, {"benin", "togo"})
        self.assertEqual([line["what"] for line in lines if line["organisation"] == "togo"], ["status = closed"])
        for line in lines:
            self.assertEqual((line["by"], line["entry"], line["space"]), ("device", "accept", "section/africa"))
            self.assertTrue(line["grant"])
        key = benin.status()["device"]
        self.assertEqual({line["key"] for line in self.audit("--device", key[:12])}, {key})
        self.assertEqual({line["organisation"] for line in self.audit("--organisation", "togo", "--record", f"project/{id}")},
                         {"togo"})
        self.assertEqual(self.audit("--until", "2001-01-01"), [])
        self.assertTrue(self.audit("--from", "2001-01-01"))
        times = [line["time"] for line in self.audit()]
        self.assertEqual(times, sorted(times))
        text = subprocess.run([binary("wasl-hub"), "audit", "--data", str(self.world.hub_folder), "--csv",
                               "--record", f"project/{id}"], stdout=subprocess.PIPE, check=True).stdout.decode()
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual([row["what"] for row in rows], [line["what"] for line in lines])
        self.assertTrue(text.endswith("\r\n"))
        answer = run_json([binary("wasl-hub"), "audit", "--data", str(self.world.hub_folder), "--json", "--record", "x"])
        self.assertEqual((answer.code, answer.error["code"]), (1, "invalid_value"))
        # The same when nobody serves.
        self.world.stop_hub()
        self.assertEqual(self.audit("--record", f"project/{id}"), lines)


class InvitationTest(ProofTest):
    def scan(self, picture):
        return subprocess.run(["zbarimg", "--nodbus", "--quiet", "--raw", str(picture)], stdout=subprocess.PIPE, check=True,
                              env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": "none"}).stdout.decode().strip()

    def test_the_qr_code_scans(self):
        self.world.two_associations()
        picture = self.world.folder / "invitation.png"
        made = self.world.hub("invite", "--organisation", "benin", "--qr", "--png", str(picture))
        self.assertEqual(self.scan(picture), made["invitation"])
        self.assertEqual(picture.stat().st_mode & 0o777, 0o600)
        # The terminal's half blocks, drawn as a camera sees them: blocks are light.
        rows = []
        for line in made["qr"].splitlines():
            rows.append([character in "█▀" for character in line])
            rows.append([character in "█▄" for character in line])
        side = 6
        pixels = b"".join(bytes(255 if light else 0 for light in row for _ in range(side)) for row in rows for _ in range(side))
        drawn = self.world.folder / "terminal.pgm"
        drawn.write_bytes(f"P5 {len(rows[0]) * side} {len(rows) * side} 255\n".encode() + pixels)
        self.assertEqual(self.scan(drawn), made["invitation"])
        Office(self.world, "scanned").join(self.scan(picture))
        again = run_json([binary("wasl-hub"), "invite", "--organisation", "benin", "--png", str(picture), "--data",
                          str(self.world.hub_folder), "--json"])
        self.assertEqual(again.code, 0)
        self.assertIn("png_error", again.document)


if __name__ == "__main__":
    unittest.main()
