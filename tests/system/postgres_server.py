"""A real PostgreSQL 15 for the tests beside this file: a private server on a socket in a temporary folder, as a user without
power. Nothing listens on the network."""
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import threading
import unittest

from wasl_world import World

PORT = 5432  # the name of the socket
PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")


@unittest.skipUnless((PROGRAMS / "initdb").exists(), "PostgreSQL 15 is not installed")
class PostgresTest(unittest.TestCase):
    """The server lives as long as the class."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wasl-pg-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
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
                return done.stdout.decode()
            threading.Event().wait(0.2)
        raise AssertionError(done.stdout.decode())

    @classmethod
    def stop(cls):
        cls.server.terminate()
        cls.server.wait(60)

    def database(self, name):
        self.run_as_user("createdb", "-h", self.folder, "-p", PORT, "-U", "wasl", name)
        return self.address(name)

    def network(self, name):
        """A hub whose rows lie in a database of their own."""
        world = World()
        self.addCleanup(world.close)
        world.hub("init", "--name", "World network", "--store", self.database(name))
        world.start_hub()
        world.organisation("africa", "section")
        world.organisation("benin", parent="africa")
        return world

    def address(self, name):
        return f"postgresql:///{name}?host={self.folder}&port={PORT}&user=wasl"

    def sql(self, name, statement):
        return self.run_as_user("psql", "-h", self.folder, "-p", PORT, "-U", "wasl", "-d", name, "-Atc", statement)
