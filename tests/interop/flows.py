# SPDX-License-Identifier: GPL-2.0
"""What a tap saw of connections, a direction of a connection at a time."""

import socket

import dtls12
from harness import equal
from netns import udp_payload

# Where the ports are, behind Ethernet and IP without options.
_NETWORK = {b"\x08\x00": (socket.AF_INET, 14 + 12, 4, 14 + 20),
            b"\x86\xdd": (socket.AF_INET6, 14 + 8, 16, 14 + 40)}


class Flow:
    """The records that went from @source to @target, each an address and a
    port; in the order sent, lost ones included."""

    def __init__(self, source, target, cid_len=0):
        """@cid_len: of the connection ID that @target wants, bytes"""
        self.source, self.target, self.cid_len = source, target, cid_len
        self.records, self.datagrams = [], []

    def add(self, datagram):
        self.datagrams.append(datagram)
        self.records += [(dtls12.parse_header(record, self.cid_len), record)
                         for record in dtls12.records(datagram, self.cid_len)]

    def protected(self):
        return [header for header, _ in self.records if header.epoch]

    def clear(self):
        return [header for header, _ in self.records if not header.epoch]

    def connection_ids(self):
        """What the protected records have, None where there's no place."""
        return {record[11:11 + self.cid_len]
                if header.type == dtls12.TLS12_CID else None
                for header, record in self.records if header.epoch}

    def count(self, kind):
        return sum(header.type == kind for header in self.protected())

    def expect_no_number_twice(self):
        """Nor the same record again: no sender here repeats datagrams."""
        numbers = [(header.epoch, header.seq) for header in self.protected()]
        equal(len(numbers), len(set(numbers)), f"numbers of {self}")

    def __str__(self):
        return f"{self.source} to {self.target}: " + ", ".join(
            f"{header.type} {header.epoch}/{header.seq}"
            for header, _ in self.records)

    def made_from(self, first):
        """How many records of epoch 1 there are from number @first on, which
        was the first of the kernel's: none is missing."""
        numbers = sorted(header.seq for header in self.protected()
                         if header.seq >= first)
        equal(numbers, list(range(first, first + len(numbers))),
              "the kernel's numbers")
        return len(numbers)


def is_protected(frame):
    """Whether it carries a record that is."""
    return any(dtls12.parse_header(record).epoch
               for record in dtls12.records(udp_payload(frame) or b""))


def send_frames(side, frames):
    """On the wire, as they are."""
    with side.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind((side.device, 0))
        for frame in frames:
            sock.send(frame)


def flows(frames, cid_len_to=None):
    """By where from and where to, in the order they began; @cid_len_to: of
    the connection ID that each address wants, if any does."""
    cid_len_to = cid_len_to or {}
    found = {}
    for frame in frames:
        datagram = udp_payload(frame)
        if not datagram:
            continue
        family, at, length, ports = _NETWORK[frame[12:14]]
        ends = tuple(
            (socket.inet_ntop(family, frame[start:start + length]),
             int.from_bytes(frame[port:port + 2], "big"))
            for start, port in ((at, ports), (at + length, ports + 2)))
        if ends not in found:
            found[ends] = Flow(*ends, cid_len_to.get(ends[1][0], 0))
        found[ends].add(datagram)
    return found
