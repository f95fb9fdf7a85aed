#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the tracepoints say, and what the script for bpftrace draws of it."""

import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import dtls12  # noqa: E402
import kdtls  # noqa: E402
from association import BY_FAMILY, ONE, run_cases  # noqa: E402
from harness import case, equal  # noqa: E402

TRACING = "/sys/kernel/tracing"
SCRIPT = os.path.join(TESTS, "..", "userspace", "examples",
                      "replay-distance.bt")
SO_COOKIE = 57
LIMITS = 69
ADDRESS = {"ipv4": "::ffff:", "ipv6": ""}


def cookie_of(sock):
    return struct.unpack("Q", sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE,
                                              8))[0]


def write(path, text):
    with open(os.path.join(TRACING, path), "w", encoding="ascii") as file:
        file.write(text)


def read(path):
    with open(os.path.join(TRACING, path), encoding="ascii") as file:
        return file.read()


class Tracing:
    """Switched on once for all cases: each switch writes the kernel's code
    anew, under all processors."""

    def __enter__(self):
        if not os.path.exists(f"{TRACING}/events"):
            subprocess.run(["mount", "-t", "tracefs", "none", TRACING],
                           check=True)
        write("events/dtls/enable", "1")

    def __exit__(self, *_):
        write("events/dtls/enable", "0")


class Trace:
    """Events of ours since it was made."""

    def __enter__(self):
        write("trace", "")
        return self

    def __exit__(self, *_):
        pass

    def events(self, name, **wanted):
        """The fields of the events of this name that have those values."""
        found = []
        for line in read("trace").splitlines():
            match = re.search(rf": {name}: (.*)", line)
            if not match:
                continue
            fields = dict(part.partition("=")[::2]
                          for part in match[1].split())
            if all(fields.get(key) == str(value)
                   for key, value in wanted.items()):
                found.append(fields)
        return found

    def one(self, name, **wanted):
        found = self.events(name, **wanted)
        equal(len(found), 1, f"{name} {wanted}: {found}")
        return found[0]


@case(variants=BY_FAMILY)
def refused_records_are_told_with_their_reason(assoc):
    assoc.receive_key()
    cookie = cookie_of(assoc.sock)
    forged = bytearray(assoc.seal(3000))
    forged[-1] ^= 1
    other = dtls12.Key(assoc.cipher, bytes(16), bytes(4), 2)
    with Trace() as trace:
        assoc.deliver(assoc.seal(2000), assoc.seal(2000), assoc.seal(1),
                      bytes(forged), b"noise", other.seal(9, b"later"))
        assoc.received()
        for reason, seq in (("replayed", 2000), ("too_old", 1),
                            ("bad_tag", 3000)):
            told = trace.one("dtls_drop", reason=reason)
            equal((told["cookie"], told["epoch"], told["seq"]),
                  (str(cookie), "1", str(seq)))
        told = trace.one("dtls_drop", reason="no_key")
        equal((told["epoch"], told["seq"]), ("2", "9"))
        equal(trace.one("dtls_drop", reason="malformed")["len"], "5")
        equal(len(trace.events("dtls_drop")), 5)


@case(variants=ONE)
def window_tells_each_record_s_distance(assoc):
    assoc.receive_key()
    with Trace() as trace:
        assoc.deliver(*(assoc.seal(seq) for seq in (10, 14, 11, 14)))
        assoc.received()
        events = trace.events("dtls_window", cookie=cookie_of(assoc.sock))
        equal([int(event["distance"]) for event in events], [-11, -4, 3, 0])
        equal({event["window"] for event in events},
              {str(kdtls.WINDOW_DEFAULT)})


@case(variants=ONE)
def keys_are_told_by_direction(assoc):
    with Trace() as trace:
        assoc.receive_key(1)
        assoc.send_key(1)
        assoc.receive_key(2)
        told = trace.events("dtls_rekey", cookie=cookie_of(assoc.sock))
        equal([(event["direction"], event["epoch"]) for event in told],
              [("rx", "1"), ("tx", "1"), ("rx", "2")])


@case(variants=ONE)
def limits_are_told_once(assoc):
    assoc.receive_key()
    limits = struct.pack("=QQQQ", 0, 0, 3, 2)
    assoc.sock.setsockopt(kdtls.SOL_TLS, LIMITS, limits)
    bad = bytearray(assoc.seal(0))
    bad[-1] ^= 1
    with Trace() as trace:
        assoc.deliver(*[bytes(bad)] * 5)
        assoc.received()
        told = trace.events("dtls_limit", cookie=cookie_of(assoc.sock),
                            direction="rx", limit=3)
        equal([event["uses"] for event in told], ["2", "3"])


@case(variants=BY_FAMILY)
def sockets_are_told_as_they_come_and_go(assoc):
    with Trace() as trace:
        kdtls.attach(assoc.peer)
        cookie = cookie_of(assoc.peer)
        here, there = assoc.peer.getsockname(), assoc.peer.getpeername()
        told = trace.one("dtls_attach", cookie=cookie)
        family = "ipv4" if assoc.family == socket.AF_INET else "ipv6"
        equal((told["saddr"], told["sport"], told["daddr"], told["dport"]),
              (ADDRESS[family] + here[0], str(here[1]),
               ADDRESS[family] + there[0], str(there[1])))
        equal(trace.events("dtls_detach"), [])
        assoc.peer.close()
        equal(trace.one("dtls_detach", cookie=cookie)["sport"], str(here[1]))


@contextlib.contextmanager
def bpftrace(script):
    """Yields where its output is when the block has ended."""
    output = []
    with subprocess.Popen(
            ["bpftrace", "-e", script + 'BEGIN { printf("begun\\n"); }'],
            stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line == "begun\n":
                break
        yield output
        process.send_signal(signal.SIGINT)
        output.append(process.stdout.read())
    equal(process.returncode, 0)


def histogram(text, name):
    """{lowest value of the row: count}, "" for none."""
    match = re.search(rf"^@{name}: ?\n((?:\[.*\n)+)", text, re.M)
    rows = re.findall(r"^\[([\d.KM]+)[,\]].*?\s+(\d+) \|", match[1], re.M) \
        if match else []
    return {row: int(count) for row, count in rows if int(count)}


@case(variants=ONE)
def bpftrace_draws_replay_distance(assoc):
    assoc.receive_key()
    with open(SCRIPT, encoding="ascii") as file:
        script = "".join(line for line in file if not line.startswith("#!"))
    with bpftrace(script) as output:
        # Behind by: 0 (twice), 5 and once more, 2000 (too old).
        assoc.deliver(*(assoc.seal(seq) for seq in
                        (2000, 2000, 2000, 1995, 1995, 0, 2001)))
        assoc.received()
    equal(histogram(output[0], "behind"), {"0": 2, "4": 2, "1K": 1},
          output[0])
    equal(histogram(output[0], "replayed"), {"0": 2, "4": 1}, output[0])
    equal(histogram(output[0], "too_old"), {"1K": 1}, output[0])
    equal(re.findall(r"^@in_order: (\d+)", output[0], re.M), ["2"])
    equal(dict(re.findall(r"^@drops\[(\w+)\]: (\d+)", output[0], re.M)),
          {"replayed": "3", "too_old": "1"})
    equal("@distance" in output[0], False)


if __name__ == "__main__":
    with Tracing():
        run_cases()
