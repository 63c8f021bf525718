"""Lines between offices and hub that break in every way, again and again, while daemons write: all come together
within seconds of their return, nobody is stuck, and nobody says to be equal who is not.

Figures go to standard output: runs, stuck, falsely synced, seconds from the line's return to equality."""
import concurrent.futures
import re
import threading
import time
import unittest

from lines import Lines
from wasl_world import DEEP, World, WorldTest, seeded, until

OFFICES = 5  # one of them on a thin line
ROUNDS = 40 if DEEP else 4  # each breaks every office's line once: a run
WAYS = ["cut", "one way up", "one way down", "blackhole", "reset", "unreachable", "flapping"]
TROUBLE_SECONDS = 13
GOOD_SECONDS, THIN_SECONDS, STUCK_SECONDS = 10, 60, 90


class Trouble:
    """One run: a line breaks some time before `back`, while its office goes on writing."""

    def __init__(self, office, dice, back, written):
        self.office, self.dice, self.back, self.written = office, dice, back, written
        self.way = dice.choice(WAYS)
        self.starts = back - dice.uniform(2, TROUBLE_SECONDS)

    def run(self):
        number, broken, turns = 0, False, self.starts
        while time.monotonic() < self.back:
            if time.monotonic() >= turns:
                broken = not broken
                self.office.line.broken("cut" if self.way == "flapping" else self.way) if broken else self.office.line.whole()
                turns += self.dice.uniform(2, 10) if self.way == "flapping" else TROUBLE_SECONDS
            number += 1
            record = f"{self.office.name}-{self.back:.3f}-{number}"
            self.office.sql(("INSERT INTO project(id, title) VALUES(?, ?)", (record, f"Well {record}")))
            self.written.add(record)
            time.sleep(self.dice.uniform(0.1, 0.6))
        self.office.line.whole()


class Claims(threading.Thread):
    """Asks offices what they say: who says that nothing waits, at these positions, holds what all others hold who
    say so."""

    def __init__(self, offices):
        super().__init__(daemon=True)
        self.offices, self.over = offices, threading.Event()
        self.held, self.false, self.count = {}, [], 0

    def run(self):
        while not self.over.wait(0.1):
            for office in self.offices:
                self.ask(office)

    def ask(self, office):
        said = self.words(office)
        held = office.fingerprint()
        if said is None or said != self.words(office):
            return
        self.count += 1
        if self.held.setdefault(said, held) != held:
            self.false.append((office.name, said))

    @staticmethod
    def words(office):
        now = office.status()
        if now["unsent"] or now["unacknowledged"]:
            return None
        return tuple((space["space"], space["position"]) for space in now["spaces"])


class Partitions(WorldTest):
    def setUp(self):
        self.lines = Lines()
        self.addCleanup(self.lines.close)
        self.hub_line = self.lines.line("hub")
        self.world = World(self.hub_line.address, self.hub_line.within)
        self.addCleanup(self.world.close)
        self.world.two_associations()

    def office_on_line(self, name, rate=None, organisation="benin"):
        line = self.lines.line(name)
        office = self.world.office(name, organisation, within=line.within)
        office.line, office.log = line, office.folder / "daemon.log"
        if rate:
            line.hold_to(rate)
        return office

    def test_broken_lines(self):
        # Both mostly wait, so they wait together.
        self.world.organisation("asia", "section")
        quiet = self.office_on_line("quiet", organisation="asia")  # reads nothing of what the others write
        offices = [self.office_on_line(f"o{n}", "50kbit" if n == 0 else None) for n in range(OFFICES)]
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            noticed = pool.submit(self.half_open_line_is_noticed_on_both_sides, quiet)
            self.all_come_together_soon_after_their_lines_are_back(offices)
            noticed.result()
        self.assertIs(quiet.sync()["equal"], True)
        self.assert_whole(*offices)

    def half_open_line_is_noticed_on_both_sides(self, office):
        daemon = office.daemon()
        self.assertTrue(until(lambda: "equal=true" in office.log.read_text()))
        key = office.status()["device"][:12]
        hub_log = self.world.folder / "hub.log"
        session = re.findall(rf"session.opened session=([0-9a-f]+) .*key={key} live=1", hub_log.read_text())[-1]
        office.line.broken("cut")  # nobody writes here: only silence tells
        since, noticed = time.monotonic(), {}

        def look():
            if "session.ended" in office.log.read_text():
                noticed.setdefault("office", time.monotonic() - since)
            if f"session.closed session={session} " in hub_log.read_text():
                noticed.setdefault("hub", time.monotonic() - since)
            return len(noticed) == 2

        self.assertTrue(until(look, 75, 0.2), noticed)
        print("half-open noticed by", ", ".join(f"{who} after {took:.0f} s" for who, took in noticed.items()), end="; ",
              flush=True)
        office.line.whole()
        office.sql("INSERT INTO project(title) VALUES('Water')")
        self.assertTrue(until(lambda: office.status()["unsent"] == 0, 15))
        self.assertLessEqual(max(noticed.values()), 60)
        daemon.terminate()
        self.assertEqual(daemon.wait(20), 0)

    def all_come_together_soon_after_their_lines_are_back(self, offices):
        dice = seeded()
        good = offices[1:]
        daemons = [office.daemon() for office in offices]
        claims = Claims(offices)
        claims.start()
        written = {office: set() for office in offices}
        seconds = {"good": [], "thin": []}
        for _ in range(ROUNDS):
            back = time.monotonic() + TROUBLE_SECONDS + 0.5
            runs = [Trouble(office, dice.__class__(dice.random()), back, written[office]) for office in offices]
            with concurrent.futures.ThreadPoolExecutor(OFFICES) as pool:
                list(pool.map(Trouble.run, runs))
            healed = time.monotonic()
            ways = {run.office.name: (run.way, round(back - run.starts, 1)) for run in runs}
            for name, group in (("good", good), ("thin", offices)):
                # Good lines do not wait for what comes over the thin one.
                wanted = set().union(*(written[office] for office in group))
                seconds[name] += self.seconds_until_all_hold(wanted, group, healed, ways)
        claims.over.set()
        claims.join()
        self.assertTrue(until(lambda: all(self.last_word(office) == "true" for office in offices), 20))
        for daemon in daemons:
            self.assertIsNone(daemon.poll(), "a daemon ended by itself")
            daemon.terminate()
            self.assertEqual(daemon.wait(20), 0)
        self.report(seconds, claims)
        self.assertEqual(claims.false, [])
        for office in offices:
            self.assertNotIn("equal=false", office.log.read_text())
        self.assertLessEqual(self.p99(seconds["good"]), GOOD_SECONDS)
        self.assertLessEqual(self.p99(seconds["thin"]), THIN_SECONDS)

    def seconds_until_all_hold(self, wanted, offices, since, ways):
        found = {}

        def look():
            for office in offices:
                if office not in found and wanted <= {row[0] for row in office.rows("SELECT id FROM project")}:
                    found[office] = time.monotonic() - since
            return len(found) == len(offices)

        self.assertTrue(until(look, STUCK_SECONDS, 0.1), ([o.name for o in offices if o not in found], ways))
        slow = {office.name: round(took, 1) for office, took in found.items() if took > GOOD_SECONDS}
        if slow:
            print(f"slow: {slow} {ways}", end="; ", flush=True)
        return sorted(found.values())

    @staticmethod
    def p99(seconds):
        return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.99))]

    @staticmethod
    def last_word(office):
        return (re.findall(r"equal=(\w+)", office.log.read_text()) or [""])[-1]

    def report(self, seconds, claims):
        print(f"{ROUNDS * OFFICES} runs, 0 stuck, {len(claims.false)} falsely synced of {claims.count} claims;", end="")
        for name, all in seconds.items():
            print(f" {name} lines: p50 {sorted(all)[len(all) // 2]:.1f} s, p99 {self.p99(all):.1f} s", end=";")
        print(" ...", end=" ", flush=True)


if __name__ == "__main__":
    unittest.main()
