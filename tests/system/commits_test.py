"""The real committers of three processes over one PostgreSQL: backends terminated, deadlocks, statements out of time, processes
killed, stopped past their lease and asked to hand over, and readers that follow by position. None may skip one."""
import os
import re
import subprocess
import unittest

from pooler_test import Pooler
from postgres_server import PORT, PostgresTest
from wasl_world import DEEP, binary

SEED = int(os.environ.get("WASL_SEED", "1"))


class Commits(PostgresTest):
    def commits(self, name, sets, *options):
        self.database(name)
        done = subprocess.run([binary("hub_commits"), "--sets", str(sets), "--seed", str(SEED), *options],
                              env=dict(os.environ, WASL_POSTGRES=f"host={self.folder} port={PORT} user=wasl dbname={name}"),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=9000)
        said = done.stdout.decode()
        self.assertEqual(done.returncode, 0, said)
        print(said.strip().splitlines()[-1], end=" ", flush=True)
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (acknowledged and gone|killed|by deadlock|rolled back|"
                                                                   r"transactions rolled back|backends terminated|skipped|"
                                                                   r"seen twice)", said)}
        self.assertEqual((counts["skipped"], counts["seen twice"], counts["acknowledged and gone"]), (0, 0, 0), said)
        self.assertGreater(counts["transactions rolled back"], 0, said)
        self.assertGreater(counts["backends terminated"], 0, said)
        return counts

    def test_no_reader_skips_a_position(self):
        counts = self.commits("many", 1_000_000, "--sets-of-push", "10", "--trouble-every", "20") if DEEP else \
            self.commits("many", 6_000, "--trouble-every", "3")
        self.assertGreater(counts["killed"], 0)

    def test_nor_through_a_pooler(self):
        type(self).pooler = Pooler(type(self))
        self.commits("pooled", 1_000, "--trouble-every", "3", "--through",
                     f"host={self.pooler.folder} port={PORT} user=wasl dbname=pooled")


if __name__ == "__main__":
    unittest.main()
