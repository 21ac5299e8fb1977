#!/usr/bin/env python3
"""Runs the real playhead-impair between real sockets: smoke_test.py BINARY

Bounds on time are lower bounds, or wide enough for a busy machine."""

import contextlib
import hashlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

BINARY = sys.argv.pop(1) if len(sys.argv) > 1 else "playhead-impair"


def receive_all(connection):
    received = bytearray()
    while piece := connection.recv(65536):
        received += piece
    return bytes(received)


class Echo:
    """Answers every byte with itself; passes the end of the stream back."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    @staticmethod
    def serve(connection):
        with connection, contextlib.suppress(OSError):
            while piece := connection.recv(65536):
                connection.sendall(piece)

    def __exit__(self, *_):
        self.listener.close()


class Impair:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([BINARY, *arguments, "--exit-with-parent"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().strip()
        assert line.startswith("ready ports="), line
        self.ports = [int(port) for port in line.removeprefix("ready ports=").split(",")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)
        self.process.stdin.close()
        self.process.stdout.close()

    def connect(self, link=0):
        connection = socket.create_connection(("127.0.0.1", self.ports[link]), timeout=20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def command(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


def round_trip_s(connection, payload=b"x"):
    start = time.monotonic()
    connection.sendall(payload)
    received = b""
    while len(received) < len(payload):
        received += connection.recv(65536)
    return time.monotonic() - start


class Smoke(unittest.TestCase):
    def setUp(self):
        self.echo = self.enterContext(Echo())
        self.to = f"127.0.0.1:{self.echo.port}"

    def test_each_link_has_its_own_delay_both_ways(self):
        with Impair("--to", self.to, "--link", "listen=127.0.0.1:0,delay=20", "--link", "listen=127.0.0.1:0,delay=90") as proxy:
            with proxy.connect(0) as near, proxy.connect(1) as far:
                near_s, far_s = (min(round_trip_s(c) for _ in range(5)) for c in (near, far))
        self.assertGreaterEqual(near_s, 0.040)
        self.assertLess(near_s, 0.120)
        self.assertGreaterEqual(far_s, 0.180)
        self.assertLess(far_s, 0.300)

    def test_timers_are_exact(self):
        with Impair("--to", self.to, "--listen", "127.0.0.1:0", "--delay-ms", "10") as proxy, proxy.connect() as connection:
            best = min(round_trip_s(connection) for _ in range(20))
        self.assertGreaterEqual(best, 0.020)
        self.assertLess(best, 0.0215)

    def test_bytes_keep_their_order_and_the_end_arrives_after_them(self):
        data = random.Random(1).randbytes(3_000_000)  # more than is queued at once, so that back-pressure acts
        with Impair("--to", self.to, "--listen", "127.0.0.1:0", "--delay-ms", "20", "--jitter-ms", "20") as proxy:
            with proxy.connect() as connection:
                sender = threading.Thread(target=lambda: (connection.sendall(data), connection.shutdown(socket.SHUT_WR)))
                sender.start()
                received = receive_all(connection)
                sender.join()
        self.assertEqual(hashlib.sha256(received).digest(), hashlib.sha256(data).digest())

    def test_a_rate_is_kept(self):
        with Impair("--to", self.to, "--listen", "127.0.0.1:0", "--rate-kbps", "800") as proxy, proxy.connect() as connection:
            self.assertGreaterEqual(round_trip_s(connection, bytes(40_000)), 0.4)

    def test_a_stall_holds_everything_back_and_a_cut_closes(self):
        with Impair("--to", self.to, "--listen", "127.0.0.1:0") as proxy, proxy.connect() as connection:
            round_trip_s(connection)
            self.assertEqual(proxy.command("stall 0 400"), "ok")
            self.assertGreaterEqual(round_trip_s(connection), 0.35)
            self.assertLess(round_trip_s(connection), 0.3)
            self.assertEqual(proxy.command("cut 0"), "ok")
            with contextlib.suppress(ConnectionError):
                self.assertEqual(connection.recv(1), b"")
            with proxy.connect() as again:
                round_trip_s(again)
            self.assertTrue(proxy.command("cut 7").startswith("error"))
            self.assertTrue(proxy.command("stall 0 -5").startswith("error"))

    def test_a_server_that_is_not_there_closes_the_connection(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with Impair("--to", f"127.0.0.1:{port}", "--listen", "127.0.0.1:0") as proxy, proxy.connect() as connection:
            with contextlib.suppress(ConnectionError):
                self.assertEqual(connection.recv(1), b"")

    def test_it_ends_by_signal_or_with_its_parent_even_while_connected(self):
        for end in (lambda p: p.process.send_signal(signal.SIGTERM), lambda p: p.process.send_signal(signal.SIGINT),
                    lambda p: p.process.stdin.close()):
            with Impair("--to", self.to, "--listen", "127.0.0.1:0", "--delay-ms", "5000") as proxy, proxy.connect() as connection:
                connection.sendall(b"held back")
                end(proxy)
                self.assertEqual(proxy.process.wait(10), 0)

    def test_a_port_in_use_is_told(self):
        done = subprocess.run([BINARY, "--to", self.to, "--listen", self.to], capture_output=True, text=True, timeout=10)
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.to, done.stderr)


if __name__ == "__main__":
    unittest.main()
