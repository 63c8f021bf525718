"""Hubs whose way to PostgreSQL is PgBouncer, pooling by transaction: each transaction runs in whatever session of the server is
free, and there are fewer of those than hubs. The tests of several hubs, through it."""
import shutil
import signal
import subprocess
import unittest

import hubs_test
from postgres_server import PORT
from wasl_world import until

SESSIONS = 2  # of the server, for each database


class Pooler:
    """A private PgBouncer before the test's server, on a socket in a folder of its own."""

    def __init__(self, test):
        self.folder = test.folder / "pool"
        self.folder.mkdir()
        file = self.folder / "pgbouncer.ini"
        file.write_text(f"""[databases]
* = host={test.folder} port={PORT} user=wasl
[pgbouncer]
listen_addr =
listen_port = {PORT}
unix_socket_dir = {self.folder}
auth_type = any
pool_mode = transaction
default_pool_size = {SESSIONS}
logfile = {self.folder}/log
""")
        for path in (self.folder, file):
            shutil.chown(path, test.user)
        test.addClassCleanup(self.stop)
        command = test.as_user(shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"), "-q", file)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert until((self.folder / f".s.PGSQL.{PORT}").exists)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


@unittest.skipUnless(shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"), "pgbouncer is not installed")
class ThroughAPooler(hubs_test.Hubs):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pooler = Pooler(cls)

    def address(self, name):
        return f"postgresql:///{name}?host={self.pooler.folder}&port={PORT}&user=wasl"

    def assert_no_gap(self, world):
        super().assert_no_gap(world)
        # What one session of the server would have kept for the next who gets it.
        left = self.sql(self.name, "SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in%') FROM pg_stat_activity "
                        "WHERE datname = current_database() AND application_name = 'wasl-hub'").strip().split("|")
        self.assertLessEqual(int(left[0]), SESSIONS)
        self.assertEqual(left[1], "0")


if __name__ == "__main__":
    unittest.main()
