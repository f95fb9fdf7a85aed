# SPDX-License-Identifier: GPL-2.0
"""Programs as Debian built them, with libkdtls-preload.so in front or without:
who has the records, and what the kernel has counted.
"""

import os
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import kdtls  # noqa: E402
from harness import diagnose, equal  # noqa: E402
from netns import Pair, Tap  # noqa: E402
from programs import BUILT, Certificate, Program  # noqa: E402

PRELOAD = os.path.join(BUILT, "libkdtls-preload.so")
KERNEL, OPENSSL = "kernel", "openssl"
# Who has the records: of the client, of the server.
WHO = ((KERNEL, OPENSSL), (OPENSSL, KERNEL), (KERNEL, KERNEL))


def start(side, who, *words):
    """A program, with the library in front of it or without."""
    if who == KERNEL:
        words = ("env", f"LD_PRELOAD={PRELOAD}", "KDTLS_PRELOAD=verbose",
                 *words)
    return Program(side, *words)


class Meeting:
    """A client on the left and a server on the right."""

    def __init__(self, client=KERNEL, server=KERNEL):
        self.who = (client, server)

    def __enter__(self):
        self.pair = Pair().__enter__()
        self.certificate = Certificate(self.pair)
        self.tap = Tap(self.pair.right)
        self.before = [self.counters(side) for side in self.pair.sides]
        self.server = self.client = None
        return self

    def __exit__(self, kind, *_):
        for program in (self.client, self.server):
            if kind and program:
                diagnose(f"{program.words}:\n{program.said.decode()}")
            if program:
                program.__exit__()
        self.tap.close()
        self.certificate.__exit__()
        self.pair.__exit__()

    @staticmethod
    def counters(side):
        with side.entered():
            return kdtls.namespace_stats()

    def expect_explained(self, text):
        """By those who have the library."""
        for who, program in zip(self.who, (self.client, self.server)):
            if who == KERNEL:
                program.expect(text)

    def moved(self, index):
        side = self.pair.sides[index]
        now = self.counters(side)
        return {name: now[name] - self.before[index][name]
                for name in kdtls.STATS
                if now[name] != self.before[index][name]}

    def expect_counted(self, least):
        """So many each way, by the kernel of those who have it; and none by the
        others'."""
        for index, who in enumerate(self.who):
            moved = self.moved(index)
            diagnose(f"{who}: {moved}")
            if who != KERNEL:
                equal(moved, {}, "counters")
                continue
            # A Finished that the peer's timer repeated.
            moved.pop("rx_wrong_epoch", 0)
            equal((moved.pop("rx_delivered", 0) >= least,
                   moved.pop("tx_records", 0) >= least, moved),
                  (True, True, {}), f"counters of the {who}'s side")

    def expect_left(self):
        """To OpenSSL, by all."""
        equal([self.moved(index) for index in (0, 1)], [{}, {}], "counters")
