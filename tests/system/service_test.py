"""Under systemd's eyes: what hub and daemon tell it, when the watchdog is fed, and that the units are right. The test
listens where systemd would."""
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import time
import unittest

from wasl_world import ROOT, WorldTest, binary, until


class Manager:
    """Stands where systemd stands: a datagram a message."""

    def __init__(self, folder, watchdog=None):
        self.path = folder / "notify.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.setblocking(False)
        self.messages = []
        self.environment = {**os.environ, "NOTIFY_SOCKET": str(self.path)}
        if watchdog is not None:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog * 1e6))

    def read(self):
        """@return the messages that came since the last time."""
        came = []
        while True:
            try:
                came.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                self.messages += came
                return came

    def has(self, line):
        self.read()
        return any(re.search(rf"(?m)^{line}", one) for one in self.messages)

    def fed(self, seconds):
        """@return how often the watchdog is fed in this time."""
        self.read()
        time.sleep(seconds)
        return sum("WATCHDOG=1" in one for one in self.read())


class Service(WorldTest):
    def manager(self, watchdog=None):
        manager = Manager(self.world.folder, watchdog)
        self.addCleanup(manager.socket.close)
        return manager

    def start_hub(self, manager):
        self.world.hub("init", "--name", "World network")
        self.world.start_hub(env=manager.environment)

    def test_a_hub_says_when_it_is_ready_what_it_does_and_that_it_stops(self):
        manager = self.manager()
        self.start_hub(manager)
        self.assertTrue(until(lambda: manager.has("READY=1")), manager.messages)
        self.assertTrue(manager.has(rf"STATUS=serves ws://127.0.0.1:{self.world.port}, 0 links"), manager.messages)
        self.world.organisation("africa", "section")
        self.world.organisation("benin", parent="africa")
        benin = self.world.office("benin", "benin")
        self.assertTrue(until(lambda: manager.has("STATUS=serves .* 0 links")), manager.messages)
        daemon = benin.daemon()
        self.assertTrue(until(lambda: "equal=true" in (benin.folder / "daemon.log").read_text()))
        self.assertTrue(until(lambda: manager.read() is not None and " 1 links" in manager.messages[-1]), manager.messages)
        self.assertFalse(manager.has("STOPPING=1"))
        # The same name for the session in both logs.
        name = re.findall(r"session.moved session=([0-9a-f]{8}) ", (benin.folder / "daemon.log").read_text())[-1]
        self.assertIn(f"session.opened session={name} ", (self.world.folder / "hub.log").read_text())
        self.world.stop_hub()
        self.assertTrue(manager.has("STOPPING=1"), manager.messages)
        self.assertTrue(manager.has("STATUS=says goodbye to 1 offices"), manager.messages)
        self.assertEqual(self.world.hub_process.returncode, 0)
        self.assertIsNone(daemon.poll())
        self.assertFalse(manager.has("WATCHDOG=1"), "nobody asked for it")

    def test_the_watchdog_is_fed_as_long_as_the_loop_runs(self):
        manager = self.manager(watchdog=0.5)
        self.start_hub(manager)
        self.assertTrue(until(lambda: manager.has("READY=1")))
        self.assertGreaterEqual(manager.fed(1.5), 4)
        # What holds the loop feeds nothing: the hub waits for a lock that another program holds.
        other = sqlite3.connect(self.world.hub_folder / "hub.db", isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        command = subprocess.Popen([binary("wasl-hub"), "organisation", "add", "--data", self.world.hub_folder, "--id", "africa",
                                    "--name", "Africa", "--kind", "section"], stdout=subprocess.DEVNULL)
        self.world.processes.append(command)
        time.sleep(0.5)
        self.assertEqual(manager.fed(1.5), 0)
        other.execute("ROLLBACK")
        self.assertEqual(command.wait(20), 0)
        self.assertGreaterEqual(manager.fed(1.5), 4)

    def test_a_daemon_tells_how_it_stands(self):
        self.world.two_associations()
        benin = self.world.office("benin", "benin")
        manager = self.manager(watchdog=1)
        daemon = benin.daemon(env=manager.environment)
        self.assertTrue(until(lambda: manager.has("READY=1")), manager.messages)
        self.assertTrue(until(lambda: manager.has("STATUS=in touch with .*proved equal")), manager.messages)
        self.world.stop_hub()
        self.assertTrue(until(lambda: manager.has("STATUS=no link: ")), manager.messages)
        self.assertGreaterEqual(manager.fed(2), 2)
        daemon.terminate()
        self.assertEqual(daemon.wait(20), 0)
        self.assertTrue(manager.has("STOPPING=1"), manager.messages)

    def test_a_daemon_is_ready_where_there_is_no_network(self):
        self.world.two_associations()
        benin = self.world.office("benin", "benin")
        self.world.stop_hub()
        manager = self.manager()
        benin.daemon(env=manager.environment)
        self.assertTrue(until(lambda: manager.has("READY=1")), manager.messages)

    def test_nobody_who_listens_is_no_reason_not_to_work(self):
        self.world.hub("init", "--name", "World network")
        self.world.start_hub(env={**os.environ, "NOTIFY_SOCKET": str(self.world.folder / "nobody.sock"), "WATCHDOG_USEC": "100000"})
        self.world.organisation("africa", "section")
        self.world.stop_hub()
        self.assertEqual(self.world.hub_process.returncode, 0)


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class Units(WorldTest):
    UNITS = {"server/operations/wasl-hub.service": "wasl-hub", "client/operations/wasl.service": "wasl"}

    def test_systemd_understands_every_line(self):
        for path, program in self.UNITS.items():
            text = (ROOT / path).read_text()
            self.assertIn(f"ExecStart=/usr/bin/{program} ", text)
            # The program as it is built, and a user that this machine has.
            text = text.replace(f"/usr/bin/{program}", binary(program))
            text = re.sub(r"(?m)^(User|Group)=.*", r"\1=root", text)
            unit = self.world.folder / pathlib.Path(path).name
            unit.write_text(text)
            done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr.strip()), (0, ""), path)

    def test_they_give_up_what_they_do_not_need(self):
        for path in self.UNITS:
            done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", ROOT / path],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout[-200:])


if __name__ == "__main__":
    unittest.main()
