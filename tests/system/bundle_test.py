"""Work travels by stick alone: real offices and a real hub that no line joins, bundles between them in any order,
twice, old, cut, damaged and split. What is private can be read by nobody on the way."""
import contextlib
import os
import shutil
import sqlite3
import subprocess
import unittest

from wasl_world import WorldTest, binary, run_json


class BundleTest(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.home = self.world.office("home", "benin")
        self.away = self.world.office("away", "togo")
        self.sync_all(self.home, self.away)
        self.world.stop_hub()
        self.stick = self.world.folder / "stick"
        self.stick.mkdir()

    def key(self, office):
        return office.status()["device"]

    @staticmethod
    def carried_by(office):
        connection = sqlite3.connect(f"file:{office.folder}/carried.db?mode=ro", uri=True, timeout=5)
        with contextlib.closing(connection):
            return connection.execute("SELECT count(*) FROM carried").fetchone()[0]

    def bring(self, office, name, *options):
        """@return what the hub said of the office's bundle."""
        office.ok("bundle export", self.stick / name, *options)
        return self.world.hub("bundle", "import", str(self.stick / name)).document

    def fetch(self, office, name, *options):
        self.world.hub("bundle", "export", str(self.stick / name), "--device", self.key(office), *options)
        return office.wasl("bundle import", self.stick / name)

    def round_trip(self, *offices):
        """Each office's work to the hub, then everything to each office."""
        self.number = getattr(self, "number", 0) + 1
        said = [self.bring(office, f"{office.name}-{self.number}.up") for office in offices]
        for office in offices:
            answer = self.fetch(office, f"{office.name}-{self.number}.down")
            self.assertEqual((answer.code, answer["equal"], answer["complete"]), (0, True, True), answer.document)
        return said

    def assert_same(self):
        for office in (self.home, self.away):
            self.assertEqual(office.ok("verify")["problems"], [], office.name)
            now = office.status()
            self.assertEqual((now["unsent"], now["held"], now["refused"]), (0, 0, 0), now)
        shared = "SELECT id, title, status FROM project ORDER BY id"
        self.assertEqual(self.home.rows(shared), self.away.rows(shared))

    def assert_whole_over_a_link(self):
        self.world.start_hub()
        for office in (self.home, self.away):
            answer = office.sync()
            self.assertIs(answer["equal"], True, office.name)
            self.assertEqual(office.ok("verify")["problems"], [], office.name)


class ByStickAlone(BundleTest):
    def test_two_offices_exchange_their_work_and_prove_it(self):
        mine = self.home.add("project", "--space", "section/africa", "title=Eau pour tous", "status=pipeline")
        person = self.home.add("person", "name=Afi Mensah-qq", "email=afi@example.org")
        theirs = self.away.add("project", "--space", "section/africa", "title=Light", "status=pipeline")
        said = self.round_trip(self.home, self.away)
        self.assertEqual([(s["refused"], s["held"], s["later"], s["waiting"]) for s in said], [(0, 0, 0, 0)] * 2)
        self.assertGreaterEqual(said[0]["accepted"], 2)
        self.round_trip(self.home, self.away)
        self.assert_same()
        for office in (self.home, self.away):
            self.assertEqual({row[0] for row in office.rows("SELECT id FROM project")}, {mine, theirs})
        self.assertEqual(self.home.value("SELECT name FROM person WHERE id = ?", person), "Afi Mensah-qq")

        # Both edit one field without knowing of the other: a conflict, alike in both.
        self.home.set("project", mine, "title=Eau")
        self.away.set("project", mine, "title=Water")
        self.round_trip(self.home, self.away)
        self.round_trip(self.home, self.away)
        self.assert_same()
        self.assertEqual([len(office.conflicts()) for office in (self.home, self.away)], [1, 1])
        self.assert_whole_over_a_link()

    def test_verdicts_come_back(self):
        self.world.start_hub()
        self.world.hub("revoke", self.key(self.away), "--reason", "lost")
        self.world.stop_hub()
        self.away.add("project", "--space", "section/africa", "title=Late")
        said = self.bring(self.away, "late.up")
        self.assertEqual((said["accepted"], said["held"]), (0, said["change_sets"]))
        answer = self.fetch(self.away, "late.down")
        self.assertTrue(answer["answer"])
        now = self.away.status()
        self.assertEqual(now["unsent"], 0)
        self.assertGreaterEqual(now["held"], 1)

        # A newer word stands, also when the older one comes again.
        self.world.hub("quarantine", "adopt", "--device", self.key(self.away))
        self.assertEqual(self.fetch(self.away, "adopted.down").code, 0)
        self.assertEqual(self.away.status()["held"], 0)
        self.away.wasl("bundle import", self.stick / "late.down")
        self.assertEqual(self.away.status()["held"], 0)

    def test_the_serving_hub_takes_and_gives_them_too(self):
        self.world.start_hub()
        id = self.home.add("project", "--space", "section/africa", "title=Eau")
        self.assertGreaterEqual(self.bring(self.home, "up")["accepted"], 1)
        self.assertIs(self.away.sync()["equal"], True)
        self.assertEqual(self.away.value("SELECT id FROM project WHERE id = ?", id), id)
        self.assertEqual(self.fetch(self.home, "down").code, 0)
        self.assertEqual(self.home.status()["unsent"], 0)

    def test_person_keys_and_attached_values_travel(self):
        """What a section reads comes to every office of it, what is one association's to that one alone."""
        self.home.add("person", "name=Akosua-qqa", "phone=+229 1")
        self.round_trip(self.home, self.away)
        self.assertEqual(self.away.rows("SELECT name FROM person"), [])
        self.assert_same()


class InAnyOrder(BundleTest):
    def test_twice_old_and_out_of_order(self):
        behind = 0
        for turn in range(3):
            self.home.add("project", "--space", "section/africa", f"title=P{turn}")
            self.bring(self.home, f"{turn}.up")
            self.world.hub("bundle", "export", str(self.stick / f"{turn}.down"), "--device", self.key(self.away),
                           "--since", str(behind))
            behind = next(one["position"] for one in self.world.hub("status")["spaces"]
                          if one["space"] == "section/africa")
        # The last first: a gap, in words, and nothing of what stands behind it.
        late = self.away.wasl("bundle import", self.stick / "2.down")
        self.assertEqual((late.code, late["equal"], late["complete"]), (4, None, False))
        self.assertEqual(self.away.value("SELECT count(*) FROM project"), 0)
        (missing,) = [one["missing"] for one in late["spaces"] if "missing" in one]
        self.assertEqual(missing["first"], 1)
        # Together in the wrong order: each fills the other's gap.
        done = self.away.wasl("bundle import", *(self.stick / f"{turn}.down" for turn in (2, 0, 1)))
        self.assertEqual((done.code, done["equal"]), (0, True), done.document)
        self.assertEqual(self.away.value("SELECT count(*) FROM project"), 3)
        for turn in (0, 2, 1, 1):
            again = self.away.wasl("bundle import", self.stick / f"{turn}.down")
            self.assertEqual((again.code, sum(one["change_sets"] for one in again["spaces"])), (0, 0), again.document)
            said = self.world.hub("bundle", "import", str(self.stick / f"{turn}.up"))
            self.assertEqual(said["accepted"], said["change_sets"])
        self.assertEqual(self.fetch(self.home, "home.down").code, 0)
        self.assert_same()
        self.assert_whole_over_a_link()

    def test_from_office_to_office_without_the_hub(self):
        """What one office has proved, it hands on, and its own unsent work with it."""
        self.home.add("project", "--space", "section/africa", "title=Old")
        self.bring(self.home, "up")
        self.assertEqual(self.fetch(self.home, "down").code, 0)
        fresh = self.home.add("project", "--space", "section/africa", "title=Not at the hub yet")
        self.home.ok("bundle export", self.stick / "for-others", "--all")
        taken = self.away.wasl("bundle import", self.stick / "for-others")
        self.assertEqual((taken.code, taken["equal"]), (0, True), taken.document)
        # What no hub has placed is shown over what is confirmed.
        self.assertEqual(self.away.rows("SELECT title FROM project ORDER BY title"), [("Not at the hub yet",), ("Old",)])
        self.assertEqual(self.away.ok("verify")["problems"], [])
        self.assertGreaterEqual(taken["carried"], 1)
        self.assertEqual(self.away.wasl("bundle import", self.stick / "for-others")["carried"], 0)

        # It comes to the hub with the other office's bundle, and its author hears of it.
        said = self.bring(self.away, "carrier.up")
        self.assertEqual((said["accepted"], said["refused"]), (said["change_sets"], 0))
        self.assertEqual(self.fetch(self.away, "carrier.down")["equal"], True)
        self.assertEqual(self.away.value("SELECT id FROM project WHERE id = ?", fresh), fresh)
        self.assertEqual(self.carried_by(self.away), 0)
        self.assertEqual(self.home.status()["unsent"], 1)
        self.assertEqual(self.fetch(self.home, "author.down")["equal"], True)
        self.assertEqual(self.home.status()["unsent"], 0)
        self.assert_same()

    def test_what_is_carried_goes_over_a_link_too(self):
        self.home.add("project", "--space", "section/africa", "title=By another's line")
        self.home.ok("bundle export", self.stick / "for-others", "--all")
        self.away.ok("bundle import", self.stick / "for-others")
        self.world.start_hub()
        self.assertIs(self.away.sync()["equal"], True)
        self.assertEqual(self.away.value("SELECT count(*) FROM project"), 1)
        self.assertEqual(self.carried_by(self.away), 0)
        self.assertIs(self.home.sync()["equal"], True)
        self.assert_same()

    def test_split_for_mail(self):
        import random
        dice = random.Random(7)
        text = lambda: "".join(dice.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(15000))
        for _ in range(4):
            self.home.sql(*[("INSERT INTO project(space, title, summary) VALUES('section/africa', ?, ?)", (f"T{i}", text()))
                            for i in range(150)])
        out = self.home.ok("bundle export", self.stick / "mail", "--split", "2200k")
        files = [one["file"] for one in out["files"]]
        self.assertGreater(len(files), 2)
        self.assertTrue(all(one["bytes"] <= 2_200_000 for one in out["files"]), out["files"])
        self.assertTrue(files[0].endswith(f"mail.1-of-{len(files)}"), files)
        # One after the other, the first one twice; parts of a group wait for each other.
        said = self.world.hub("bundle", "import", files[0], *files[1:])
        self.assertEqual((said["accepted"], said["waiting"], said["later"]), (said["change_sets"], 0, 0))
        down = self.world.hub("bundle", "export", str(self.stick / "down"), "--device", self.key(self.away), "--split",
                              "2200k")
        parts = [one["file"] for one in down["files"]]
        self.assertGreater(len(parts), 2)
        middle = self.away.wasl("bundle import", parts[1])
        self.assertEqual(middle.code, 4)
        first = self.away.wasl("bundle import", parts[0])
        self.assertEqual(first.code, 0, first.document)
        held = self.away.value("SELECT count(*) FROM project")
        rest = self.away.wasl("bundle import", *reversed(parts))
        self.assertEqual((rest.code, rest["equal"]), (0, True), rest.document)
        self.assertGreater(self.away.value("SELECT count(*) FROM project"), held)
        self.assertEqual(self.away.value("SELECT count(*) FROM project"), 600)
        self.assertEqual(self.fetch(self.home, "home.down")["equal"], True)
        self.assert_same()


class WithFiles(BundleTest):
    """Files of records go by stick, too: sealed, checked chunk by chunk, in any order."""

    def attached(self, office, size, seed, space="section/africa"):
        import random
        path = self.world.folder / f"report-{seed}.bin"
        path.write_bytes(random.Random(seed).randbytes(size))
        id = office.add("document", "--space", space, f"title=Report {seed}", "kind=report")
        office.ok("attach", "document", id, "file", path)
        return id, path

    def out_of(self, office, id):
        to = self.world.folder / f"out-{office.name}-{id}"
        office.ok("fetch", "document", id, "file", "--out", to)
        return to.read_bytes()

    def is_here(self, office, id):
        return next(f for f in office.ok("attachments")["files"] if f["id"] == id)

    def test_to_the_hub_and_from_there_to_another_office(self):
        id, path = self.attached(self.home, 100_000, 1)
        large, _ = self.attached(self.home, 3_000_000, 2)
        up = self.home.ok("bundle export", self.stick / "up", "--with-files", "--up-to", "1M")
        self.assertEqual((up["attachments"], up["attachment_bytes"]), (1, 100_000))
        said = self.world.hub("bundle", "import", str(self.stick / "up"))
        self.assertEqual(said["attachments"], {"named": 1, "whole": 1, "received_chunks": 8})
        twice = self.world.hub("bundle", "import", str(self.stick / "up"))
        self.assertEqual(twice["attachments"], {"named": 1, "whole": 1, "received_chunks": 0})
        down = self.world.hub("bundle", "export", str(self.stick / "down"), "--device", self.key(self.away), "--with-files")
        self.assertEqual(down["attachments"], 1)
        inside = self.away.ok("bundle inspect", self.stick / "down")["bundles"][0]["frames"]
        self.assertEqual([f["files"][0]["size"] for f in inside if f.get("kind") == "files"], [100_000])
        self.assertEqual(len([f for f in inside if f.get("kind") == "chunk"]), 8)
        self.assertNotIn(path.read_bytes()[:64], (self.stick / "down").read_bytes())
        got = self.away.ok("bundle import", self.stick / "down")
        self.assertEqual((got["received_chunks"], [f["here"] for f in got["attachments"]]), (8, [True]))
        self.assertEqual(self.out_of(self.away, id), path.read_bytes())
        self.assertFalse(self.is_here(self.away, large)["here"])
        self.world.start_hub()  # what a bundle brought is asked about, and known to be there
        self.assertEqual(self.home.sync()["files"]["sent_chunks"], 185)  # the large one alone
        self.assertTrue(self.is_here(self.home, id)["at_hub"])
        self.assertTrue(self.away.sync()["equal"])
        self.assertTrue(self.is_here(self.away, id)["at_hub"])

    def test_split_damaged_and_in_any_order(self):
        id, path = self.attached(self.home, 6_000_000, 3)
        self.bring(self.home, "work")
        self.world.hub("bundle", "export", str(self.stick / "answer"), "--device", self.key(self.home))
        self.home.ok("bundle import", self.stick / "answer")
        out = self.home.ok("bundle export", self.stick / "all", "--all", "--with-files", "--split", "2200k")
        parts = [one["file"] for one in out["files"]]
        self.assertGreaterEqual(len(parts), 3)
        self.assertEqual(out["attachments"], 1)
        # The last part first: no record here names the file yet.
        early = self.away.wasl("bundle import", parts[-1])
        self.assertEqual(early["received_chunks"], 0)
        whole = open(parts[1], "rb").read()
        with open(parts[1], "wb") as damaged:
            damaged.write(whole[:1_000_000] + bytes([whole[1_000_000] ^ 1]) + whole[1_000_001:])
        some = self.away.wasl("bundle import", *reversed(parts))
        self.assertEqual((some.code, [f["here"] for f in some["attachments"]]), (4, [False]), some.document)
        chunks = some["attachments"][0]["chunks"]
        self.assertEqual(chunks["here"], chunks["all"] - 1)
        with open(parts[1], "wb") as again:
            again.write(whole)
        rest = self.away.ok("bundle import", parts[1])
        self.assertEqual(rest["received_chunks"], 1)
        self.assertEqual(self.out_of(self.away, id), path.read_bytes())

    def test_who_may_not_read_gets_nothing(self):
        id, _ = self.attached(self.home, 50_000, 4, "association/benin")
        self.home.ok("bundle export", self.stick / "all", "--all", "--with-files")
        got = self.away.wasl("bundle import", self.stick / "all")
        self.assertEqual((got["received_chunks"], got["attachments"]), (0, []))
        self.assertGreaterEqual(got["sealed_for_others"], 5)


class OnTheWay(BundleTest):
    def found(self, path, words):
        data = path.read_bytes()
        return [word for word in words if word in data or word.hex().encode() in data]

    def test_nobody_on_the_way_reads_what_is_private(self):
        self.home.add("person", "name=Zaynab-qqone", "email=qqtwo@example.org", "note=qqthree " + "x" * 300)
        self.home.add("project", "--space", "section/africa", "title=Secret-qqfour")
        secrets = [b"Zaynab", b"qqone", b"qqtwo", b"qqthree", b"qqfour", b"benin", b"africa", b"association"]
        self.bring(self.home, "up")
        self.assertEqual(self.found(self.stick / "up", secrets), [])
        self.assertEqual(self.fetch(self.home, "down").code, 0)
        self.assertEqual(self.found(self.stick / "down", secrets[:5]), [])
        self.world.hub("bundle", "export", str(self.stick / "all"), "--all")
        self.assertEqual(self.found(self.stick / "all", secrets[:5]), [])
        self.home.ok("bundle export", self.stick / "office", "--all")
        self.assertEqual(self.found(self.stick / "office", secrets[:5]), [])

        # Without a key: for whom, how large, how many, whole or not.
        seen = run_json([binary("wasl"), "bundle", "inspect", str(self.stick / "up"), "--json"],
                        env={k: v for k, v in os.environ.items() if k != "WASL_DATA"})
        (one,) = seen["bundles"]
        self.assertEqual((one["for"], one["whole"], one["by"]["key"][:12]), ("hub", True, self.key(self.home)[:12]))
        self.assertEqual(one["sealed_frames"], len(one["frames"]))
        self.assertTrue(all("space" not in frame for frame in one["frames"]))
        (opened,) = self.world.hub("bundle", "inspect", str(self.stick / "up"))["bundles"]
        self.assertEqual(opened["sealed_frames"], 0)

        # Who reads some spaces of a bundle for all, opens those alone.
        self.assertEqual(self.away.wasl("bundle import", self.stick / "all")["equal"], True)
        self.assertEqual(self.away.rows("SELECT name FROM person"), [])
        shared = self.away.wasl("bundle import", self.stick / "all")
        self.assertGreater(shared["sealed_for_others"], 0)

    def test_damaged_cut_and_foreign_files_are_named(self):
        self.home.add("project", "--space", "section/africa", "title=Eau")
        self.bring(self.home, "up")
        self.world.hub("bundle", "export", str(self.stick / "down"), "--device", self.key(self.away))
        whole = (self.stick / "down").read_bytes()
        projects = "SELECT id, title FROM project ORDER BY id"

        def importing(name, data):
            (self.stick / name).write_bytes(data)
            return self.away.wasl("bundle import", self.stick / name)

        for name, data, code, words in (
                ("empty", b"", "malformed", "empty"),
                ("picture", b"\x89PNG" + whole, "malformed", "no bundle"),
                ("text", whole.replace(b"\r\n", b"\n"), "malformed", "no bundle"),
                ("newer", whole[:12] + b"\x02" + whole[13:], "unsupported", "newer version"),
                ("head", whole[:40] + b"\xff" + whole[41:], "malformed", "damaged"),
                ("huge", whole + bytes(64 * 1024 * 1024), "limit_exceeded", "larger")):
            answer = importing(name, data)
            self.assertEqual((answer.code, answer.error.get("code")), (1, code), name)
            self.assertIn(words, answer.error["message"])
            self.assertTrue(answer.error["hint"], name)
        other = self.away.wasl("bundle import", self.stick / "up")
        self.assertEqual((other.code, other.error["code"]), (1, "unauthorised"))
        self.world.hub("bundle", "export", str(self.stick / "home"), "--device", self.key(self.home))
        other = self.away.wasl("bundle import", self.stick / "home")
        self.assertIn("another device", other.error["message"])
        self.assertEqual(self.away.rows(projects), [])

        cut = importing("cut", whole[:-100])
        self.assertEqual(cut.code, 4)
        self.assertIn("cut", cut["not_taken"][0])
        # Any byte: what is hit is named, nothing else is believed of it, and the whole copy repairs all.
        for at in range(len(whole) // 3, len(whole), max(1, len(whole) // 12)):
            data = bytearray(whole)
            data[at] ^= 0x20
            hit = importing("hit", bytes(data))
            self.assertIn(hit.code, (1, 4), hit.document)
            self.assertTrue(hit.error or hit["not_taken"])
        done = importing("again", whole)
        self.assertEqual((done.code, done["equal"]), (0, True), done.document)
        self.assertEqual(len(self.away.rows(projects)), 1)
        self.assertEqual(self.away.ok("verify")["problems"], [])

    def test_another_network(self):
        with type(self.world)() as other:
            other.two_associations()
            office = other.office("abroad", "benin")
            office.ok("bundle export", self.stick / "abroad.up")
            other.hub("bundle", "export", str(self.stick / "abroad.down"), "--all")
            answer = self.home.wasl("bundle import", self.stick / "abroad.down")
            self.assertEqual((answer.code, answer.error["code"]), (1, "wrong_network"))
            answer = run_json([binary("wasl-hub"), "bundle", "import", "--data", str(self.world.hub_folder), "--json",
                               str(self.stick / "abroad.up")])
            self.assertEqual((answer.code, answer.error["code"]), (1, "wrong_network"))

    def test_a_hub_that_was_restored_is_noticed(self):
        copy = self.world.folder / "copy"
        shutil.copytree(self.world.hub_folder, copy)
        self.home.add("project", "--space", "section/africa", "title=One")
        self.assertFalse(self.bring(self.home, "one.up")["other_history"])
        self.assertEqual(self.fetch(self.home, "one.down")["equal"], True)
        # The copy goes on with other work, as if nothing had been.
        self.away.add("project", "--space", "section/africa", "title=Other")
        self.away.ok("bundle export", self.stick / "two.up")
        said = self.world.hub("bundle", "import", str(self.stick / "two.up"), folder=copy)
        self.assertGreaterEqual(said["accepted"], 1)
        self.home.add("project", "--space", "section/africa", "title=Two")
        self.home.ok("bundle export", self.stick / "three.up")
        told = self.world.hub("bundle", "import", str(self.stick / "three.up"), folder=copy)
        self.assertTrue(told["other_history"], told.document)
        self.world.hub("bundle", "export", str(self.stick / "lie"), "--device", self.key(self.home), "--since", "0",
                       folder=copy)
        caught = self.home.wasl("bundle import", self.stick / "lie")
        self.assertEqual((caught.code, caught.error["code"]), (5, "caught"), caught.document)
        # Nothing of it was taken, and the true hub is still believed.
        proved = self.home.ok("verify")["statements"]
        self.assertTrue(any(words.startswith("evidence kept: the hub") for words in proved), proved)
        self.assertEqual({row[0] for row in self.home.rows("SELECT title FROM project")}, {"One", "Two"})
        self.assertGreaterEqual(self.bring(self.home, "four.up")["accepted"], 1)
        self.assertEqual(self.fetch(self.home, "four.down")["equal"], True)


class OnTheStick(BundleTest):
    def left(self):
        return sorted(one.name for one in self.stick.iterdir())

    def test_a_name_that_is_taken_and_a_folder_that_is_not_there(self):
        self.home.add("project", "--space", "section/africa", "title=Eau")
        self.home.ok("bundle export", self.stick / "up")
        before = (self.stick / "up").read_bytes()
        answer = self.home.wasl("bundle export", self.stick / "up")
        self.assertEqual((answer.code, answer.error["code"]), (1, "conflict"))
        self.assertEqual((self.stick / "up").read_bytes(), before)
        answer = self.home.wasl("bundle export", self.stick / "nowhere" / "up")
        self.assertIn("plugged in", answer.error["hint"])
        self.assertEqual(self.left(), ["up"])

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_a_full_stick_and_one_that_can_only_be_read(self):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(self.stick)],
                                 capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", str(self.stick)], check=True)
        self.home.sql(*[("INSERT INTO project(space, title, summary) VALUES('section/africa', ?, ?)", (f"T{i}", os.urandom(6000).hex()))
                        for i in range(60)])
        full = self.home.wasl("bundle export", self.stick / "up")
        self.assertEqual((full.code, full.error["code"]), (1, "storage_failed"))
        self.assertIn("room", full.error["hint"])
        self.assertEqual(self.left(), [], "no half file")
        subprocess.run(["mount", "-o", "remount,ro", str(self.stick)], check=True)
        closed = self.home.wasl("bundle export", self.stick / "up")
        self.assertIn("only be read", closed.error["hint"])
        self.assertEqual(self.home.status()["unsent"] > 0, True)

    def test_a_crash_in_the_middle_leaves_no_bundle(self):
        self.home.sql(*[("INSERT INTO project(space, title, summary) VALUES('section/africa', ?, ?)", (f"T{i}", os.urandom(6000).hex()))
                        for i in range(100)])
        process = subprocess.Popen([binary("wasl"), "bundle", "export", "--data", str(self.home.folder),
                                    str(self.stick / "up")], stdout=subprocess.DEVNULL)
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        names = [name for name in self.left() if not name.startswith(".wasl-")]
        for name in names:
            seen = run_json([binary("wasl"), "bundle", "inspect", "--json", str(self.stick / name)])
            self.assertTrue(seen["bundles"][0]["whole"])
        self.home.ok("bundle export", self.stick / "again")


if __name__ == "__main__":
    unittest.main()
