"""A real hub and real offices in a temporary folder, for the tests beside this file. Standard library only.

The programs are looked for in WASL_BUILD (default build/release). Every process that a World starts, and no
other, ends with it.
"""
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEEP = bool(os.environ.get("WASL_DEEP"))  # the long form of tests that repeat something by chance


def seeded():
    """Dice whose seed is printed, so that WASL_SEED throws the same again."""
    seed = int(os.environ.get("WASL_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"WASL_SEED={seed}", end=" ", flush=True)
    return random.Random(seed)


def binary(name):
    folder = pathlib.Path(os.environ.get("WASL_BUILD", ROOT / "build" / "release"))
    for place in (folder / "bin", folder / "tests"):
        if (place / name).is_file():
            return str(place / name)
    raise unittest.SkipTest(f"{name} is not in {folder}; build it or set WASL_BUILD")


class Answer:
    def __init__(self, code, document, stderr):
        self.code, self.document, self.stderr = code, document, stderr

    def __getitem__(self, key):
        return self.document[key]

    @property
    def error(self):
        return self.document.get("error", {})


def run_json(arguments, timeout=60, **options):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **options)
    text = done.stdout.decode()
    try:
        document = json.loads(text)
    except ValueError:
        raise AssertionError(
            f"{arguments} ended with {done.returncode} and printed no single document:\n{text}\n{done.stderr.decode()}")
    return Answer(done.returncode, document, done.stderr.decode())


class World:
    def __init__(self, host="127.0.0.1", within=()):
        """`within` goes before the hub's command line: a namespace, say."""
        self.host, self.within = host, list(within)
        # A line in a namespace is an open network, and the programs are told that this is meant.
        self.in_plain = [] if host.startswith("127.") else ["--plain-text-on-an-open-network"]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wasl-world-"))
        self.hub_folder = self.folder / "hub"
        self.processes = []
        self.hub_process = None
        self.port = None

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
        if os.environ.get("WASL_KEEP"):
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def tell(self, lines=40):
        """Prints what the programs said last, and who of them lives."""
        for log in sorted((self.folder / "hub.log", *self.folder.glob("*/daemon.log"))):
            if log.exists():
                print(f"\n{log.relative_to(self.folder)} ends with:", *log.read_text(errors="replace").splitlines()[-lines:],
                      sep="\n  ", flush=True)
        for process in self.processes:
            print(f"  {process.args[0]} {process.args[1]}: {'lives' if process.poll() is None else process.returncode}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ── the hub
    def hub(self, *arguments, folder=None):
        command, rest = list(arguments[:1]), list(arguments[1:])
        if command[0] in ("organisation", "quarantine", "schema", "witness", "bundle"):
            command, rest = list(arguments[:2]), list(arguments[2:])
        answer = run_json([binary("wasl-hub"), *command, "--data", str(folder or self.hub_folder), "--json", *rest])
        if answer.code != 0:
            raise AssertionError(f"wasl-hub {arguments}: {answer.document}")
        return answer

    def init_hub(self, name="World network"):
        self.hub("init", "--name", name)
        self.start_hub()

    def start_hub(self, port=None, folder=None, more=(), **options):
        """@return the address that it prints."""
        with open(self.folder / "hub.log", "ab") as log:
            self.hub_process = subprocess.Popen(
                [*self.within, binary("wasl-hub"), "serve", "--data", str(folder or self.hub_folder), "--listen",
                 f"{self.host}:{port or self.port or 0}", *self.in_plain, *map(str, more)], stdout=subprocess.PIPE, stderr=log, **options)
        self.processes.append(self.hub_process)
        deadline = time.time() + 20
        while time.time() < deadline:
            line = self.hub_process.stdout.readline().decode()
            found = re.search(re.escape(self.host) + r":(\d+)", line)
            if found:
                self.port = int(found.group(1))
                return line.split()[-1]
            if not line:
                break
        raise AssertionError("the hub did not start:\n" + (self.folder / "hub.log").read_text())

    def stop_hub(self, how=signal.SIGTERM):
        self.hub_process.send_signal(how)
        self.hub_process.wait(20)

    @property
    def url(self):
        return f"ws://{self.host}:{self.port}/wasl"

    def organisation(self, id, kind="association", parent=None, name=None):
        more = ["--parent", parent] if parent else []
        self.hub("organisation", "add", "--id", id, "--name", name or id.title(), "--kind", kind, *more)

    def invite(self, organisation, role="officer"):
        return self.hub("invite", "--organisation", organisation, "--role", role)["invitation"]

    # ── offices
    def office(self, name, organisation, role="officer", language=None, within=()):
        office = Office(self, name, within)
        office.join(self.invite(organisation, role), language)
        return office

    def two_associations(self):
        """A section with two associations, as most tests need it."""
        self.init_hub()
        self.organisation("africa", "section")
        self.organisation("benin", parent="africa")
        self.organisation("togo", parent="africa")

    def relay(self, *options):
        """A bad line to the hub. @return its address."""
        process = subprocess.Popen([binary("wasl-relay"), "--to", str(self.port), *map(str, options)],
                                   stdout=subprocess.PIPE)
        self.processes.append(process)
        return f"ws://127.0.0.1:{int(process.stdout.readline())}/wasl", process


class Office:
    def __init__(self, world, name, within=()):
        self.world, self.name, self.within = world, name, list(within)
        self.folder = world.folder / name

    def wasl(self, command, *arguments, timeout=60, **options):
        in_plain = self.world.in_plain if command in ("join", "sync", "daemon") else []
        return run_json([*self.within, binary("wasl"), *command.split(), "--data", str(self.folder), "--json", *in_plain,
                         *map(str, arguments)], timeout=timeout, **options)

    def ok(self, command, *arguments):
        answer = self.wasl(command, *arguments)
        if answer.code != 0:
            raise AssertionError(f"{self.name}: wasl {command} {arguments} ended with {answer.code}: {answer.document}")
        return answer.document

    def join(self, invitation, language=None):
        return self.ok("join", invitation, *(["--language", language] if language else []))

    def sync(self):
        answer = self.wasl("sync", "--url", self.world.url)
        if answer.code != 0:
            raise AssertionError(f"{self.name}: sync ended with {answer.code}: {answer.document}")
        return answer.document

    def status(self):
        return self.ok("status")

    def conflicts(self):
        return self.ok("conflicts")["conflicts"]

    def add(self, register, *assignments):
        return self.ok("add", register, *assignments)["id"]

    def set(self, register, id, *assignments):
        return self.ok("set", register, id, *assignments)

    def sql(self, *statements):
        """As any program would write: in its own transaction, waiting for locks."""
        connection = sqlite3.connect(self.folder / "replica.db", timeout=5)
        try:
            with connection:
                for statement in statements:
                    connection.execute(*(statement if isinstance(statement, tuple) else (statement,)))
        finally:
            connection.close()

    def rows(self, query, *parameters):
        connection = sqlite3.connect(f"file:{self.folder}/replica.db?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(query, parameters).fetchall()
        finally:
            connection.close()

    def value(self, query, *parameters):
        rows = self.rows(query, *parameters)
        return rows[0][0] if rows else None

    def fingerprint(self):
        """Of everything that any register shows: equal for offices of one organisation that hold the same."""
        connection = sqlite3.connect(f"file:{self.folder}/replica.db?mode=ro", uri=True, timeout=5)
        try:
            connection.execute("BEGIN")  # one moment for all tables
            sum = hashlib.sha256()
            for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND "
                                               "substr(name, 1, 1) <> '_' AND name NOT LIKE 'sqlite%' ORDER BY 1"
                                               ).fetchall():
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info(\"{table}\")") if row[1][0] != "_"]
                rows = connection.execute(f"SELECT {', '.join(columns)} FROM \"{table}\" ORDER BY 1, 2").fetchall()
                sum.update(repr((table, rows)).encode())
            return sum.hexdigest()
        finally:
            connection.close()

    def daemon(self, **options):
        with open(self.folder / "daemon.log", "ab") as log:
            process = subprocess.Popen(
                [*self.within, binary("wasl"), "daemon", "--data", str(self.folder), "--url", self.world.url,
                 *self.world.in_plain], stdout=subprocess.DEVNULL, stderr=log, **options)
        self.world.processes.append(process)
        return process


def until(condition, seconds=15, every=0.1):
    """@return whether the condition came true in time."""
    deadline = time.time() + seconds
    while time.time() < deadline:
        if condition():
            return True
        time.sleep(every)
    return bool(condition())


def is_sound(path):
    connection = sqlite3.connect(path, timeout=5)
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


class MovedClock:
    """A clock that the test sets, for programs started with its environment. Needs faketime."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.set("+0")
        preload = subprocess.run(["faketime", "-f", "+0", "printenv", "LD_PRELOAD"], capture_output=True, text=True,
                                 check=True).stdout.strip()
        self.environment = {"LD_PRELOAD": f"{binary('steady_timers.so')} {preload}", "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set(self, when):
        """@param when: "+3d" from now, "@2099-01-01 00:00:00" and on from there, …"""
        new = self.file.with_suffix(".new")
        new.write_text(when + "\n")
        new.rename(self.file)


class MovedClocks:
    """For a WorldTest all of whose programs go by a clock that it sets."""

    def move_clocks(self):
        """Every program started from here on goes by the clock that set_clock() sets."""
        clock = MovedClock(self.world.folder)
        self.set_clock = clock.set
        before = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update(clock.environment)


class WorldTest(unittest.TestCase):
    """A fresh world for each test."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.addCleanup(lambda: self._outcome.success or self.world.tell())

    def sync_all(self, *offices, rounds=2):
        for _ in range(rounds):
            for office in offices:
                self.assertTrue(office.sync()["equal"], office.name)

    def assert_whole(self, *offices):
        """Every office of one organisation, and the hub, hold the same, whole, and nothing waits."""
        for office in (*offices, *offices):
            self.assertIs(office.sync()["equal"], True, office.name)
        self.assertEqual(len({office.fingerprint() for office in offices}), 1)
        for office in offices:
            self.assertEqual(office.ok("verify")["problems"], [], office.name)
            now = office.status()
            self.assertEqual((now["unsent"], now["held"], now["refused"]), (0, 0, 0), now)
            for file in ("replica.db", "identity.db"):
                self.assertTrue(is_sound(office.folder / file), (office.name, file))
        self.world.stop_hub()
        self.assertTrue(is_sound(self.world.hub_folder / "hub.db"))
