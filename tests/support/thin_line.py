#!/usr/bin/env python3
"""A thin line between two network namespaces: packets are delayed, lost and held to a rate, so that TCP at both
ends meets what it meets on a telephone network. Two tun devices and a loop between them; needs root.

    thin_line.py SPACE_A DEVICE_A SPACE_B DEVICE_B --rate BITS --delay MS --loss SHARE [--seed N]

Prints "ready" once both devices exist, and at SIGTERM one line of JSON: packets, bytes and losses each way.
"""
import argparse
import collections
import ctypes
import fcntl
import json
import os
import random
import select
import signal
import struct
import sys
import time

CLONE_NEWNET, TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x40000000, 0x400454CA, 1, 0x1000
QUEUE_BYTES = 64 * 1024  # what waits at the mast; the rest is lost, as there


def open_tun(space, device):
    with open(f"/run/netns/{space}") as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {space}")
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI))
    return tun


class Way:
    """One direction."""

    def __init__(self, source, target, options, dice):
        self.source, self.target, self.options, self.dice = source, target, options, dice
        self.waiting = collections.deque()  # (when it arrives, packet)
        self.bytes_waiting, self.free_at = 0, 0.0
        self.count = dict(packets=0, bytes=0, lost=0)

    def take(self, now):
        packet = os.read(self.source, 65536)
        self.count["packets"] += 1
        self.count["bytes"] += len(packet)
        if self.dice.random() < self.options.loss or self.bytes_waiting + len(packet) > QUEUE_BYTES:
            self.count["lost"] += 1
            return
        self.free_at = max(now, self.free_at) + len(packet) * 8 / self.options.rate
        self.waiting.append((self.free_at + self.options.delay / 1000, packet))
        self.bytes_waiting += len(packet)

    def deliver(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            _, packet = self.waiting.popleft()
            self.bytes_waiting -= len(packet)
            try:
                os.write(self.target, packet)
            except OSError:  # the device is down: lost, as on a line
                self.count["lost"] += 1


def main():
    parser = argparse.ArgumentParser()
    for name in ("space_a", "device_a", "space_b", "device_b"):
        parser.add_argument(name)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--loss", type=float, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    a, b = open_tun(options.space_a, options.device_a), open_tun(options.space_b, options.device_b)
    dice = random.Random(options.seed)
    ways = {a: Way(a, b, options, dice), b: Way(b, a, options, dice)}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print("ready", flush=True)
    try:
        while True:
            due = min((way.waiting[0][0] for way in ways.values() if way.waiting), default=None)
            ready, _, _ = select.select([a, b], [], [], None if due is None else max(0.0, due - time.monotonic()))
            now = time.monotonic()
            for source in ready:
                ways[source].take(now)
            for way in ways.values():
                way.deliver(now)
    finally:
        print(json.dumps({"a to b": ways[a].count, "b to a": ways[b].count}), flush=True)


if __name__ == "__main__":
    main()
