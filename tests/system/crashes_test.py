"""Daemons and hub killed hundreds of times while offices write: what any program was told is saved is everywhere
in the end, all sides are equal, and every file is sound."""
import signal
import sqlite3
import threading
import time
import unittest

from wasl_world import DEEP, WorldTest, seeded, until

KILLS = 3000 if DEEP else 200


class Writer(threading.Thread):
    """Adds and edits records of its own, by plain SQL and by `wasl`, and remembers what was reported as done."""

    def __init__(self, office, dice):
        super().__init__(daemon=True)
        self.office, self.dice = office, dice
        self.ended = threading.Event()
        self.tried = {}  # record: the last number written into it, reported or not
        self.saved = {}  # record: the last number that was reported as saved
        self.problems = []

    def run(self):
        number = 0
        while not self.ended.wait(self.dice.uniform(0, 0.02)):
            number += 1
            record = self.dice.choice(list(self.saved)) if self.saved and self.dice.random() < 0.5 else None
            try:
                self.edit(record, number) if record else self.add(f"{self.office.name}-{number}", number)
            except sqlite3.OperationalError as error:
                self.problems.append(str(error))

    def add(self, record, number):
        self.tried[record] = number
        self.office.sql(("INSERT INTO project(id, title, reference) VALUES(?, ?, ?)", (record, record, str(number))))
        self.saved[record] = number

    def edit(self, record, number):
        self.tried[record] = number
        if self.dice.random() < 0.1:
            answer = self.office.wasl("set", "project", record, f"reference={number}")
            if answer.code != 0:
                return self.problems.append(answer.error["message"])
        else:
            self.office.sql(("UPDATE project SET reference = ? WHERE id = ?", (str(number), record)))
        self.saved[record] = number


class Crashes(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.offices = [self.world.office(name, "benin") for name in ("a", "b")]

    def test_programs_killed_again_and_again_while_offices_write(self):
        dice = seeded()
        daemons = {office: office.daemon() for office in self.offices}
        writers = [Writer(office, dice.__class__(dice.random())) for office in self.offices]
        for writer in writers:
            writer.start()
        started = time.monotonic()
        for _ in range(KILLS):
            # Mostly at once, so that starting is hit too; sometimes so late that a whole session has run.
            time.sleep(dice.uniform(*dice.choices([(0, 0.03), (0, 0.2), (0.5, 1.5)], [12, 8, 1])[0]))
            victim = dice.choices([None, *self.offices], [3, 4, 4])[0]
            if victim is None:
                self.world.stop_hub(signal.SIGKILL)
                self.world.start_hub()
            else:
                self.assertIsNone(daemons[victim].poll(), "a daemon ended by itself")
                daemons[victim].kill()
                daemons[victim].wait()
                daemons[victim] = victim.daemon()
        took = time.monotonic() - started
        for writer in writers:
            writer.ended.set()
        for writer in writers:
            writer.join()
        # Without a word from anybody the daemons bring everything together.
        quiet = until(lambda: len({office.fingerprint() for office in self.offices}) == 1, 60, 0.3)
        self.assertTrue(quiet, [(office.status(), (office.folder / "daemon.log").read_text()[-1500:])
                                for office in self.offices])
        for daemon in daemons.values():
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)
        for writer in writers:
            self.check_saved(writer)
        self.assert_whole(*self.offices)
        self.assertEqual([p.args for p in self.world.processes if p.poll() is None], [])
        print(f"{KILLS} kills in {took:.0f} s ({KILLS / took:.1f}/s),",
              f"{sum(w.tried and max(w.tried.values()) for w in writers)} writes,",
              f"{sum(len(w.problems) for w in writers)} refused in words", end=" ... ", flush=True)

    def check_saved(self, writer):
        self.assertGreater(len(writer.saved), 10)
        self.assertEqual(writer.problems, [])
        for office in self.offices:
            held = dict(office.rows("SELECT id, CAST(reference AS INTEGER) FROM project"))
            for record, number in writer.saved.items():
                self.assertIn(held.get(record), range(number, writer.tried[record] + 1), (office.name, record))


if __name__ == "__main__":
    unittest.main()
