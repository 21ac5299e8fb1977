#!/usr/bin/env python3
"""Runs a command at the far end of a bad path: in a network of its own, joined to this one by IP packets alone.

    long_way.py --delay-ms D --jitter-ms J --loss-percent P [--seed S] COMMAND...

This end is 10.9.0.1, the command's 10.9.0.2. Each packet, of whatever protocol, is lost with probability P or comes out after
D +- J ms (uniform), each way, in order, as a queue keeps it. Unlike a proxy this leaves TCP to find out about losses and to
repair them over the real round trip. Ends with the command and its exit code. Wants to be root in a network namespace that
may be changed (tests/bench/private-network)."""

import argparse
import ctypes
import fcntl
import os
import random
import select
import struct
import subprocess
import sys
import time
from collections import deque

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000
PACKET_BYTES_MAX = 65536
WAITING_PACKETS_MAX = 10_000  # one way; beyond it packets are lost, as in a full queue


def open_end(name, address):
    """A tun device in the network that this process is in."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    for words in (["addr", "add", f"{address}/24", "dev", name], ["link", "set", name, "up"]):
        subprocess.run(["ip", *words], check=True)
    return device


class Way:
    """One direction: what came in at one end waits here until it comes out at the other."""

    def __init__(self, source, sink, options, seed):
        self.source, self.sink, self.options = source, sink, options
        self.random = random.Random(seed)
        self.waiting = deque()
        self.last = 0.0
        self.lost = self.passed = 0

    def take_in(self):
        try:
            packet = os.read(self.source, PACKET_BYTES_MAX)
        except BlockingIOError:
            return
        lost = self.random.random() * 100 < self.options.loss_percent
        delay = self.options.delay_ms + self.random.uniform(-self.options.jitter_ms, self.options.jitter_ms)
        if lost or len(self.waiting) >= WAITING_PACKETS_MAX:
            self.lost += 1
            return
        self.last = max(self.last, time.monotonic() + delay / 1000)
        self.waiting.append((self.last, packet))

    def let_out(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            try:
                os.write(self.sink, self.waiting.popleft()[1])
                self.passed += 1
            except OSError:
                self.lost += 1


def milliseconds(text):
    value = float(text)
    if not 0 <= value <= 60_000:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 60000")
    return value


def percentage(text):
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 100")
    return value


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--delay-ms", type=milliseconds, default=0)
    parser.add_argument("--jitter-ms", type=milliseconds, default=0)
    parser.add_argument("--loss-percent", type=percentage, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if not options.command:
        parser.error("no command")
    if options.jitter_ms > options.delay_ms:
        parser.error("the jitter is more than the delay; delays cannot be negative")

    near = open_end("near0", "10.9.0.1")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace of its own")
    far = open_end("far0", "10.9.0.2")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    ways = [Way(near, far, options, options.seed * 2), Way(far, near, options, options.seed * 2 + 1)]
    try:
        child = subprocess.Popen(options.command)
    except OSError as error:
        sys.exit(f"long_way.py: cannot start {options.command[0]}: {error.strerror}")
    try:
        while child.poll() is None:
            dues = [way.waiting[0][0] for way in ways if way.waiting]
            wait = min([0.02, *(max(0.0, due - time.monotonic()) for due in dues)])
            readable, _, _ = select.select([near, far], [], [], wait)
            for way in ways:
                if way.source in readable:
                    way.take_in()
                way.let_out()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    print(f"packets passed {sum(way.passed for way in ways)}, lost {sum(way.lost for way in ways)}", file=sys.stderr)
    return child.returncode if child.returncode >= 0 else 1


if __name__ == "__main__":
    sys.exit(main())
