"""Contents of files in an S3 bucket: there and back, through the store's absence, damage and a move; two hubs over one."""
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import unittest
import urllib.request

from attachments_test import CHUNK, chunks_of
from postgres_server import PostgresTest
from s3_store import KEY, S3Test
from wasl_world import WorldTest, binary, run_json, until


def document(office, title="Report"):
    return office.add("document", f"title={title}", "kind=report")


class FilesInABucket(S3Test, WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.one = self.world.office("one", "benin")
        self.other = self.world.office("other", "benin")
        self.config = self.world.folder / "hub.toml"
        self.config.write_text(self.store.settings(self.key_file(self.world.folder), self.prefix))

    def serve(self, *more):
        self.world.stop_hub()
        self.world.start_hub(more=("--config", self.config, *more))

    def command(self, *arguments):
        return run_json([binary("wasl-hub"), *map(str, arguments), "--data", str(self.world.hub_folder), "--config",
                         str(self.config), "--json"])

    def attach(self, size, seed=1, office=None, title="Report"):
        office = office or self.one
        path = self.world.folder / f"{seed}.bin"
        path.write_bytes(random.Random(seed).randbytes(size))
        id = document(office, title)
        office.ok("attach", "document", id, "file", path)
        return id, path

    def fetch(self, office, id, name):
        to = self.world.folder / name
        answer = office.wasl("fetch", "document", id, "file", "--out", to, "--url", self.world.url, timeout=120)
        return to.read_bytes() if answer.code == 0 else answer

    def is_at_hub(self, office, id):
        return next(f for f in office.ok("attachments")["files"] if f["id"] == id)["at_hub"]

    def leaves_here(self):
        """Chunks of files whose bytes lie in the hub's own files.db."""
        connection = sqlite3.connect(f"file:{self.world.hub_folder}/files.db?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute("SELECT count(*) FROM content JOIN chunk ON content = id WHERE level = 0 AND "
                                      "length(bytes) > 0").fetchone()[0]
        finally:
            connection.close()

    def chunk_objects(self):
        return {name: size for name, size in self.store.objects(self.prefix).items() if "/chunk/" in name}

    def file_store(self):
        return self.world.hub("status")["file_store"]

    def test_a_file_goes_through_the_bucket_to_another_office(self):
        self.serve("--metrics-listen", "127.0.0.1:0")
        id, path = self.attach(100_000)
        sent = self.one.sync()
        self.assertEqual((sent["equal"], sent["files"]["sent_chunks"]), (True, chunks_of(100_000)))
        self.assertTrue(until(lambda: self.world.hub("status")["files"]["whole"] == 1))
        self.one.sync()
        self.assertTrue(self.is_at_hub(self.one, id))
        objects = self.chunk_objects()
        self.assertEqual(len(objects), chunks_of(100_000))
        self.assertEqual(sum(objects.values()), 100_000 + 32 * 7)
        self.assertEqual(self.leaves_here(), 0)
        self.assertEqual((self.file_store()["waiting_bytes"], self.file_store()["trouble"]), (0, None))
        self.other.sync()
        self.assertEqual(self.fetch(self.other, id, "out"), path.read_bytes())
        log = (self.world.folder / "hub.log").read_text()
        port = re.findall(r"hub.operations port=(\d+)", log)[-1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            metrics = page.read().decode()
        self.assertIn("wasl_hub_file_store_errors_total 0", metrics)
        self.assertIn("wasl_hub_file_store_waiting_bytes 0", metrics)
        # The key is nowhere but in its file.
        shown = subprocess.run([binary("wasl-hub"), "config", "--config", self.config], capture_output=True, text=True).stdout
        line = pathlib.Path(f"/proc/{self.world.hub_process.pid}/cmdline").read_text()
        for text in (log, shown, line):
            self.assertNotIn(KEY[1] + "\n", text)
            self.assertNotIn(KEY[0], text)

    def test_the_store_dies_and_comes_back(self):
        self.serve()
        first, first_path = self.attach(300_000, 1)
        self.one.sync()
        self.assertTrue(until(lambda: self.world.hub("status")["files"]["whole"] == 1))
        self.store.stop()
        try:
            second, second_path = self.attach(200_000, 2)
            answer = self.one.sync()
            self.assertEqual((answer["equal"], answer["unsent"] if "unsent" in answer else 0), (True, 0))
            self.assertFalse(self.is_at_hub(self.one, second))
            for n in range(5):  # change sets go on
                document(self.one, f"Meanwhile {n}")
                self.assertTrue(self.one.sync()["equal"])
            self.assertTrue(self.other.sync()["equal"])
            self.assertEqual(self.other.value("SELECT count(*) FROM document WHERE title LIKE 'Meanwhile%'"), 5)
            self.assertEqual(self.world.hub("status")["files"]["whole"], 1)
            trouble = self.file_store()["trouble"]
            self.assertEqual(trouble["code"], "no_link")
            self.assertIn("does not answer", trouble["reason"])
            words = subprocess.run([binary("wasl-hub"), "status", "--data", self.world.hub_folder], capture_output=True,
                                   text=True).stdout
            self.assertRegex(words, r"FAILS for \d+ s: the store of files at http")
            doctor = self.command("doctor")
            found = next(f for f in doctor["findings"] if f["check"] == "files")
            self.assertEqual((doctor.code, found["health"]), (1, "fail"))
            self.assertIn("does not answer", found["words"])
            vain = self.fetch(self.other, first, "vain")
            self.assertNotEqual(vain.code, 0)
            # The hub is killed as well: what it took before lies in files.db.
            self.world.stop_hub(signal.SIGKILL)
            self.world.start_hub(more=("--config", self.config))
        finally:
            self.store.start()
        self.assertTrue(until(lambda: self.one.sync() and self.world.hub("status")["files"]["whole"] == 2, 40, 1))
        self.one.sync()
        self.assertTrue(self.is_at_hub(self.one, second))
        self.assertEqual(self.leaves_here(), 0)
        self.assertIsNone(self.file_store()["trouble"])
        self.other.sync()
        self.assertEqual(self.fetch(self.other, first, "first"), first_path.read_bytes())
        self.assertEqual(self.fetch(self.other, second, "second"), second_path.read_bytes())
        doctor = self.command("doctor")
        self.assertEqual(next(f for f in doctor["findings"] if f["check"] == "files")["health"], "ok")

    def test_damaged_and_missing_objects_are_found_and_come_again(self):
        self.serve()
        id, path = self.attach(200_000)
        self.one.sync()
        self.assertTrue(until(lambda: self.world.hub("status")["files"]["whole"] == 1))
        self.one.sync()
        objects = sorted(name for name, size in self.chunk_objects().items() if size == CHUNK)
        self.store.put(objects[0], b"x" * CHUNK)
        self.store.remove(objects[1])
        self.other.sync()  # it meets the damage
        self.assertNotEqual(self.world.hub("status")["files"]["whole"], 1)
        self.assertTrue(until(lambda: self.one.sync() and self.world.hub("status")["files"]["whole"] == 1, 30, 1))
        self.assertTrue(until(lambda: self.fetch(self.other, id, "out") == path.read_bytes(), 30, 1))
        self.assertEqual(self.store.get(objects[0]) != b"x" * CHUNK, True)
        self.assertEqual(len(self.chunk_objects()), chunks_of(200_000))

    def test_what_lay_in_the_folder_is_moved_and_moved_back(self):
        ids = [self.attach(150_000, seed, title=f"Report {seed}") for seed in (1, 2)]
        self.one.sync()
        serving = self.command("move-files", "--to", "s3")
        self.assertEqual(serving.error["code"], "locked")
        self.world.stop_hub()
        moved = self.command("move-files", "--to", "s3").document
        self.assertEqual((moved["chunks"], moved["damaged"]), (2 * chunks_of(150_000), 0))
        self.assertEqual((self.leaves_here(), len(self.chunk_objects())), (0, moved["chunks"]))
        # Nothing is served without the bucket, and not with another one's prefix.
        alone = subprocess.run([binary("wasl-hub"), "serve", "--data", self.world.hub_folder, "--listen", "127.0.0.1:0"],
                               capture_output=True, text=True, timeout=30)
        self.assertIn("lie in an object store that is not named", alone.stderr)
        # A backup names what is not in it; restored, it serves from the same bucket.
        backup = self.world.folder / "backup"
        self.assertEqual(self.command("backup", backup).document["elsewhere"]["chunks"], moved["chunks"])
        drill = self.world.folder / "drill"
        restored = run_json([binary("wasl-hub"), "restore", str(backup), "--data", str(drill), "--json"]).document
        self.assertEqual(restored["elsewhere"]["chunks"], moved["chunks"])
        words = subprocess.run([binary("wasl-hub"), "backup", self.world.folder / "again", "--data", self.world.hub_folder],
                               capture_output=True, text=True).stdout
        self.assertIn("keep versions or a replica of the bucket", words)
        self.world.start_hub(more=("--config", self.config))
        self.other.sync()
        for id, path in ids:
            self.assertEqual(self.fetch(self.other, id, path.name + ".out"), path.read_bytes())
        self.world.stop_hub()
        lost = sorted(self.chunk_objects())[0]
        self.store.remove(lost)
        back = self.command("move-files", "--to", "folder").document
        self.assertEqual((back["chunks"], back["damaged"]), (moved["chunks"] - 1, 1))
        self.world.start_hub()
        self.assertTrue(until(lambda: self.one.sync() and self.world.hub("status")["files"]["whole"] == 2, 30, 1))
        late = self.world.office("late", "benin")
        late.sync()
        for id, path in ids:
            self.assertEqual(self.fetch(late, id, path.name + ".late"), path.read_bytes())

    def test_a_lost_index_is_found_in_the_bucket_without_an_office(self):
        self.serve()
        id, path = self.attach(9_000_000)
        self.one.sync()
        self.assertTrue(until(lambda: self.world.hub("status")["files"]["whole"] == 1, 60))
        self.world.stop_hub()
        for file in self.world.hub_folder.glob("files.db*"):
            file.unlink()
        self.world.start_hub(more=("--config", self.config))
        self.assertTrue(until(lambda: self.world.hub("status")["files"]["whole"] == 1, 30))
        self.other.sync()
        self.assertEqual(self.fetch(self.other, id, "out"), path.read_bytes())

    def test_what_is_wrong_is_said_in_words(self):
        def finding():
            return next(f for f in self.command("doctor")["findings"] if f["check"] == "files")

        right = self.config.read_text()
        for wrong, word in ((right.replace('bucket = "wasl"', 'bucket = "nothing"'), "it has no bucket of this name"),
                            (right.replace("eu-west-1", "eu-north-1"), "it is of another region")):
            self.config.write_text(wrong)
            self.assertIn(word, finding()["words"])
        self.config.write_text(right)
        self.key_file(self.world.folder, "guessed")
        self.assertIn("the key's secret is not the right one", finding()["words"])
        (self.world.folder / "s3.key").write_text("one line\n")
        self.assertIn("two lines", finding()["words"])
        (self.world.folder / "s3.key").unlink()
        self.assertIn("cannot read the key", finding()["words"])
        # By the environment.
        self.config.write_text(right.replace("key_file", "# key_file"))
        self.assertIn("the object store's key is not named", finding()["words"])
        os.environ.update({"AWS_ACCESS_KEY_ID": KEY[0], "AWS_SECRET_ACCESS_KEY": KEY[1]})
        self.addCleanup(lambda: [os.environ.pop(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")])
        self.assertEqual(finding()["health"], "ok")
        self.config.write_text('[s3]\nendpoint = "s3.example.org"\nbucket = "a b"\n')
        wrong = self.command("doctor").error["message"]
        self.assertIn(f"{self.config}:2:12: s3.endpoint", wrong)
        self.assertIn(f"{self.config}:3:10: s3.bucket", wrong)
        self.config.write_text('[s3]\nendpoint = "http://192.0.2.1"\nbucket = "b"\n')
        self.assertIn("in plain text", self.command("doctor")["findings"][-1]["words"] + str(self.command("doctor").document))

    def test_a_bucket_of_another_network_is_left_alone(self):
        self.store.put(self.prefix + "network", b"0" * 64)
        self.serve()
        id, _ = self.attach(50_000)
        self.assertTrue(self.one.sync()["equal"])
        self.assertTrue(until(lambda: (self.file_store()["trouble"] or {}).get("code") == "conflict"))
        self.assertEqual(self.chunk_objects(), {})
        self.assertFalse(self.is_at_hub(self.one, id))


class BusyStore(http.server.BaseHTTPRequestHandler):
    """Takes whatever it is given, each request at the third try: what a store does that is asked too much."""
    protocol_version = "HTTP/1.1"
    tries, objects = {}, {}

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def act(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        which = (self.command, self.path, self.path in self.objects)
        self.tries[which] = self.tries.get(which, 0) + 1
        if self.tries[which] < 3:
            return self.answer(503, b"<Error><Code>SlowDown</Code></Error>")
        if self.command == "PUT":
            self.objects[self.path] = body
            return self.answer(200)
        if self.command == "DELETE":
            self.objects.pop(self.path, None)
            return self.answer(204)
        found = self.objects.get(self.path)
        return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>") if found is None else self.answer(200, found)

    do_PUT = do_GET = do_DELETE = act

    def log_message(self, *_): pass


class ABusyStore(WorldTest):
    def test_it_is_asked_again_and_then_not(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), BusyStore)
        self.addCleanup(server.server_close)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.world.init_hub()
        key = self.world.folder / "s3.key"
        key.write_text("id\nsecret\n")
        key.chmod(0o600)
        config = self.world.folder / "hub.toml"
        config.write_text(f'[s3]\nendpoint = "http://127.0.0.1:{server.server_port}"\nbucket = "b"\nkey_file = "s3.key"\n')

        def finding():
            document = run_json([binary("wasl-hub"), "doctor", "--data", str(self.world.hub_folder), "--config", str(config),
                                 "--json"]).document
            return next(f for f in document["findings"] if f["check"] == "files")

        self.assertEqual(finding()["health"], "ok")
        self.assertEqual(set(BusyStore.tries.values()), {3})
        BusyStore.tries = {}
        BusyStore.objects = {}
        server.RequestHandlerClass = type("Overwhelmed", (BusyStore,), {
            "do_PUT": lambda handler: (handler.rfile.read(int(handler.headers["Content-Length"])),
                                       handler.answer(503, b"<Error><Code>SlowDown</Code></Error>"))})
        begun = time.monotonic()
        self.assertIn("is busy or fails: 503 SlowDown", finding()["words"])
        self.assertLess(time.monotonic() - begun, 25)


class OneContract(S3Test):
    def test_a_bucket_keeps_the_contract_of_contents(self):
        done = subprocess.run([binary("wasl_stores"), "--gtest_filter=*ChunkContents*:*S3*"], capture_output=True, text=True,
                              timeout=300, env={**os.environ, "WASL_S3": self.store.endpoint})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("ChunkContentsContract.GivesBackWhatWasPut/S3", done.stdout)
        self.assertIn("S3Refusals.KnowsTheSignatureOfAKeyThatIsNot/Store", done.stdout)


class TwoHubs(S3Test, PostgresTest):
    def test_hubs_on_two_machines_share_a_bucket(self):
        world = self.network("shared")
        settings = self.store.settings(self.key_file(world.folder), self.prefix)
        config = world.folder / "hub.toml"
        config.write_text(settings)
        world.stop_hub()
        world.start_hub(more=("--config", config))
        first, world.port = world.url, None
        elsewhere = world.folder / "elsewhere"
        elsewhere.mkdir()
        shutil.copytree(world.hub_folder / "keys", elsewhere / "keys")
        world.start_hub(folder=elsewhere, more=("--config", config, "--store", self.address("shared")))
        second = world.url
        one, other = world.office("one", "benin"), world.office("other", "benin")
        path = world.folder / "report.bin"
        path.write_bytes(random.Random(1).randbytes(400_000))
        id = document(one)
        one.ok("attach", "document", id, "file", path)
        for _ in range(2):
            self.assertTrue(one.ok("sync", "--url", first)["equal"])
        self.assertTrue(until(lambda: one.ok("sync", "--url", first) and
                              one.ok("attachments")["files"][0]["at_hub"], 20, 1))

        def comes():
            other.ok("sync", "--url", second)
            to = world.folder / "out"
            other.wasl("fetch", "document", id, "file", "--out", to, "--url", second)
            return to.exists() and to.read_bytes() == path.read_bytes()

        self.assertTrue(until(comes, 30, 1))


if __name__ == "__main__":
    unittest.main()
