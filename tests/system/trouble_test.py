"""What goes wrong in an office has words or a documented behaviour, and loses nothing (behaviour 7)."""
import concurrent.futures
import os
import signal
import subprocess
import time
import unittest

from wasl_world import Office, World, WorldTest, until


class Trouble(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.office = self.world.office("benin", "benin")

    def test_a_missing_hub(self):
        self.world.stop_hub()
        self.office.add("project", "title=Water")
        answer = self.office.wasl("sync")
        self.assertEqual((answer.code, answer.error["code"]), (3, "no_link"))
        self.assertIn("1 change set", answer.error["hint"])
        self.world.start_hub()
        self.assertIs(self.office.sync()["equal"], True)

    def test_a_hub_of_another_network(self):
        with World() as other:
            other.init_hub("Another network")
            answer = self.office.wasl("sync", "--url", other.url)
            self.assertEqual((answer.code, answer.error["code"]), (1, "wrong_network"), answer.document)

    def test_an_invitation_is_used_once(self):
        invitation = self.world.invite("togo")
        first = Office(self.world, "first")
        first.join(invitation)
        second = Office(self.world, "second")
        answer = second.wasl("join", invitation)
        self.assertEqual((answer.code, answer.error["code"]), (1, "conflict"), answer.document)
        self.assertTrue(first.join(invitation)["already_joined"])

    def test_a_damaged_invitation(self):
        answer = Office(self.world, "x").wasl("join", self.world.invite("togo")[:-6] + "AAAAAA")
        self.assertEqual(answer.code, 1)
        self.assertTrue(answer.error["message"])

    def test_a_folder_belongs_to_one_office(self):
        answer = self.office.wasl("join", self.world.invite("togo"))
        self.assertEqual((answer.code, answer.error["code"]), (1, "conflict"))

    def test_a_folder_that_never_joined(self):
        answer = Office(self.world, "nobody").wasl("status")
        self.assertEqual((answer.code, answer.error["code"]), (1, "not_found"))

    def test_many_processes_on_one_replica(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            writers = [pool.submit(self.office.add, "project", f"title=P{i}") for i in range(20)]
            sqls = [pool.submit(self.office.sql, f"INSERT INTO need(title) VALUES('N{i}')") for i in range(20)]
            for future in writers + sqls:
                future.result()
        self.assertIs(self.office.sync()["equal"], True)
        self.assertEqual(self.office.value("SELECT count(*) FROM project"), 20)
        self.assertEqual(self.office.value("SELECT count(*) FROM need"), 20)
        self.assertTrue(self.office.ok("verify")["ok"])

    def test_a_file_that_may_not_be_written(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everything")
        for file in self.office.folder.iterdir():
            file.chmod(0o400)
        self.office.folder.chmod(0o500)
        answer = self.office.wasl("add", "project", "title=Water")
        self.office.folder.chmod(0o700)
        self.assertEqual(answer.code, 1)
        self.assertIn(answer.error["code"], ("storage_failed", "locked"))

    def test_a_full_disk(self):
        def small_files():  # the system refuses what would make a file longer, as a full disk does
            import resource
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, 16 * 1024))

        self.office.add("project", "title=Before")
        answer = self.office.wasl("add", "project", "title=" + "x" * 900, preexec_fn=small_files)
        self.assertEqual((answer.code, answer.error["code"]), (1, "storage_failed"), answer.document)
        self.assertEqual(self.office.value("SELECT count(*) FROM project"), 1)
        self.office.add("project", "title=After")
        self.assertIs(self.office.sync()["equal"], True)
        self.assertEqual(self.office.value("SELECT count(*) FROM project"), 2)

    def test_the_daemon_sends_and_receives_and_survives_a_restarted_hub(self):
        other = self.world.office("africa", "africa")
        daemon = self.office.daemon()
        self.office.sql("INSERT INTO project(id, title, space) VALUES('d1', 'Daemon', 'section/africa')")
        self.assertTrue(until(lambda: self.office.status()["unsent"] == 0))
        self.assertTrue(until(lambda: other.sync() and other.value("SELECT title FROM project") == "Daemon", every=0.5))
        other.set("project", "d1", "reference=R1")
        other.sync()
        self.assertTrue(until(lambda: self.office.value("SELECT reference FROM project") == "R1"))
        self.world.stop_hub(signal.SIGKILL)
        self.office.add("project", "--space", "section/africa", "title=Meanwhile")
        time.sleep(0.5)
        self.world.start_hub()
        self.assertTrue(until(lambda: self.office.status()["unsent"] == 0, 25))
        second = subprocess.run([*daemon.args], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, timeout=10)
        self.assertEqual(second.returncode, 1)
        self.assertIn(b"already", second.stderr)
        self.assertIs(self.office.sync()["equal"], True)
        daemon.terminate()
        self.assertEqual(daemon.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
