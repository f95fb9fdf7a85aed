# SPDX-License-Identifier: GPL-2.0
"""What crosses a tunnel in a test: pings, numbered datagrams, a stream. Both
ends' sockets are in one program, so nothing needs a clock."""

import hashlib
import random
import select
import socket
import struct

from netns import TIMEOUT, Timeout, readable

MARKER = b"plaintext that nobody on the way may ever see "
_ECHO = {socket.AF_INET: (socket.IPPROTO_ICMP, 8, 0),
         socket.AF_INET6: (socket.IPPROTO_ICMPV6, 128, 129)}


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


class Ping:
    """Echo requests from @end, a tunnel's, to @address."""

    def __init__(self, end, family, address):
        self.family, self.address = family, address
        protocol, self.request, self.reply = _ECHO[family]
        self.sock = end.socket(family, socket.SOCK_RAW, protocol)
        self.sock.connect((address, 0))
        self.number = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, size=56):
        """Its number"""
        self.number += 1
        text = (MARKER * (size // len(MARKER) + 1))[:size & ~1]
        head = struct.pack("!HH", 4242, self.number)
        packet = struct.pack("!BBH", self.request, 0, 0) + head + text
        packet = packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]
        self.sock.send(packet)
        return self.number

    def replies(self):
        """Numbers of those that are there."""
        found = []
        while select.select([self.sock], [], [], 0)[0]:
            data = self.sock.recv(65536)
            if self.family == socket.AF_INET:
                data = data[20:]
            if data[0] == self.reply:
                found.append(int.from_bytes(data[6:8], "big"))
        return found

    def once(self, size=56):
        """One there and back."""
        number = self.send(size)
        while True:
            readable(self.sock, f"reply {number} of {self.address}")
            if number in self.replies():
                return


class Numbered:
    """Datagrams with numbers from one socket to another, both connected."""

    def __init__(self, source, sink):
        """@source, @sink: bound"""
        self.source, self.sink = source, sink
        source.connect(sink.getsockname()[:2])
        sink.connect(source.getsockname()[:2])
        self.sent, self.seen = 0, []

    def close(self):
        self.source.close()
        self.sink.close()

    def send(self, count, size=200):
        for _ in range(count):
            head = struct.pack("!Q", self.sent)
            self.source.send((head + MARKER * 40)[:size])
            self.sent += 1

    def take(self):
        """Numbers that are there now."""
        found = []
        while select.select([self.sink], [], [], 0)[0]:
            found.append(self._read())
        self.seen += found
        return found

    def _read(self):
        data = self.sink.recv(65536)
        if data[8:] != (MARKER * 40)[:len(data) - 8]:
            raise AssertionError(f"content: {data[:40]!r}")
        return int.from_bytes(data[:8], "big")

    def wait_for_all(self):
        """Each came that was sent, once, in whatever order."""
        while len(self.seen) < self.sent:
            readable(self.sink, f"{len(self.seen)} of {self.sent} datagrams; "
                     f"missing: {self.missing()}")
            self.take()
        self.expect_none_twice()

    def missing(self):
        return sorted(set(range(self.sent)) - set(self.seen))[:20]

    def expect_none_twice(self):
        if len(set(self.seen)) != len(self.seen):
            twice = {n for n in self.seen if self.seen.count(n) > 1}
            raise AssertionError(f"delivered twice: {sorted(twice)[:20]}")


class Stream:
    """@size bytes by TCP from @source's end of a tunnel to @sink's."""

    def __init__(self, source, sink, family, size):
        """@source, @sink: tunnel.Tunnel"""
        listener = sink.socket(family, socket.SOCK_STREAM)
        with listener:
            listener.bind((sink.inside[family], 0))
            listener.listen()
            self.source = source.socket(family, socket.SOCK_STREAM)
            self.source.bind((source.inside[family], 0))
            self.source.settimeout(TIMEOUT)
            self.source.connect(listener.getsockname()[:2])
            self.sink, _ = listener.accept()
        chunk = MARKER + random.Random(7).randbytes(65536)
        self.data = (chunk * (size // len(chunk) + 1))[:size]
        self.sent = self.came = 0
        self.digest = hashlib.sha256()
        self.source.setblocking(False)

    def close(self):
        self.source.close()
        self.sink.close()

    def pump(self, until=None, timeout=TIMEOUT):
        """Until so many bytes came through."""
        until = until or len(self.data)
        while self.came < until:
            writers = [self.source] if self.sent < len(self.data) else []
            ready = select.select([self.sink], writers, [], timeout)
            if not ready[0] and not ready[1]:
                raise Timeout(f"{self.came} of {until} bytes came")
            if ready[1]:
                self.sent += self.source.send(
                    self.data[self.sent:self.sent + 262144])
            if ready[0]:
                data = self.sink.recv(262144)
                self.came += len(data)
                self.digest.update(data)

    def finish(self):
        """The rest; what came is what was sent."""
        self.pump()
        if self.digest.digest() != hashlib.sha256(self.data).digest():
            raise AssertionError("the stream's bytes aren't those sent")
        self.close()


def transfer(source, sink, family, size):
    stream = Stream(source, sink, family, size)
    stream.finish()
