"""The hub's store in a real PostgreSQL: the contract that every store keeps, what breaks only there, and the hub's own tests
with their rows in it."""
import os
import signal
import socket
import subprocess
import threading
import unittest

from postgres_server import PORT, PostgresTest
from wasl_world import World, binary, run_json, until

CUT_BEFORE = b"cut before the commit arrives"
CUT_AFTER = b"cut after the commit is done"


class CuttingWay:
    """Carries bytes between a socket of its own and the server's. After the words that ask for it, it breaks at the next
    COMMIT: before the server has it, or after the server has done it and before the hub hears."""

    def __init__(self, folder, server):
        self.server = server
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / f".s.PGSQL.{PORT}"))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self.server / f".s.PGSQL.{PORT}"))
        answering = threading.Event()
        answering.set()
        threading.Thread(target=self.answer, args=(server, client, answering), daemon=True).start()
        cut = b""
        while data := client.recv(1 << 16):
            for words in (CUT_BEFORE, CUT_AFTER):
                if words in data:
                    cut = words
            if cut and b"COMMIT\0" in data:
                answering.clear()
                if cut == CUT_AFTER:
                    server.sendall(data)
                    self.done.wait(10)
                break
            server.sendall(data)
        for one in (client, server):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def answer(self, server, client, answering):
        self.done = threading.Event()
        try:
            while data := server.recv(1 << 16):
                if answering.is_set():
                    client.sendall(data)
                else:
                    self.done.set()
        except OSError:
            pass

    def close(self):
        self.listener.close()


class Postgres(PostgresTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cutting_folder = cls.folder / "cutting"
        cls.cutting_folder.mkdir()
        cls.way = CuttingWay(cls.cutting_folder, cls.folder)
        cls.addClassCleanup(cls.way.close)

    def gtest(self, program, chosen):
        environment = dict(os.environ, WASL_POSTGRES=f"host={self.folder} port={PORT} user=wasl dbname=postgres",
                           WASL_POSTGRES_CUTTING=str(self.cutting_folder))
        done = subprocess.run([binary(program), f"--gtest_filter={chosen}", "--gtest_brief=1"], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        text = done.stdout.decode(errors="replace")
        self.assertEqual(done.returncode, 0, text)
        self.assertNotIn("SKIPPED", text)
        self.assertRegex(text, r"\[  PASSED  \] [1-9]")

    def test_the_contract(self):
        self.gtest("wasl_stores", "*HubStoreContract*Postgres")

    def test_what_breaks_only_there(self):
        self.gtest("wasl_stores", "*PostgresStore.*:*SharedStores.*")

    # ── the programs

    def test_offices_sync_with_it_and_it_starts_again_after_a_kill(self):
        world = self.network("serving")
        self.assertFalse((world.hub_folder / "hub.db").exists())
        benin, second = world.office("benin", "benin"), world.office("second", "benin")
        project = benin.add("project", "title=Water", "status=pipeline")
        self.assertIs(benin.sync()["equal"], True)
        self.assertIs(second.sync()["equal"], True)
        world.stop_hub(signal.SIGKILL)
        world.start_hub()  # when the silence of the one before has been long enough
        benin.set("project", project, "title=Wells")
        second.add("project", "title=School", "status=pipeline")
        for office in (benin, second, benin):
            self.assertIs(office.sync()["equal"], True)
        self.assertEqual(second.value("SELECT count(*) FROM project"), 2)
        self.assertEqual(second.value("SELECT title FROM project WHERE id = ?", project), "Wells")
        self.assertTrue(any("project" in str(line) for line in world.hub("audit")["audit"]))
        benin.ok("verify")
        world.stop_hub()
        self.assertEqual(world.hub("status").code, 0)  # with no hub serving

    def test_connections_that_break_cost_nothing_that_was_acknowledged(self):
        world = self.network("breaking")
        benin = world.office("benin", "benin")
        for number in range(5):
            benin.add("project", f"title=T{number}", "status=pipeline")
            self.sql("breaking", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wasl-hub'")
            self.assertTrue(until(lambda: benin.wasl("sync", "--url", world.url).document.get("equal") is True, 30))
        second = world.office("second", "benin")
        self.assertIs(second.sync()["equal"], True)
        self.assertEqual(second.value("SELECT count(*) FROM project"), 5)

    def test_a_second_network_is_refused(self):
        world = self.network("taken")
        other = World()
        self.addCleanup(other.close)
        init = [binary("wasl-hub"), "init", "--data", str(other.hub_folder), "--name", "Other", "--json", "--store"]
        self.assertEqual(run_json([*init, self.address("taken")]).error["code"], "locked")
        world.stop_hub()
        self.assertEqual(run_json([*init, self.address("taken")]).error["code"], "conflict")
        self.assertEqual(run_json([*init, "mysql://somewhere"]).error["code"], "invalid_value")
        self.assertEqual(run_json([*init, "postgresql:///none?host=/nowhere"]).error["code"], "no_link")
        run_json(init[:-1])  # what was refused has left nothing in the way


if __name__ == "__main__":
    unittest.main()
