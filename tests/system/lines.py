"""Real lines for the tests beside this file: each program in a network namespace of its own, a router in the middle
that can break any line in any way. Needs root. Every namespace that Lines makes, and no other, ends with it."""
import itertools
import os
import pathlib
import re
import subprocess
import sys
import unittest

from wasl_world import ROOT

_numbers = itertools.count()


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=20)


def remove_left_behind():
    """Namespaces of tests that were killed: their name says whose they were."""
    for space in pathlib.Path("/run/netns").glob("wasl-*"):
        owner = re.match(r"wasl-(\d+)-", space.name)
        if owner and not pathlib.Path("/proc", owner[1]).exists():
            subprocess.run(["ip", "netns", "del", space.name], timeout=20)


class Line:
    """Between the router and one namespace."""

    # What the router does with packets from and to the other end.
    WAYS = {
        "cut": [("-s", "DROP"), ("-d", "DROP")],
        "one way up": [("-s", "DROP")],
        "one way down": [("-d", "DROP")],
        "reset": [("-s", "REJECT", "--reject-with", "tcp-reset"), ("-d", "REJECT", "--reject-with", "tcp-reset")],
        "unreachable": [("-s", "REJECT"), ("-d", "REJECT")],
    }

    def __init__(self, lines, name, number):
        self.lines, self.name = lines, name
        self.space = f"{lines.tag}-{name}"
        self.router_address, self.address = f"10.77.{number}.1", f"10.77.{number}.2"
        self.within = ["ip", "netns", "exec", self.space]

    def broken(self, way):
        self.whole()
        if way == "blackhole":
            run(*self.lines.ip, "rule", "add", "to", self.address, "blackhole")
        else:
            for side, *verdict in self.WAYS[way]:
                self.lines.rule("-A", self.name, "-p", "tcp", side, self.address, "-j", *verdict)

    def whole(self):
        self.lines.rule("-F", self.name)
        subprocess.run([*self.lines.ip, "rule", "del", "to", self.address, "blackhole"], stderr=subprocess.DEVNULL,
                       timeout=20)

    def hold_to(self, rate):
        """As the kernel shapes: `rate` as tc says it, both ways."""
        shape = ["root", "tbf", "rate", rate, "burst", "2k", "latency", "2s"]
        run("ip", "netns", "exec", self.space, "tc", "qdisc", "add", "dev", "line", *shape)
        run(*self.lines.within, "tc", "qdisc", "add", "dev", self.name, *shape)


class Lines:
    def __init__(self):
        if os.geteuid() != 0:
            raise unittest.SkipTest("network namespaces need root")
        remove_left_behind()
        self.tag = f"wasl-{os.getpid()}-{next(_numbers)}"
        self.router = f"{self.tag}-router"
        self.ip, self.within = ["ip", "-n", self.router], ["ip", "netns", "exec", self.router]
        self.spaces, self.processes = [], []
        try:
            self._make(self.router)
            run(*self.within, "sysctl", "-qw", "net.ipv4.ip_forward=1")
            self.rule("-L")
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            self.close()
            raise unittest.SkipTest(f"no network namespaces with iptables here: {error}")

    def close(self):
        for process in self.processes:
            process.terminate()
            process.communicate(timeout=20)
        for space in self.spaces:
            subprocess.run(["ip", "netns", "del", space], timeout=20)

    def _make(self, space):
        run("ip", "netns", "add", space)
        self.spaces.append(space)
        run("ip", "-n", space, "link", "set", "lo", "up")

    def rule(self, *arguments):
        run(*self.within, "iptables", "-w", *arguments)

    def line(self, name, thin=None):
        """`thin` are options of thin_line.py; without them the line is as fast as memory."""
        line = Line(self, name, len(self.spaces))
        self._make(line.space)
        if thin is None:
            run(*self.ip, "link", "add", name, "type", "veth", "peer", "name", "line", "netns", line.space)
        else:
            line.process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests/support/thin_line.py"), self.router, name, line.space, "line",
                 *map(str, thin)], stdout=subprocess.PIPE, text=True)
            self.processes.append(line.process)
            if line.process.stdout.readline() != "ready\n":
                raise unittest.SkipTest("no tun devices here")
        for ip, device, address, other in ((self.ip, name, line.router_address, line.address),
                                           (["ip", "-n", line.space], "line", line.address, line.router_address)):
            run(*ip, "address", "add", address, "peer", other, "dev", device)
            run(*ip, "link", "set", device, "up")
        run("ip", "-n", line.space, "route", "add", "default", "via", line.router_address, "dev", "line")
        self.rule("-N", name)
        for side in ("-s", "-d"):
            self.rule("-A", "FORWARD", side, line.address, "-j", name)
        return line
