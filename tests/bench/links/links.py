#!/usr/bin/env python3
"""What a sync costs over a bad line, counted on the line: bytes, packets, losses, time. Real programs in network
namespaces (needs root), other systems beside Wasl doing the same work.

    python3 tests/bench/links/links.py [--line NAME]... [--system NAME]... [--rows N] [--seed N]

Work: a base of rows that both sides hold; 955 updates of one field here and 973 there while there was no link, ten a
transaction; then one sync, until this side has everything and knows that the other has. Rows and updates are made up
from the seed. Other systems come from npm (node_modules beside this file); what cannot be had is left out and named.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import threading
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "system")]

from lines import Lines  # noqa: E402
from wasl_world import World  # noqa: E402

# rate in bit/s and delay in ms are those of one way; `cut` is (every, for) in seconds
LINES = {
    "lan": dict(rate=50e6, delay=0.2, loss=0),
    "3g": dict(rate=1e6, delay=75, loss=0.005),
    "vsat": dict(rate=512e3, delay=300, loss=0.005),
    "2g": dict(rate=64e3, delay=400, loss=0.02),
    "2g-cut": dict(rate=64e3, delay=400, loss=0.02, cut=(20, 3)),
}
SYSTEMS = ("wasl", "yjs", "automerge", "pouchdb")
WORDS = ("water school road market clinic bridge council budget harvest training women youth solar waste forest river "
         "housing transport library archive energy planning").split()


def make_work(rows, seed):
    dice = random.Random(seed)
    words = lambda n: " ".join(dice.choice(WORDS) for _ in range(n))
    base = {str(uuid.UUID(int=dice.getrandbits(128), version=4)): {
        "reference": f"P-{n}", "title": words(6), "summary": words(30), "planned_start": f"20{dice.randint(10, 40)}-0{dice.randint(1, 9)}-11",
        "website": f"https://{dice.choice(WORDS)}.example/{n}", "note": words(4)} for n in range(rows)}
    ids, shared = list(base), list(base)[:max(1, rows // 10)]

    def updates(count):
        out = []
        for n in range(count):
            id = dice.choice(shared if dice.random() < 0.1 else ids)
            field = dice.choice(["title", "website", "note", "planned_start"])
            value = {"planned_start": lambda: f"20{dice.randint(10, 40)}-0{dice.randint(1, 9)}-2{dice.randint(0, 8)}",
                     "website": lambda: f"https://{dice.choice(WORDS)}.example/{dice.randint(0, 9999)}"}.get(
                         field, lambda: words(5))()
            out.append(dict(id=id, field=field, value=value))
        return [out[i:i + 10] for i in range(0, count, 10)]

    a, b = updates(955), updates(973)
    # What only one side wrote last must stand everywhere at the end.
    touched_by_b = {(u["id"], u["field"]) for u in sum(b, [])}
    touched_by_a = {(u["id"], u["field"]) for u in sum(a, [])}
    for side, others in ((a, touched_by_b), (b, touched_by_a)):
        newest = {}
        for one in sum(side, []):
            newest[one["id"], one["field"]] = one
        for key, one in newest.items():
            one["last"] = key not in others
    return dict(rows=base, a=a, b=b)


class Cutter(threading.Thread):
    """Nothing passes for a while, again and again."""

    def __init__(self, line, every, time_off):
        super().__init__(daemon=True)
        self.line, self.every, self.time_off, self.ended = line, every, time_off, threading.Event()

    def run(self):
        while not self.ended.wait(self.every):
            self.line.broken("cut")
            self.ended.wait(self.time_off)
            self.line.whole()


class Run:
    def __init__(self, name, work, work_file):
        self.options, self.work, self.work_file = dict(LINES[name]), work, work_file
        self.cut = self.options.pop("cut", None)
        self.lines = Lines()
        self.hub_line = self.lines.line("hub")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()

    def thin(self):
        """From here on everything is counted."""
        options = self.options
        self.line = self.lines.line("field", ["--rate", options["rate"], "--delay", options["delay"], "--loss", options["loss"]])
        return self.line

    def measured(self, work):
        cutter = Cutter(self.line, *self.cut) if self.cut else None
        if cutter:
            cutter.start()
        began = time.monotonic()
        more = work()
        took = time.monotonic() - began
        if cutter:
            cutter.ended.set()
            cutter.join()
        self.line.process.terminate()
        counted = json.loads(self.line.process.communicate(timeout=20)[0])
        self.lines.processes.remove(self.line.process)
        return dict(seconds=round(took, 1), **flatten(counted), **(more or {}))

    def wasl(self):
        with World(self.hub_line.address, self.hub_line.within) as world:
            world.two_associations()
            near = world.office("near", "benin", within=self.hub_line.within)
            columns = ["reference", "title", "summary", "planned_start", "website", "note"]
            insert = f"INSERT INTO project(id, {', '.join(columns)}) VALUES(?{', ?' * len(columns)})"
            rows = list(self.work["rows"].items())
            near.sql(*((insert, (id, *(row[c] for c in columns))) for id, row in rows))
            near.sync()
            line = self.thin()
            # What both sides hold before comes over the fast line too.
            field = world.office("field", "benin", within=self.hub_line.within)
            field.within = line.within
            for office, side in ((near, self.work["b"]), (field, self.work["a"])):
                for transaction in side:
                    office.sql(*((f"UPDATE project SET {u['field']} = ? WHERE id = ?", (u["value"], u["id"])) for u in transaction))
                    office.ok("status")  # seals: a transaction is a change set
            near.sync()

            def work():
                tries = 0
                while True:
                    tries += 1
                    answer = field.wasl("sync", "--url", world.url, timeout=900)
                    if answer.code == 0 and answer["equal"]:
                        return dict(round_trips=answer["round_trips"], sessions=tries)
                    if tries > 60:
                        raise AssertionError(answer.document)

            return self.measured(work)

    def peer(self, system):
        line = self.thin()
        command = ["node", str(HERE / "peers.mjs"), system]
        # A relay of namespaces stands between; the client begins when it is told to.
        server = subprocess.Popen([*self.hub_line.within, *command, "server", self.hub_line.address, "5984", self.work_file],
                                  stdout=subprocess.PIPE, text=True, cwd=HERE)
        client = subprocess.Popen([*line.within, *command, "client", self.hub_line.address, "5984", self.work_file],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE)
        try:
            for process in (server, client):
                if process.stdout.readline() != "ready\n":
                    raise AssertionError(f"{system} did not start")

            def work():
                client.stdin.write("go\n")
                client.stdin.flush()
                if client.wait(600) != 0:
                    raise AssertionError(f"{system} failed")

            return self.measured(work)
        finally:
            for process in (client, server):
                process.kill()
                process.wait()


def flatten(counted):
    out = {}
    for way, name in (("b to a", "up"), ("a to b", "down")):  # the router's device is a
        for key, value in counted[way].items():
            out[f"{key}_{name}"] = value
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--line", action="append", choices=LINES)
    parser.add_argument("--system", action="append", choices=SYSTEMS)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    systems = options.system or list(SYSTEMS)
    if set(systems) - {"wasl"} and not (HERE / "node_modules").exists():
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=HERE)
        if done.returncode:
            print("left out, npm cannot be reached:", *[s for s in systems if s != "wasl"])
            systems = ["wasl"]
    work = make_work(options.rows, options.seed)
    work_file = str(pathlib.Path(HERE / "work.json"))
    pathlib.Path(work_file).write_text(json.dumps(work))
    updates = sum(map(len, work["a"])) + sum(map(len, work["b"]))
    print(f"{options.rows} rows held by both, {updates} updates to exchange\n")
    print(f"{'line':8} {'system':10} {'seconds':>8} {'bytes up':>10} {'down':>10} {'an update':>10} {'packets':>8} {'lost':>5}  more")
    try:
        for name in options.line or LINES:
            for system in systems:
                with Run(name, work, work_file) as run:
                    try:
                        got = run.wasl() if system == "wasl" else run.peer(system)
                    except (AssertionError, subprocess.SubprocessError) as error:
                        print(f"{name:8} {system:10} failed: {str(error)[:200]}", flush=True)
                        continue
                up, down = got["bytes_up"], got["bytes_down"]
                more = ", ".join(f"{k} {got[k]}" for k in ("round_trips", "sessions") if k in got)
                print(f"{name:8} {system:10} {got['seconds']:8} {up:10} {down:10} {(up + down) / updates:10.1f} "
                      f"{got['packets_up'] + got['packets_down']:8} {got['lost_up'] + got['lost_down']:5}  {more}", flush=True)
    finally:
        pathlib.Path(work_file).unlink()


if __name__ == "__main__":
    main()
