"""Several hubs over one PostgreSQL database, behind HAProxy: any office on any hub, one leads. The one that leads is killed again
and again, stopped past its lease and woken, and ended properly; nothing is lost, no position is skipped or given twice."""
import json
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest
import urllib.request

from postgres_server import PostgresTest
from wasl_world import DEEP, World, binary, run_json, until

LEASE = 4  # seconds that a leading hub may be silent
KILLS = 20 if DEEP else 4


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Hub:
    """One `wasl-hub serve` of several."""

    def __init__(self, world, number, port, metrics, store):
        self.world, self.number, self.port, self.metrics, self.store = world, number, port, metrics, store
        self.log = world.folder / f"hub-{number}.log"
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [binary("wasl-hub"), "serve", "--data", str(self.world.hub_folder), "--listen", f"127.0.0.1:{self.port}",
                 "--metrics-listen", f"127.0.0.1:{self.metrics}", *self.store], stdout=subprocess.PIPE, stderr=log)
        self.world.processes.append(self.process)
        line = self.process.stdout.readline().decode()
        assert str(self.port) in line, self.log.read_text()

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(20)

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/wasl"

    def said(self, words):
        return words in self.log.read_text()

    def leads(self):
        """None: it does not answer now."""
        try:
            return self.metric("wasl_hub_leads") == 1 if self.process.poll() is None else None
        except OSError:
            return None

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=5) as answer:
            return float(re.search(rf"^{name} (\S+)$", answer.read().decode(), re.M).group(1))


@unittest.skipUnless(shutil.which("haproxy"), "haproxy is not installed")
class Hubs(PostgresTest):
    def hubs(self, name, count=3):
        """@return a world whose address is the balancer's, and its hubs."""
        self.name = name
        world = World()
        self.addCleanup(world.close)
        world.port, *ports = free_ports(1 + 2 * count)
        world.hub("init", "--name", "World network", "--store", self.database(name), "--address", world.url)
        hubs = [Hub(world, i, ports[2 * i], ports[2 * i + 1], ["--store", self.address(name)] if i else []) for i in range(count)]
        for hub in hubs:
            hub.start()
        self.balance(world, hubs)
        world.organisation("africa", "section")
        world.organisation("benin", parent="africa")
        return world, hubs

    def balance(self, world, hubs):
        lines = "\n".join(f"  server hub{hub.number} 127.0.0.1:{hub.port} check port {hub.metrics} inter 200ms fall 2 rise 1"
                          for hub in hubs)
        file = world.folder / "haproxy.cfg"
        file.write_text(f"""defaults
  mode http
  timeout connect 2s
  timeout client 1m
  timeout server 1m
  timeout tunnel 1h
  retries 3
  option redispatch
listen wasl
  bind 127.0.0.1:{world.port}
  balance roundrobin
  option httpchk GET /readyz
  default-server on-marked-down shutdown-sessions
{lines}
""")
        world.processes.append(subprocess.Popen(["haproxy", "-db", "-f", str(file)], stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL))
        def answers():
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", world.port)) == 0
        self.assertTrue(until(answers))

    def leader(self, hubs):
        """Of those that live, the one that says it leads."""
        return next((hub for hub in hubs if hub.leads()), None)

    def fence(self):
        fence, led = self.sql(self.name, "SELECT fence, renewed > clock_timestamp() - interval '4 seconds' FROM hub_fence"
                              ).strip().split("|")
        return int(fence), led == "t"

    def hand_over_after(self, act):
        """@return seconds until another hub leads."""
        before, _ = self.fence()
        begun = time.time()
        act()
        self.assertTrue(until(lambda: (lambda now: now[0] > before and now[1])(self.fence()), 15, 0.02), "nobody leads")
        return time.time() - begun

    def synced(self, office, url=None, seconds=40):
        answered = []
        def try_it():
            answered.append(office.wasl("sync", "--url", url or office.world.url))
            return answered[-1].document.get("equal") is True
        self.assertTrue(until(try_it, seconds), answered[-1].document)

    def assert_no_gap(self, world):
        """Every position of every log is there, once; every leaf of heads too; the tree is of them (verify says so elsewhere)."""
        wrong = self.sql(self.name, "SELECT s.name, s.size, count(e.position), max(e.position) FROM log_space s LEFT JOIN log_entry e "
                         "ON e.space = s.no GROUP BY s.no, s.name, s.size HAVING s.size <> count(e.position) OR s.size <> "
                         "coalesce(max(e.position), 0)")
        self.assertEqual(wrong.strip(), "")
        self.assertEqual(self.sql(self.name, "SELECT count(*) - coalesce(max(no) + 1, 0) FROM hub_heads_leaf").strip(), "0")
        self.assertEqual(self.sql(self.name, "SELECT count(*) FROM hub_asked").strip(), "0")

    def test_offices_on_any_hub_and_commands_beside_them(self):
        world, hubs = self.hubs("any")
        self.assertEqual(sum(hub.metric("wasl_hub_leads") for hub in hubs), 1)
        self.assertEqual(len(world.hub("status")["hubs"]["processes"]), 3)
        offices = [world.office(f"o{i}", "benin") for i in range(3)]
        for round in range(2):
            for office, hub in zip(offices, hubs):  # each on a hub of its own
                office.add("project", f"title={office.name}-{round}", "status=pipeline")
                self.synced(office, hub.url)
            for office, hub in zip(offices, hubs[1:] + hubs[:1]):  # and then on another
                self.synced(office, hub.url)
        for office in offices:
            self.synced(office)
            self.assertEqual(office.value("SELECT count(*) FROM project"), 6)
            self.assertEqual(office.ok("verify")["problems"], [])
        self.assertEqual(len({office.fingerprint() for office in offices}), 1)
        # Live: a daemon at one hub hears what is pushed at another.
        follower = next(hub for hub in hubs if hub is not self.leader(hubs))
        world.port, balancer = follower.port, world.port
        offices[0].daemon()
        world.port = balancer
        self.assertTrue(until(lambda: follower.metric("wasl_hub_sessions_open") == 1))
        offices[1].add("project", "title=Heard", "status=pipeline")
        self.synced(offices[1], self.leader(hubs).url)
        begun = time.time()
        self.assertTrue(until(lambda: offices[0].value("SELECT count(*) FROM project WHERE title = 'Heard'") == 1, 10, 0.02))
        print(f"heard at another hub after {time.time() - begun:.2f} s", end=" ", flush=True)
        # A device that is revoked is so at every hub at once, and what it pushes is held.
        world.hub("revoke", offices[2].status()["device"], "--reason", "lost")
        offices[2].add("project", "title=Held", "status=pipeline")
        refused = offices[2].wasl("sync", "--url", follower.url)
        self.assertNotEqual(refused.code, 0)
        self.assertEqual(world.hub("status")["quarantine"]["held"], 1)
        held = world.hub("quarantine", "list")["quarantine"][0]["change_set"]
        world.hub("quarantine", "adopt", held)
        self.synced(offices[1], follower.url)
        self.assertEqual(offices[1].value("SELECT count(*) FROM project WHERE title = 'Held'"), 1)
        self.assert_no_gap(world)

    def test_the_leading_hub_is_killed_again_and_again(self):
        world, hubs = self.hubs("killed")
        offices = [world.office(f"o{i}", "benin") for i in range(3)]
        stop, written = threading.Event(), []

        def work(office):
            while not stop.is_set():
                written.append(office.add("project", f"title={office.name}", "status=pipeline"))
                office.wasl("sync", "--url", world.url)  # fails now and then

        workers = [threading.Thread(target=work, args=(office,)) for office in offices]
        for worker in workers:
            worker.start()
        took = []
        try:
            for _ in range(KILLS):
                time.sleep(1.5)
                leader = []
                self.assertTrue(until(lambda: leader.append(self.leader(hubs)) or leader[-1] is not None, 15))
                took.append(self.hand_over_after(leader[-1].kill))
                leader[-1].start()
        finally:
            stop.set()
            for worker in workers:
                worker.join()
        print(f"hand-over after SIGKILL: most {max(took):.2f} s of {KILLS}, {len(written)} records", end=" ", flush=True)
        self.assertLessEqual(max(took), 5.0 + 0.5)  # the poll of this test beside it, on a busy machine
        for office in (*offices, *offices):
            self.synced(office)
        for office in offices:
            self.assertEqual(office.value("SELECT count(*) FROM project"), len(written))
            self.assertEqual(office.ok("verify")["problems"], [])
            now = office.status()
            self.assertEqual((now["unsent"], now["held"], now["refused"]), (0, 0, 0), now)
        self.assertEqual({id for (id,) in offices[0].rows("SELECT id FROM project")}, set(written))
        self.assertEqual(len({office.fingerprint() for office in offices}), 1)
        self.assert_no_gap(world)

    def test_one_that_was_stopped_past_its_lease_writes_nothing_and_follows(self):
        world, hubs = self.hubs("stopped", 2)
        offices = [world.office(f"o{i}", "benin") for i in range(2)]
        for office in offices:
            self.synced(office)
        old = self.leader(hubs)
        new = next(hub for hub in hubs if hub is not old)
        offices[0].add("project", "title=Late", "status=pipeline")
        took = self.hand_over_after(lambda: old.process.send_signal(signal.SIGSTOP))
        print(f"hand-over after SIGSTOP: {took:.2f} s", end=" ", flush=True)
        self.assertLessEqual(took, LEASE + 1.5)
        offices[1].add("project", "title=Meanwhile", "status=pipeline")
        self.synced(offices[1], new.url)
        # The office that calls the stopped one: its push waits there, and is the first thing that it sees when it wakes.
        late = subprocess.Popen([binary("wasl"), "sync", "--data", str(offices[0].folder), "--url", old.url, "--json"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        world.processes.append(late)
        time.sleep(1)
        old.process.send_signal(signal.SIGCONT)
        late.wait(60)
        self.assertTrue(until(lambda: old.said("another wasl-hub has taken over"), 15), old.log.read_text())
        self.assertTrue(until(lambda: new.leads() and old.leads() is False, 20))
        for office in offices:
            self.synced(office, old.url)  # it goes on, and passes on
        self.synced(offices[1], new.url)
        for office in offices:
            self.assertEqual(office.value("SELECT count(*) FROM project"), 2)
            self.assertEqual(office.ok("verify")["problems"], [])
        self.assert_no_gap(world)

    def test_one_that_is_ended_properly_hands_over_at_once(self):
        world, hubs = self.hubs("drained", 2)
        office = world.office("o", "benin")
        took = []
        for _ in range(4):
            old = self.leader(hubs)
            office.add("project", "title=T", "status=pipeline")
            took.append(self.hand_over_after(lambda: old.process.send_signal(signal.SIGTERM)))
            old.process.wait(20)
            self.synced(office)
            old.start()
        print(f"hand-over after SIGTERM: most {max(took):.2f} s", end=" ", flush=True)
        self.assertLess(max(took), 1.5)
        self.assert_no_gap(world)
        for hub in hubs:
            hub.kill(signal.SIGTERM)
        # With no hub at all a command acts by itself.
        world.organisation("togo", parent="africa")
        self.assertEqual(world.hub("status")["hubs"]["processes"], [])


if __name__ == "__main__":
    unittest.main()
