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

    def datagrams(self, link=0):
        """A UDP socket of its own source address, connected to a link."""
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.connect(("127.0.0.1", self.ports[link]))
        client.settimeout(10)
        return client


class DatagramEcho:
    """Answers every datagram with itself to whom it came from; counts the source addresses."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.sources = set()
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                datagram, source = self.socket.recvfrom(65536)
                if datagram == b"end":
                    return
                self.sources.add(source)
                self.socket.sendto(datagram, source)

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", ("127.0.0.1", self.port))
        self.socket.close()


def numbered(client, count):
    """Sends `count` numbered datagrams; the numbers that came back, as they came, until a second of silence."""
    received = []

    def receive():
        with contextlib.suppress(TimeoutError):
            while True:
                received.append(int.from_bytes(client.recv(65536), "big"))

    client.settimeout(1)
    receiver = threading.Thread(target=receive)
    receiver.start()
    for number in range(count):
        client.send(number.to_bytes(4, "big"))
        if number % 10 == 9:
            time.sleep(0.01)  # so that the kernel's buffers, which are not tested here, suffice, under a sanitizer too
    receiver.join()
    return received


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


class DatagramSmoke(unittest.TestCase):
    def setUp(self):
        self.echo = self.enterContext(DatagramEcho())
        self.link = ("--protocol", "udp", "--to", f"127.0.0.1:{self.echo.port}", "--listen", "127.0.0.1:0")

    def test_each_way_has_its_own_delay_and_datagrams_stay_whole(self):
        largest = random.Random(2).randbytes(65_507)
        with Impair(*self.link, "--delay-ms", "50", "--back-delay-ms", "20") as proxy, proxy.datagrams() as client:
            start = time.monotonic()
            client.send(largest)
            self.assertEqual(client.recv(65536), largest)
            self.assertGreaterEqual(time.monotonic() - start, 0.070)
            client.send(b"")
            self.assertEqual(client.recv(65536), b"")

    def test_timers_are_exact(self):
        with Impair(*self.link, "--delay-ms", "10") as proxy, proxy.datagrams() as client:
            best = min(round_trip_s(client) for _ in range(20))
        self.assertGreaterEqual(best, 0.020)
        self.assertLess(best, 0.0215)

    def test_clients_are_told_apart(self):
        with Impair(*self.link, "--delay-ms", "5") as proxy, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(proxy.datagrams()) for _ in range(20)]
            for number, client in enumerate(clients):
                client.send(bytes([number]))
            self.assertEqual([client.recv(16) for client in clients], [bytes([number]) for number in range(20)])
        self.assertEqual(len(self.echo.sources), 20)

    def test_as_many_are_lost_as_asked_for_and_the_same_ones_each_time(self):
        runs = []
        for _ in range(2):
            with Impair(*self.link, "--loss-percent", "20", "--seed", "5") as proxy, proxy.datagrams() as client:
                runs.append(numbered(client, 2000))
        self.assertEqual(runs[0], runs[1])
        self.assertEqual(runs[0], sorted(set(runs[0])))
        self.assertAlmostEqual(len(runs[0]) / 2000, 0.64, delta=0.05)

    def test_everything_can_be_doubled(self):
        with Impair(*self.link, "--duplicate-percent", "100") as proxy, proxy.datagrams() as client:
            self.assertEqual(sorted(numbered(client, 50)), sorted(list(range(50)) * 4))

    def test_reordering_loses_nothing(self):
        with Impair(*self.link, "--reorder-percent", "10") as proxy, proxy.datagrams() as client:
            received = numbered(client, 500)
        self.assertEqual(sorted(received), list(range(500)))
        self.assertNotEqual(received, list(range(500)))

    def test_a_stall_holds_back_and_a_cut_drops(self):
        with Impair(*self.link, "--delay-ms", "50") as proxy, proxy.datagrams() as client:
            self.assertEqual(proxy.command("stall 0 400"), "ok")
            self.assertGreaterEqual(round_trip_s(client), 0.35)
            self.assertEqual(proxy.command("stall 0 1000"), "ok")
            client.send(b"held")
            time.sleep(0.1)
            self.assertEqual(proxy.command("cut 0"), "ok")
            client.send(b"after")
            self.assertEqual(client.recv(16), b"after")

    def test_a_server_that_comes_later_is_found(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        with Impair("--protocol", "udp", "--to", f"127.0.0.1:{port}", "--listen", "127.0.0.1:0") as proxy, proxy.datagrams() as client:
            client.send(b"lost")
            time.sleep(0.1)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
                server.bind(("127.0.0.1", port))
                server.settimeout(10)
                client.send(b"heard")
                datagram, source = server.recvfrom(16)
                self.assertEqual(datagram, b"heard")
                server.sendto(b"answer", source)
                self.assertEqual(client.recv(16), b"answer")

    def test_it_ends_while_datagrams_are_held_back(self):
        with Impair(*self.link, "--delay-ms", "5000") as proxy, proxy.datagrams() as client:
            client.send(b"held back")
            proxy.process.send_signal(signal.SIGTERM)
            self.assertEqual(proxy.process.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
