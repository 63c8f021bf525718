"""The hub's store in a real PostgreSQL: a private server on a socket in a temporary folder, as a user without power. The
contract that every store keeps, what breaks only there, and the hub's own tests with their rows in it."""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

from wasl_world import binary

PORT = 5432  # the name of the socket; nothing listens on the network
PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
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


@unittest.skipUnless((PROGRAMS / "initdb").exists(), "PostgreSQL 15 is not installed")
class Postgres(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wasl-pg-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.cutting_folder = cls.folder / "cutting"
        cls.cutting_folder.mkdir()
        cls.user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(cls.folder, cls.user)
        cls.data = cls.folder / "data"
        cls.run_as_user("initdb", "-D", cls.data, "-U", "wasl", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        log = open(cls.folder / "log", "wb")
        cls.addClassCleanup(log.close)
        cls.server = subprocess.Popen(
            cls.as_user("postgres", "-D", cls.data, "-k", cls.folder, "-p", PORT, "-c", "listen_addresses=",
                        "-c", "fsync=off", "-c", "max_locks_per_transaction=1024"), stdout=log, stderr=log)
        cls.addClassCleanup(cls.stop)
        cls.run_as_user("pg_isready", "-h", cls.folder, "-p", PORT, "-t", 30, tries=60)
        cls.way = CuttingWay(cls.cutting_folder, cls.folder)
        cls.addClassCleanup(cls.way.close)

    @classmethod
    def as_user(cls, program, *arguments):
        command = [str(PROGRAMS / program), *map(str, arguments)]
        return ["setpriv", f"--reuid={cls.user}", "--regid=nogroup", "--clear-groups", *command] \
            if os.geteuid() == 0 else command

    @classmethod
    def run_as_user(cls, *command, tries=1):
        for _ in range(tries):
            done = subprocess.run(cls.as_user(*command), cwd=cls.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=120)
            if done.returncode == 0:
                return
            threading.Event().wait(0.2)
        raise AssertionError(done.stdout.decode())

    @classmethod
    def stop(cls):
        cls.server.terminate()
        cls.server.wait(60)

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
        self.gtest("wasl_stores", "*PostgresStore.*")


if __name__ == "__main__":
    unittest.main()
