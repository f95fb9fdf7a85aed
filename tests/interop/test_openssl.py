#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The examples, over the kernel, against openssl's own DTLS and each other.

The example is always on the right; what its kernel's counters say proves who
made the records.
"""

import contextlib
import os
import socket
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import dtls12  # noqa: E402
import kdtls  # noqa: E402
from harness import case, equal, main  # noqa: E402
from netns import Pair, Tap, udp_payload  # noqa: E402
from programs import (  # noqa: E402
    Certificate, Program, client, echo_server)
from wire import Injector, with_payload  # noqa: E402

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
SUITES = {
    "ECDHE-RSA-AES128-GCM-SHA256": "AES-128-GCM",
    "ECDHE-RSA-AES256-GCM-SHA384": "AES-256-GCM",
    "ECDHE-RSA-CHACHA20-POLY1305": "ChaCha20-Poly1305",
}
# With the key that they want, and the level that lets OpenSSL have CCM_8.
CCM_SUITES = {
    "ECDHE-ECDSA-AES128-CCM": "AES-128-CCM",
    "ECDHE-ECDSA-AES256-CCM": "AES-256-CCM",
    "ECDHE-ECDSA-AES128-CCM8": "AES-128-CCM-8",
    "ECDHE-ECDSA-AES256-CCM8": "AES-256-CCM-8",
}
AEADS = SUITES | CCM_SUITES
KEYS = {"RSA": ["rsa:2048"],
        "ECDSA": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}
EACH = tuple((family, suite) for family in FAMILIES for suite in SUITES)
CCM = tuple(("ipv4", suite) for suite in CCM_SUITES)
# One a family, where the suite doesn't matter.
TWO = EACH[0], EACH[-1]
MARKER = "a line that nobody on the way may read"
LINES = 20
PORT = "4433"


class Meeting:
    """One handshake's circumstances; the counters from before it."""

    def __init__(self, pair, certificates, family, suite):
        self.pair, self.family, self.suite = pair, FAMILIES[family], suite
        self.certificate = certificates[suite.split("-")[1]]
        self.allow = ["--allow-ccm8"] if suite.endswith("CCM8") else []
        self.list = suite + ":@SECLEVEL=0" if self.allow else suite
        self.before = {side: self.counters(side) for side in pair.sides}
        self.tap = Tap(pair.left)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tap.close()

    @staticmethod
    def counters(side):
        with side.entered():
            return kdtls.namespace_stats()

    def server(self, *options):
        if self.allow:
            options = "--cipher", self.list, *self.allow, *options
        return echo_server(self.pair.right, self.family, self.certificate,
                           "--clients", "1", *options)

    def client(self, side, port, *options):
        target = next(s for s in self.pair.sides if s is not side)
        return client(side, target, self.family, port, self.certificate,
                      "--cipher", self.list, *self.allow, *options)

    def s_client(self, port):
        address = self.pair.right.address[self.family]
        return Program(self.pair.left, "openssl", "s_client", "-dtls1_2",
                       "-connect", host_port(address, port),
                       "-cipher", self.list, "-verify_return_error",
                       "-CAfile", self.certificate.cert)

    def s_server(self):
        address = self.pair.left.address[self.family]
        server = Program(self.pair.left, "openssl", "s_server", "-dtls1_2",
                         "-accept", host_port(address, PORT),
                         "-naccept", "1", "-cipher", self.list,
                         "-cert", self.certificate.cert,
                         "-key", self.certificate.key)
        server.expect("ACCEPT")
        return server

    def expect_handed_over(self, program):
        """It says that the kernel has the keys of the suite's AEAD."""
        program.expect(f": {AEADS[self.suite]}, keys are in the kernel: "
                       "epoch 1, next number ")

    def expect_carried(self, side, received, sent, replayed=0):
        """The kernel opened, made and refused so many records there, and no
        others."""
        now = self.counters(side)
        moved = {name: now[name] - self.before[side][name]
                 for name in kdtls.STATS}
        finished, clear = dtls12.repeats(self.headers_to(side))
        expected = dict.fromkeys(kdtls.STATS, 0)
        expected.update(rx_delivered=received, tx_records=sent,
                        rx_replayed=replayed)
        if finished:
            extra = moved["rx_delivered"] - received
            equal(0 <= extra <= finished, True, "each Finished once")
            equal(moved["rx_wrong_epoch"] <= clear, True, "the clear ones")
            answered = moved["tx_records"] - sent
            equal(0 <= answered <= extra, True, "each answered once")
            expected.update(rx_delivered=moved["rx_delivered"],
                            rx_wrong_epoch=moved["rx_wrong_epoch"],
                            tx_records=moved["tx_records"])
        equal(moved, expected, "counters of the kernel")

    def frames_to(self, side):
        """That the tap saw."""
        source = next(s for s in self.pair.sides if s is not side)
        # Not by its address: of several it takes any.
        mac = bytes.fromhex(source.mac.replace(":", ""))
        return [frame for frame in self.tap.frames() if frame[6:12] == mac]

    def headers_to(self, side):
        """Of the records that were sent to it, by what the tap saw."""
        return [dtls12.parse_header(record) for frame in self.frames_to(side)
                for record in dtls12.records(udp_payload(frame) or b"")]

    def replay_to(self, side):
        """Each protected record that was sent to it, once more, as far as the
        tap is concerned unseen; how many there were."""
        frames, count = [], 0
        for frame in self.frames_to(side):
            records = [record for record in
                       dtls12.records(udp_payload(frame) or b"")
                       if dtls12.parse_header(record).epoch]
            if records:
                frames.append(with_payload(frame, b"".join(records)))
            count += len(records)
        seen = self.tap.frames()
        self.tap.close()
        self._inject(frames)
        self.tap = Tap(self.pair.left)
        self.tap.seen = seen
        return count

    def _inject(self, frames):
        """On one CPU, so that the fence comes after them."""
        cpus = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cpus)})
        injector = Injector(self.pair.left)
        injector.send(frames)
        injector.close()
        self.pair.fence(self.family)
        os.sched_setaffinity(0, cpus)

    def expect_secret(self):
        frames = self.tap.frames()
        equal(len(frames) >= 2 * LINES, True, "frames were captured")
        equal(any(MARKER.encode() in frame for frame in frames), False,
              "plaintext on the wire")


def host_port(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def lines():
    return [f"{number}: {MARKER}\n" for number in range(LINES)]


@case("A19", EACH + CCM)
def echo_server_serves_s_client(meeting):
    server, port = meeting.server()
    with server, meeting.s_client(port) as peer:
        peer.expect("Cipher is " + meeting.suite)
        meeting.expect_handed_over(server)
        peer.expect("---\n")
        for line in lines():
            peer.say(line)
            peer.expect(line)
        peer.say("Q\n")
        equal(peer.end(), 0, "exit status of s_client")
        equal(server.expect("closed, "), f"{LINES} records echoed", "server")
        equal(server.end(), 0, "exit status of the server")
    # One more each way: its close_notify, and ours.
    meeting.expect_carried(meeting.pair.right, LINES + 1, LINES + 1)
    meeting.expect_secret()


@case("A19", EACH + CCM)
def client_talks_to_s_server_and_closes(meeting):
    with meeting.s_server() as peer, \
            meeting.client(meeting.pair.right, PORT, "--stdin") as ours:
        meeting.expect_handed_over(ours)
        for line in lines():
            ours.say("to server " + line)
            peer.expect("to server " + line)
            peer.say("to client " + line)
            ours.expect("to client " + line)
        ours.close_input()
        # It says so of our close_notify, and answers it.
        peer.expect("DONE")
        equal(peer.end(), 0, "exit status of s_server")
        equal(ours.end(), 0, "exit status of the client")
    meeting.expect_carried(meeting.pair.right, LINES + 1, LINES + 1)
    meeting.expect_secret()


@case("A19 B9", EACH + CCM)
def client_and_echo_server_talk_kernel_to_kernel(meeting):
    server, port = meeting.server()
    with server, meeting.client(meeting.pair.left, port, "--count", "100",
                                "--message", MARKER) as ours:
        meeting.expect_handed_over(ours)
        ours.expect("100 messages sent, 100 came back as sent")
        equal(ours.end(), 0, "exit status of the client")
        equal(server.expect("closed, "), "100 records echoed", "server")
        equal(server.end(), 0, "exit status of the server")
    for side in meeting.pair.sides:
        meeting.expect_carried(side, 101, 101)
    meeting.expect_secret()


@case("A15", TWO)
def what_s_client_said_before_is_refused(meeting):
    """Its Finished, too: its number came before the hand-over."""
    server, port = meeting.server()
    with server, meeting.s_client(port) as peer:
        peer.expect("Cipher is " + meeting.suite)
        meeting.expect_handed_over(server)
        peer.expect("---\n")
        for line in lines():
            peer.say(line)
            peer.expect(line)
        replayed = meeting.replay_to(meeting.pair.right)
        equal(replayed >= LINES + 1, True, "Finished and lines are replayed")
        peer.say("after it\n")
        peer.expect("after it\n")
        peer.say("Q\n")
        equal(peer.end(), 0, "exit status of s_client")
        equal(server.expect("closed, "), f"{LINES + 1} records echoed",
              "server")
        equal(server.end(), 0, "exit status of the server")
    meeting.expect_carried(meeting.pair.right, LINES + 2, LINES + 2, replayed)
    meeting.expect_secret()


@case("A15", TWO)
def what_s_server_said_before_is_refused(meeting):
    with meeting.s_server() as peer, \
            meeting.client(meeting.pair.right, PORT, "--stdin") as ours:
        meeting.expect_handed_over(ours)
        for line in lines():
            ours.say("to server " + line)
            peer.expect("to server " + line)
            peer.say("to client " + line)
            ours.expect("to client " + line)
        replayed = meeting.replay_to(meeting.pair.right)
        equal(replayed >= LINES + 1, True, "Finished and lines are replayed")
        peer.say("after it\n")
        equal(ours.line(), "after it", "what comes after the replays")
        ours.close_input()
        peer.expect("DONE")
        equal(peer.end(), 0, "exit status of s_server")
        equal(ours.end(), 0, "exit status of the client")
    meeting.expect_carried(meeting.pair.right, LINES + 2, LINES + 1,
                           replayed)
    meeting.expect_secret()


def everything():
    with contextlib.ExitStack() as held:
        pair = held.enter_context(Pair())
        certificates = {name: held.enter_context(Certificate(pair, newkey))
                        for name, newkey in KEYS.items()}
        main(lambda *variant: Meeting(pair, certificates, *variant))


if __name__ == "__main__":
    everything()
