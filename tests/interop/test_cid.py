#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Connection IDs (RFC 9146) with mbedTLS. OpenSSL 3 has none: so mbedTLS does
the handshake on both ends, one of which hands over to the kernel.
"""

import os
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import kdtls  # noqa: E402
from flows import flows  # noqa: E402
from harness import case, diagnose, equal, main_in_parallel  # noqa: E402
from loss import WITH_CID, Loss  # noqa: E402
from meeting import FAMILIES, MARKER, PORT, Files, Place  # noqa: E402
from meeting import family_of  # noqa: E402
from netns import Tap, readable  # noqa: E402
from peers import MBEDTLS, PSK  # noqa: E402
from programs import Program  # noqa: E402
from suites import ONE_EACH, SUITES  # noqa: E402

WORKERS = 4
LINES = 4
# Of ours and the peer's, bytes.
LENGTHS = ((0, 4), (4, 0), (8, 20), (20, 8), (4, 8), (20, 20), (0, 0))
EACH = tuple((role, str(suite), *lengths)
             for role in ("client", "server")
             for suite, lengths in zip(ONE_EACH, LENGTHS))
MOVING = tuple(("server", str(suite), *lengths) for suite, lengths in zip(
    ONE_EACH, ((8, 4), (4, 0), (20, 20))))


class Meeting:
    """The kernel's end is on the right."""

    def __init__(self, place, role, suite, ours_len, peers_len):
        self.files, self.role = place.files, role
        self.suite = next(s for s in SUITES if str(s) == suite)
        self.family = FAMILIES[family_of(self.suite)]
        self.our_side, self.peer_side = place.pair.right, place.pair.left
        self.our_address, self.peer_address = (
            side.address[self.family]
            for side in (self.our_side, self.peer_side))
        self.server_address = (self.our_address if role == "server"
                               else self.peer_address)
        self.our_id = bytes(range(0x50, 0x50 + ours_len))
        self.peers_id = bytes(range(0xA0, 0xA0 + peers_len))
        self.before = self.counters()

    def __enter__(self):
        self.tap = Tap(self.peer_side)
        self.server = self._start("server")
        self.client = self._start("client")
        self.ours = self.server if self.role == "server" else self.client
        self._expect_connected()
        return self

    def __exit__(self, kind, *_):
        if kind:
            diagnose("\n".join(map(str, self.flows())))
        self.client.__exit__()
        self.server.__exit__()
        self.tap.close()

    def _start(self, role):
        ours = role == self.role
        words = ["--psk", PSK, "--cid",
                 (self.our_id if ours else self.peers_id).hex()]
        if ours:
            words.append("--kernel")
        if role == "client":
            words += ["--ca", self.files.ca, "--suite", self.suite.mbedtls]
        else:
            words += [word for certificate in self.files.certificates.values()
                      for word in ("--cert", certificate.both)]
        program = Program(self.our_side if ours else self.peer_side, MBEDTLS,
                          role, *words, self.server_address, PORT)
        if role == "server":
            program.expect("listening\n")
        return program

    def _expect_connected(self):
        for end in self.client, self.server:
            end.expect(f"connected: {self.suite.mbedtls}, new session\n")
        self.first = int(self.ours.expect(
            ", keys are in the kernel: next number "))

    def counters(self):
        with self.our_side.entered():
            return kdtls.namespace_stats()

    def moved(self):
        now = self.counters()
        return {name: now[name] - self.before[name] for name in kdtls.STATS
                if now[name] != self.before[name]}

    def flows(self):
        return list(flows(self.tap.frames(), {
            self.our_address: len(self.our_id),
            self.peer_address: len(self.peers_id)}).values())

    def to_ours(self):
        return [flow for flow in self.flows()
                if flow.target[0] == self.our_address]

    def from_ours(self):
        return [flow for flow in self.flows()
                if flow.source[0] == self.our_address]

    def talk(self):
        for number in range(LINES):
            line = f"{number}: {MARKER}\n"
            self.client.say(line)
            self.client.expect(line)

    def leave(self):
        self.client.close_input()
        self.client.expect("closed\n")
        equal(self.client.end(), 0, "exit status of the client")
        self.server.expect("closed\n")

    def expect_connection_ids(self):
        """In each record, or in none."""
        for seen, wanted in ((self.to_ours(), self.our_id),
                             (self.from_ours(), self.peers_id)):
            for flow in seen:
                flow.expect_no_number_twice()
                equal(flow.connection_ids(), {wanted or None}, str(flow))

    def expect_kernel_did_it(self, **others):
        """It made all records from its first number on."""
        numbers = sorted(header.seq for flow in self.from_ours()
                         for header in flow.protected()
                         if header.seq >= self.first)
        equal(numbers, list(range(self.first, self.first + len(numbers))),
              "the kernel's numbers")
        moved = self.moved()
        # A Finished that the peer's timer repeated.
        moved.pop("rx_wrong_epoch", 0)
        delivered = moved.pop("rx_delivered", 0)
        equal(delivered > LINES, True, f"{delivered} records opened")
        equal(moved, others | {"tx_records": len(numbers)}, "counters")
        equal(any(MARKER.encode() in frame for frame in self.tap.frames()),
              False, "plaintext on the wire")

    def expect_nothing_said(self):
        """By ours, since what was expected of it last."""
        equal(self.ours.said[self.ours.read_to:], b"", "what ours said")

    def elsewhere(self):
        """A socket of the peer's on another port, and that port."""
        sock = self.peer_side.udp(self.family)
        return sock, sock.getsockname()[1]

    def last_record(self, count):
        """The last datagram to ours, once the newest flow has @count."""
        while True:
            flow = self.to_ours()[-1]
            if len(flow.datagrams) >= count:
                return flow.datagrams[-1]
            readable(self.tap.sock, "a datagram")


@case("C1 C4 C6", EACH)
def records_have_the_connection_id_of_their_receiver(meeting):
    meeting.talk()
    meeting.leave()
    meeting.expect_connection_ids()
    meeting.expect_kernel_did_it()


@case("C7 C8", MOVING)
def record_from_a_new_address_is_delivered_and_the_address_reported(meeting):
    meeting.talk()
    meeting.client.say("/rebind\n")
    meeting.client.expect("rebound\n")
    meeting.client.say("here I am\n")
    port = meeting.server.expect("from port ")
    meeting.client.expect("here I am\n")
    equal(port, f"{meeting.to_ours()[-1].source[1]}, newest", "the port")
    meeting.talk()
    meeting.leave()
    meeting.expect_connection_ids()
    meeting.expect_kernel_did_it()


@case("C7", MOVING)
def replay_from_a_new_address_moves_nothing(meeting):
    meeting.talk()
    sock, _ = meeting.elsewhere()
    with sock:
        sock.sendto(meeting.last_record(1), (meeting.our_address, int(PORT)))
        meeting.talk()
    meeting.expect_nothing_said()
    meeting.leave()
    meeting.expect_kernel_did_it(rx_replayed=1)


@case("C7 C8", MOVING)
def overtaken_record_from_a_new_address_is_told_from_the_newest(meeting):
    meeting.talk()
    count = len(meeting.to_ours()[-1].datagrams)
    with Loss(meeting.our_side, {WITH_CID: [0]}):
        meeting.client.say("held up\n")
        held_up = meeting.last_record(count + 1)
        meeting.talk()
    sock, port = meeting.elsewhere()
    with sock:
        sock.sendto(held_up, (meeting.our_address, int(PORT)))
        equal(meeting.server.expect("from port "), f"{port}, overtaken",
              "the port")
        # The answer went to where the newest record had come from.
        meeting.client.expect("held up\n")
    meeting.leave()
    meeting.expect_kernel_did_it()


if __name__ == "__main__":
    with Files() as files:
        main_in_parallel(lambda: Place(files), Meeting, lambda *variant: variant,
                         WORKERS)
