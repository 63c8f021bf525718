"""A section's own hub: offices sync with it while the world link is down, see each other's work as held by the
section, and hold the same, proved and applied once, when the link is back."""
import random
import re
import signal
import subprocess
import unittest

from wasl_world import WorldTest, binary, run_json, until


class Section:
    """A section's hub: a folder, and a process."""

    def __init__(self, world, name="section"):
        self.world = world
        self.folder = world.folder / name
        self.process, self.port = None, 0

    def init(self, invitation):
        return run_json([binary("wasl-hub"), "init", "--data", str(self.folder), "--upstream", invitation, "--address",
                         self.world.url, "--json"])

    def start(self, upstream):
        log = open(self.folder / "section.log", "ab")
        self.process = subprocess.Popen(
            [binary("wasl-hub"), "serve", "--data", str(self.folder), "--listen", f"127.0.0.1:{self.port}", "--upstream",
             upstream], stdout=subprocess.PIPE, stderr=log)
        log.close()
        self.world.processes.append(self.process)
        line = self.process.stdout.readline().decode()
        found = re.search(r"127.0.0.1:(\d+)", line)
        if not found:
            raise AssertionError("the section's hub did not start:\n" + (self.folder / "section.log").read_text())
        self.port = int(found.group(1))

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(20)

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/wasl"

    def status(self):
        return run_json([binary("wasl-hub"), "status", "--data", str(self.folder), "--json"]).document

    def log(self):
        return (self.folder / "section.log").read_text()


DOWN = "ws://127.0.0.1:9/wasl"  # nobody listens there


class SectionTest(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.dakar = self.world.office("dakar", "africa")
        self.accra = self.world.office("accra", "africa")
        self.paris = self.world.office("paris", "africa")
        self.section = Section(self.world)
        made = self.section.init(self.world.invite("africa", "section_hub"))
        self.assertEqual(made.code, 0, made.document)
        self.assertIn("section/africa", made["spaces"])
        self.assertIn("association/togo", made["spaces"])
        self.sync_all(self.dakar, self.accra, self.paris)

    def near(self, office, *more):
        """One round with the section's hub, and nobody behind it."""
        answer = office.wasl("sync", "--url", self.section.url, *more)
        self.assertIn(answer.code, (0, 4), answer.document)
        self.assertTrue(answer["by_section"])
        return answer

    def title(self, office, id):
        return office.value("SELECT title FROM project WHERE id = ?", id)

    def test_work_goes_between_offices_while_the_world_is_away(self):
        shared = self.paris.add("project", "title=Well", "--space", "section/africa")
        self.sync_all(self.paris)
        self.section.start(self.world.url)
        self.assertTrue(until(lambda: self.section.status()["section"]["link"]["up"]))
        self.assertTrue(until(lambda: self.near(self.dakar)["equal"]))
        self.assertTrue(until(lambda: self.near(self.accra)["equal"]))
        self.assertEqual(self.title(self.accra, shared), "Well")
        self.section.stop()

        self.section.start(DOWN)
        new = self.dakar.add("project", "title=School", "--space", "section/africa")
        self.dakar.set("project", shared, "title=Deep well")
        told = self.near(self.dakar)
        self.assertEqual((told["accepted"], told["unsent"], told["with_section"]), (0, 2, 2), told.document)
        now = self.dakar.status()
        self.assertEqual((now["unsent"], now["with_section"]), (2, 2))
        self.near(self.accra)
        self.assertEqual(self.title(self.accra, new), "School")
        self.assertEqual(self.title(self.accra, shared), "Deep well")
        self.assertEqual(self.accra.status()["unsent"], 0)
        # What is held by the section is said again to nobody: it need not travel twice.
        self.assertEqual(self.near(self.dakar)["sent"]["change_sets"], 0)
        # Another builds on it.
        self.accra.set("project", new, "title=Primary school")
        self.near(self.accra)
        self.near(self.dakar)
        self.assertEqual(self.title(self.dakar, new), "Primary school")
        self.assertEqual(self.title(self.paris, shared), "Well")
        kept = self.section.status()["section"]
        self.assertFalse(kept["link"]["up"])
        self.assertEqual(kept["kept"]["waiting"], 2)  # runs
        self.section.stop()

        self.section.start(self.world.url)
        self.assertTrue(until(lambda: self.section.status()["section"]["kept"]["runs"] == 0), self.section.log())
        self.near(self.dakar)
        self.near(self.accra)
        self.assertEqual([office.status()["unsent"] for office in (self.dakar, self.accra)], [0, 0])
        for office in (self.dakar, self.accra, self.paris):
            self.assertIs(office.sync()["equal"], True)
            self.assertEqual((self.title(office, new), self.title(office, shared)), ("Primary school", "Deep well"))
            self.assertEqual(office.conflicts(), [])
        lines = self.paris.ok("log", "project", new)["history"]
        self.assertEqual(len(lines), len({(line["position"], line["change_set"], line["what"]) for line in lines}))
        self.section.stop()
        self.assert_whole(self.dakar, self.accra, self.paris)

    def test_a_section_that_loses_its_disk_loses_nothing(self):
        self.section.start(DOWN)
        new = self.dakar.add("project", "title=School", "--space", "section/africa")
        self.near(self.dakar)
        self.near(self.accra)
        self.section.stop(signal.SIGKILL)
        for file in ("section.db", "section.db-wal", "section.db-shm"):
            (self.section.folder / file).unlink(missing_ok=True)
        self.section.start(DOWN)
        told = self.near(self.dakar)
        self.assertEqual((told["sent"]["change_sets"], told["with_section"]), (1, 1))
        # The office brings it to the network's hub itself, and so does the section's.
        self.assertIs(self.dakar.sync()["equal"], True)
        self.section.stop()
        self.section.start(self.world.url)
        self.assertTrue(until(lambda: self.section.status()["section"]["kept"]["runs"] == 0), self.section.log())
        self.section.stop()
        for office in (self.accra, self.paris):
            office.sync()
            self.assertEqual(office.value("SELECT count(*) FROM project WHERE title = 'School'"), 1)
        self.assertEqual(self.title(self.paris, new), "School")
        self.assert_whole(self.dakar, self.accra, self.paris)

    def test_files_go_by_the_section_both_ways(self):
        def attached(office, name, size):
            path = self.world.folder / name
            path.write_bytes(random.Random(size).randbytes(size))
            id = office.add("document", f"title={name}", "kind=report", "--space", "section/africa")
            office.ok("attach", "document", id, "file", path)
            return id, path.read_bytes()

        def here(office, id):
            return next(file for file in office.ok("attachments")["files"] if file["id"] == id)

        down, bytes_down = attached(self.paris, "down.pdf", 50_000)
        self.sync_all(self.paris)
        self.section.start(self.world.url)
        self.assertTrue(until(lambda: self.section.status()["files"]["whole"] == 1), self.section.log())
        up, bytes_up = attached(self.dakar, "up.pdf", 40_000)
        self.near(self.dakar)
        self.assertTrue(until(lambda: self.section.status()["section"]["kept"]["runs"] == 0), self.section.log())
        self.near(self.dakar)  # named by a log now: the section takes it
        self.assertFalse(here(self.dakar, up)["at_hub"])
        self.assertTrue(until(lambda: self.world.hub("status")["files"]["whole"] == 2), self.section.log())
        self.section.stop()
        self.section.start(DOWN)
        self.near(self.accra)
        for id, content in ((down, bytes_down), (up, bytes_up)):
            self.assertTrue(here(self.accra, id)["here"])
            out = self.world.folder / f"{id}.out"
            self.accra.ok("fetch", "document", id, "file", "--out", out)
            self.assertEqual(out.read_bytes(), content)

    def test_the_hub_is_asked_where_the_section_does_not_answer(self):
        answer = self.dakar.wasl("sync", "--section", DOWN, "--url", self.world.url)
        self.assertEqual((answer.code, answer["by_section"], answer["equal"]), (0, False, True))
        self.section.start(self.world.url)
        answer = self.dakar.wasl("sync", "--section", self.section.url, "--url", self.world.url)
        self.assertTrue(answer["by_section"])

    def test_a_refusal_comes_back_to_its_author_and_is_shown_no_more(self):
        """What the hub holds, because its author was revoked meanwhile, is taken out where it was shown."""
        self.section.start(DOWN)
        new = self.dakar.add("project", "title=School", "--space", "section/africa")
        self.near(self.dakar)
        self.near(self.accra)
        self.assertEqual(self.title(self.accra, new), "School")
        self.world.hub("revoke", self.dakar.status()["device"][:12], "--reason", "lost")
        self.section.stop()
        self.section.start(self.world.url)
        self.assertTrue(until(lambda: self.section.status()["section"]["kept"]["waiting"] == 0), self.section.log())
        self.near(self.accra)
        self.assertIsNone(self.title(self.accra, new))
        answer = self.dakar.wasl("sync", "--url", self.section.url)
        self.assertEqual(answer.code, 1)
        self.assertEqual(answer.error["code"], "unauthorised")

    def test_commands_that_decide_belong_to_the_network(self):
        for command in (["invite", "--organisation", "africa"], ["backup", str(self.world.folder / "copy")],
                        ["organisation", "add", "--id", "x", "--name", "X", "--kind", "section"]):
            done = run_json([binary("wasl-hub"), *command, "--data", str(self.section.folder), "--json"])
            self.assertEqual((done.code, done.error["code"]), (1, "unsupported"), done.document)

    def test_a_folder_without_an_upstream_is_no_section(self):
        done = subprocess.run([binary("wasl-hub"), "serve", "--data", str(self.world.hub_folder), "--upstream", DOWN],
                              capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no section's hub", done.stderr)


if __name__ == "__main__":
    unittest.main()
