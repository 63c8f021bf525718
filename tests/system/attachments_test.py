"""Files of records between real offices: there and back, cut, wanted or not, beside a person's work."""
import json
import random
import signal
import sqlite3
import subprocess
import time
import unittest
import zipfile

from wasl_world import WorldTest, binary, run_json, until

CHUNK = 16 * 1024


def chunks_of(size):
    count = all = max(1, -(-size // CHUNK))
    while count > 1:
        count = -(-count // 512)
        all += count
    return all


def pdf_of(words, padding=0):
    """One page that says so, and bytes that no reader looks at."""
    page = f"BT /F1 24 Tf 72 720 Td ({words}) Tj ET"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
               "/Resources << /Font << /F1 5 0 R >> >> >>",
               f"<< /Length {len(page)} >>\nstream\n{page}\nendstream",
               "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
               f"<< /Length {padding} >>\nstream\n{'x' * padding}\nendstream"]
    out, table = "%PDF-1.4\n", "0000000000 65535 f \n"
    for number, one in enumerate(objects, 1):
        table += f"{len(out):010} 00000 n \n"
        out += f"{number} 0 obj\n{one}\nendobj\n"
    return (out + f"xref\n0 {len(objects) + 1}\n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
            f"startxref\n{len(out)}\n%%EOF\n").encode()


def archive_of(path, **parts):
    """A document as an office program would write it: parts by name, `__` standing for `/` and `_` for a dot."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in parts.items():
            out.writestr(name.replace("__", "/").replace("_", "."), text)
    return path


def odt_of(path, words):
    return archive_of(path, mimetype="application/vnd.oasis.opendocument.text",
                      content_xml=f"<o:d xmlns:o='o' xmlns:t='t'><t:p>{words}</t:p></o:d>")


def docx_of(path, words):
    types = ("<Types><Override PartName='/word/document.xml' ContentType='application/vnd.openxmlformats-officedocument."
             "wordprocessingml.document.main+xml'/></Types>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("[Content_Types].xml", types)
        out.writestr("word/document.xml", f"<w:d xmlns:w='w'><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:d>")
    return path


class Attachments(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.one = self.world.office("one", "benin")
        self.other = self.world.office("other", "benin")

    def file(self, size, seed=1, name="report.pdf"):
        path = self.world.folder / name
        path.write_bytes(random.Random(seed).randbytes(size))
        return path

    def document(self, office, title="Report"):
        return office.add("document", f"title={title}", "kind=report")

    def attach(self, office, id, path, *more):
        return office.ok("attach", "document", id, "file", path, *more)["attachment"]

    def state(self, office, id):
        return next(f for f in office.ok("attachments")["files"] if f["id"] == id)

    def fetched(self, office, id, name="out.bin"):
        to = self.world.folder / name
        office.ok("fetch", "document", id, "file", "--out", to, "--url", self.world.url)
        return to.read_bytes()

    def test_a_file_goes_to_another_office_and_back_out(self):
        path = self.file(100_000)
        id = self.document(self.one)
        attached = self.attach(self.one, id, path)
        self.assertEqual((attached["name"], attached["type"], attached["size"]), ("report.pdf", "application/pdf", 100_000))
        self.assertEqual((self.state(self.one, id)["here"], self.state(self.one, id)["at_hub"]), (True, False))
        sent = self.one.sync()
        self.assertEqual(sent["files"]["sent_chunks"], chunks_of(100_000))
        self.assertTrue(self.state(self.one, id)["at_hub"])
        self.assertEqual(self.world.hub("status")["files"]["whole"], 1)
        got = self.other.sync()
        self.assertEqual((got["equal"], got["files"]["received_chunks"]), (True, chunks_of(100_000)))
        self.assertEqual(json.loads(self.other.value("SELECT file FROM document WHERE id = ?", id)), attached)
        self.assertEqual(self.fetched(self.other, id), path.read_bytes())
        again = self.other.wasl("fetch", "document", id, "file", "--out", self.world.folder / "out.bin")
        self.assertEqual((again.code, again.error["code"]), (1, "conflict"))
        folder = self.world.folder / "folder"
        folder.mkdir()
        self.other.ok("fetch", "document", id, "file", "--out", folder)
        self.assertEqual([p.name for p in folder.iterdir()], ["report.pdf"])
        for office in (self.one, self.other):
            self.assertEqual(office.sync()["files"]["received_chunks"] + office.sync()["files"]["sent_chunks"], 0)
            self.assertEqual(office.ok("verify")["problems"], [])

    def test_the_text_of_a_document_goes_before_it_and_is_found(self):
        path = self.world.folder / "aquifer.pdf"
        path.write_bytes(pdf_of("The aquifer of Iullemeden", 300_000))
        id = self.document(self.one, "Study")
        answer = self.one.ok("attach", "document", id, "file", path)
        self.assertEqual((answer["text"]["name"], answer["text"]["type"]), ("aquifer.pdf.txt", "text/plain"))
        self.assertEqual([hit["id"] for hit in self.one.ok("search", "iullemeden")["found"]], [id])
        self.one.sync()
        self.other.ok("attachments", "--policy", "up-to", "100k")
        self.other.sync()
        here = {f["field"]: f["here"] for f in self.other.ok("attachments")["files"]}
        self.assertEqual(here, {"file": False, "file_text": True})
        self.assertEqual([hit["id"] for hit in self.other.ok("search", "aquifer")["found"]], [id])
        self.assertEqual(self.other.ok("show", "document", id)["texts"], {"file": "The aquifer of Iullemeden"})
        # Another file has another text, or none, and then none of the old one is left.
        replaced = self.one.ok("attach", "document", id, "file", self.file(5_000))
        self.assertIn("damaged", replaced["note"])
        self.assertNotIn("text", replaced)
        self.one.sync()
        self.other.sync()
        self.assertEqual(self.other.ok("search", "aquifer")["found"], [])
        self.assertIsNone(self.other.value("SELECT file_text FROM document WHERE id = ?", id))
        # A short text file is its own text; of a long one its beginning goes before.
        notes = self.world.folder / "notes.txt"
        notes.write_text("Minutes of Bamako " + "word " * 200_000 + "end")
        long_one = self.one.ok("attach", "document", self.document(self.one, "Long"), "file", notes)
        self.assertIn("alone", long_one["note"])
        self.assertLessEqual(long_one["text"]["size"], 512 * 1024)
        notes.write_text("Niamey")
        short = self.document(self.one, "Short")
        self.assertNotIn("text", self.one.ok("attach", "document", short, "file", notes))
        self.assertEqual([hit["id"] for hit in self.one.ok("search", "niamey")["found"]], [short])

    def test_the_text_of_office_documents_and_pages_goes_before_them(self):
        folder = self.world.folder
        page = folder / "page.html"
        page.write_text("<title>Wells</title><style>hidden</style><p>Taoudeni &amp; Murzuq")
        wide = folder / "wide.csv"
        wide.write_bytes("Town;Depth\nKidal;40".encode("utf-16"))
        found = {"kufra": docx_of(folder / "study.docx", "The basin of Kufra"),
                 "tindouf": odt_of(folder / "study.odt", "The basin of Tindouf"), "murzuq": page, "kidal": wide}
        ids = {}
        for word, path in found.items():
            ids[word] = self.document(self.one, path.name)
            answer = self.one.ok("attach", "document", ids[word], "file", path)
            self.assertEqual(answer["text"]["name"], path.name + ".txt", answer)
        self.one.sync()
        self.other.ok("attachments", "--policy", "on-demand")
        self.other.sync()
        self.assertEqual([f for f in self.other.ok("attachments")["files"] if f["here"]], [])
        self.other.ok("attachments", "--policy", "up-to", "100")
        for id in ids.values():
            self.other.ok("pin", "document", id, "file_text")
        self.other.sync()
        for word, id in ids.items():
            for office in (self.one, self.other):
                self.assertEqual([hit["id"] for hit in office.ok("search", word)["found"]], [id], word)
        self.assertEqual(self.one.ok("search", "hidden")["found"], [])
        self.assertEqual(self.other.ok("show", "document", ids["murzuq"])["texts"], {"file": "Wells\nTaoudeni & Murzuq"})

    def test_documents_that_are_none_cost_a_word_and_are_attached(self):
        folder = self.world.folder
        damaged, locked = folder / "damaged.docx", folder / "locked.xlsx"
        damaged.write_bytes(docx_of(folder / "a.docx", "Kufra").read_bytes()[:300])
        locked.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
        bomb = odt_of(folder / "bomb.odt", "x" * 20_000_000)
        self.assertLess(bomb.stat().st_size, 100_000)
        laughs = archive_of(folder / "laughs.odt", content_xml="<!DOCTYPE d [<!ENTITY a 'ha'>]><d><p>&a;</p></d>")
        for path, word in ((damaged, "damaged"), (locked, "password"), (bomb, "alone"), (laughs, "damaged")):
            answer = self.one.ok("attach", "document", self.document(self.one), "file", path)
            self.assertIn(word, answer["note"], path)
            self.assertEqual("text" in answer, path == bomb)
        self.assertEqual(len([f for f in self.one.ok("attachments")["files"] if f["field"] == "file"]), 4)

    def test_what_is_no_file_is_refused_in_words(self):
        id = self.document(self.one)
        for wrong in ("report.pdf", json.dumps({"name": "../x", "type": "a/b", "size": 1, "file": "0" * 64}),
                      json.dumps({"name": "x", "type": "a/b", "size": 1, "file": "0" * 63})):
            with self.assertRaisesRegex(sqlite3.IntegrityError, "document.file: must be a JSON object"):
                self.one.sql(("UPDATE document SET file = ? WHERE id = ?", (wrong, id)))
        missing = self.one.wasl("attach", "document", id, "file", self.world.folder / "nothing.pdf")
        self.assertEqual(missing.error["code"], "not_found")
        no_field = self.one.wasl("attach", "document", id, "title", self.file(10))
        self.assertIn("takes no file", no_field.error["message"])
        self.assertEqual(self.one.wasl("fetch", "document", id, "file").error["code"], "not_found")
        name = self.world.folder / "CON .txt"
        name.write_bytes(b"x")
        self.assertEqual(self.attach(self.one, id, name)["name"], "_CON .txt")
        self.one.set("document", id, "file=")
        self.assertEqual(self.one.ok("attachments")["files"], [])

    def test_a_large_file_comes_when_it_is_asked_for(self):
        path = self.file(3_000_000)
        id = self.document(self.one)
        self.attach(self.one, id, path)
        self.one.sync()
        self.assertEqual(self.other.sync()["files"]["received_chunks"], 0)
        before = self.state(self.other, id)
        self.assertEqual((before["here"], before["wanted"], before["chunks"]["here"]), (False, False, 0))
        self.assertEqual(self.fetched(self.other, id), path.read_bytes())
        self.other.ok("attachments", "--policy", "all", "--quota", "none")
        second = self.document(self.one, "Second")
        self.attach(self.one, second, self.file(2_000_000, 2))
        self.one.sync()
        self.assertEqual(self.other.sync()["files"]["received_chunks"], chunks_of(2_000_000))
        self.other.ok("attachments", "--policy", "on-demand")
        third = self.document(self.one, "Third")
        self.attach(self.one, third, self.file(1_000, 3))
        self.one.sync()
        self.assertEqual(self.other.sync()["files"]["received_chunks"], 0)
        self.other.ok("pin", "document", third, "file")
        self.assertEqual(self.other.sync()["files"]["received_chunks"], 1)

    def test_a_cut_costs_no_chunk_twice(self):
        path = self.file(2_000_000)
        id = self.document(self.one)
        self.attach(self.one, id, path)
        up, _ = self.world.relay("--cut-after-up", 600_000, "--cuts-most", 2)
        sent = 0
        for _ in range(3):
            answer = self.one.wasl("sync", "--url", up)
            self.assertEqual((answer.code, answer["equal"]), (0, True), answer.document)  # change sets were through
            sent += answer["files"]["sent_chunks"]
        self.assertTrue(self.state(self.one, id)["at_hub"])
        all = chunks_of(2_000_000)
        self.assertGreaterEqual(sent, all)
        self.assertLessEqual(sent, all + 2 * 32)  # what was on its way at each cut, in the systems' buffers too
        self.other.sync()
        self.other.ok("pin", "document", id, "file")
        down, _ = self.world.relay("--cut-after-down", 600_000, "--cuts-most", 2)
        received, here = 0, 0
        for _ in range(3):
            answer = self.other.wasl("sync", "--url", down)
            received += answer["files"]["received_chunks"]
            now = self.state(self.other, id)["chunks"]["here"]
            self.assertGreater(now, here)
            here = now
        self.assertEqual(received, all)
        self.assertEqual(self.fetched(self.other, id), path.read_bytes())

    def test_equal_files_of_a_space_travel_once(self):
        path = self.file(500_000)
        first, second = self.document(self.one, "First"), self.document(self.other, "Second")
        a, b = self.attach(self.one, first, path), self.attach(self.other, second, path, "--type", "text/plain")
        self.assertEqual(a["file"], b["file"])
        self.assertEqual(self.one.sync()["files"]["sent_chunks"], chunks_of(500_000))
        answer = self.other.sync()
        self.assertEqual((answer["files"]["sent_chunks"], answer["files"]["received_chunks"]), (0, 0))
        togo = self.world.office("togo", "togo")
        third = self.document(togo, "Third")
        self.assertNotEqual(self.attach(togo, third, path)["file"], a["file"])  # another space, other names
        togo.sync()
        self.assertEqual(self.world.hub("status")["files"], {"named": 2, "whole": 2, "bytes": self.world.hub("status")["files"]["bytes"]})

    def test_above_the_quota_goes_what_the_hub_has_and_was_not_used(self):
        self.other.ok("attachments", "--policy", "all", "--quota", "1M")
        ids = []
        for n in range(3):
            ids.append(self.document(self.one, f"Report {n}"))
            self.attach(self.one, ids[-1], self.file(400_000, n))
            self.one.sync()
            self.other.sync()
        stored = self.other.ok("attachments")
        self.assertLessEqual(stored["stored_bytes"], 1_000_000 + 3 * CHUNK)
        self.assertEqual(sum(f["here"] for f in stored["files"]), 2)
        self.assertFalse(self.state(self.other, ids[0])["here"])
        self.assertEqual(len(self.fetched(self.other, ids[0])), 400_000)  # it comes again, another one goes
        # What the hub has not is never given up.
        self.world.stop_hub()
        own = self.document(self.other, "Own")
        self.attach(self.other, own, self.file(900_000, 9))
        self.other.ok("attachments", "--quota", "100k")
        self.assertEqual([f["id"] for f in self.other.ok("attachments")["files"] if f["here"]], [own])
        self.world.start_hub()
        self.other.sync()
        self.assertTrue(self.state(self.other, own)["at_hub"])

    def test_a_damaged_chunk_is_noticed_and_comes_again(self):
        path = self.file(300_000)
        id = self.document(self.one)
        self.attach(self.one, id, path)
        self.sync_all(self.one, self.other)

        def damage(folder):
            connection = sqlite3.connect(folder / "files.db", timeout=5)
            with connection:
                connection.execute("UPDATE content SET bytes = zeroblob(length(bytes)) WHERE id = 3")
            connection.close()

        damage(self.other.folder)
        self.assertEqual(self.fetched(self.other, id), path.read_bytes())
        damage(self.world.hub_folder)
        late = self.world.office("late", "benin")
        answer = late.sync()
        self.assertEqual((answer["equal"], self.state(late, id)["here"]), (True, False))
        self.assertEqual(self.world.hub("status")["files"]["whole"], 0)
        self.one.sync()
        self.assertEqual(self.world.hub("status")["files"]["whole"], 1)
        self.assertEqual(self.fetched(late, id, "late.bin"), path.read_bytes())

    def test_an_edition_has_its_file_under_the_names_of_its_space(self):
        made = run_json([binary("wasl"), "key", "make", "--data", str(self.one.folder), "--json", "--plain"])
        self.world.hub("grant", "--person", made["key"], "--role", "publisher", "--organisation", "benin")
        path = self.file(200_000)
        id = self.document(self.one)
        inner = self.attach(self.one, id, path)["file"]
        self.sync_all(self.one)
        edition = self.one.ok("publish", "document", id, "--to", "public")["id"]
        self.sync_all(self.one)
        togo = self.world.office("togo", "togo")
        togo.sync()
        shown = json.loads(togo.value("SELECT file FROM document WHERE id = ?", edition))
        self.assertNotEqual(shown["file"], inner)
        self.assertEqual(self.fetched(togo, edition), path.read_bytes())
        self.assertEqual(self.one.ok("publish", "document", id, "--to", "public")["signed"], None)  # nothing differs

    def test_daemons_bring_a_file_that_comes_to_the_hub_behind_its_record(self):
        self.sync_all(self.one, self.other)
        daemons = [self.one.daemon(), self.other.daemon()]
        id = self.document(self.one)
        path = self.file(900_000)
        self.attach(self.one, id, path)
        self.assertTrue(until(lambda: any(f["here"] for f in self.other.ok("attachments")["files"]), 30, 0.5))
        self.assertTrue(until(lambda: self.state(self.one, id)["at_hub"], 10, 0.5))
        to = self.world.folder / "offline.bin"
        self.world.stop_hub()
        self.other.ok("fetch", "document", id, "file", "--out", to)
        self.assertEqual(to.read_bytes(), path.read_bytes())
        for daemon in daemons:
            daemon.send_signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(20), 0)

    def test_a_budget_ends_files_and_not_the_change_sets(self):
        self.other.ok("attachments", "--policy", "all")
        path = self.file(2_000_000)
        id = self.document(self.one)
        self.attach(self.one, id, path)
        self.one.sync()
        self.other.ok("budget", "--session", "500k")
        syncs = 0
        while syncs == 0 or not self.state(self.other, id)["here"]:
            answer = self.other.sync()
            syncs += 1
            self.assertIs(answer["equal"], True)
            self.assertLess(answer["received"]["bytes"], 500_000 + 256 * 1024 + CHUNK)
            self.assertLess(syncs, 8)
        self.assertGreaterEqual(syncs, 3)
        self.attach(self.one, self.document(self.one, "Second"), self.file(1_000_000, 2))
        self.one.sync()
        self.assertIn("as the budget allows", self.other.sync()["files"]["why"])

    def test_a_wiped_device_keeps_no_file(self):
        id = self.document(self.one)
        self.attach(self.one, id, self.file(50_000))
        self.sync_all(self.one, self.other)
        self.assertTrue((self.other.folder / "files.db").exists())
        device = self.other.status()["device"]
        self.world.hub("revoke", device, "--reason", "lost")
        self.world.hub("wipe", device)
        self.other.wasl("sync", "--url", self.world.url)
        left = self.other.folder.glob("files.db*")  # an empty log may stay
        self.assertEqual([p.name for p in left if p.stat().st_size > 0], [])

    def test_an_edit_waits_for_no_more_than_a_chunk(self):
        id = self.document(self.one)
        self.sync_all(self.one, self.other)
        self.attach(self.one, id, self.file(20_000_000))
        thin, relay = self.world.relay("--rate", 512_000, "--delay", 50)  # 20 MB take five minutes
        with open(self.one.folder / "daemon.log", "ab") as log:
            daemon = subprocess.Popen([binary("wasl"), "daemon", "--data", str(self.one.folder), "--url", thin], stderr=log,
                                      stdout=subprocess.DEVNULL)
        self.world.processes.append(daemon)
        reader = self.other.daemon()
        hub_files = self.world.hub_folder / "files.db"

        def stored():
            connection = sqlite3.connect(f"file:{hub_files}?mode=ro", uri=True, timeout=5)
            try:
                return connection.execute("SELECT count(*) FROM chunk").fetchone()[0]
            finally:
                connection.close()

        self.assertTrue(until(lambda: stored() > 5, 30), "no chunk has come to the hub")
        waits = []
        for n in range(3):
            before = stored()
            self.one.sql(("UPDATE document SET website = ? WHERE id = ?", (f"https://{n}.example", id)))
            started = time.monotonic()
            self.assertTrue(until(lambda: self.other.value("SELECT website FROM document WHERE id = ?", id) ==
                                  f"https://{n}.example", 30, 0.02))
            waits.append(time.monotonic() - started)
            self.assertTrue(until(lambda: stored() > before, 30), "the file does not go on")
        print(f"an edit beside 20 MB at 512 kbit/s arrived after {', '.join(f'{w:.1f}' for w in waits)} s", end=" ... ", flush=True)
        self.assertLess(stored(), chunks_of(20_000_000))
        self.assertLess(sorted(waits)[1], 5, waits)  # a chunk takes 0.3 s, noticing an edit as long; the machine may be busy
        for process in (daemon, reader):
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
