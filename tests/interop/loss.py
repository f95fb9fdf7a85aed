# SPDX-License-Identifier: GPL-2.0
"""Datagrams that are lost on the way: which ones is settled beforehand.

They're dropped where they arrive, so that a tap on the wire has seen them.
"""

import random
import subprocess
from typing import NamedTuple

import dtls12

SEED = 11
# Far above what a case sends: a rule's count mustn't begin again.
ROUND = 1 << 20

# Handshake messages (RFC 5246, 7.4; RFC 6347, 4.3.2; RFC 5077, 3.3).
MESSAGES = (1, 2, 3, 4, 11, 12, 14, 16)


class Kind(NamedTuple):
    """How a datagram begins; @message: of a handshake in the clear."""
    type: int
    epoch: int
    message: int = None

    def matches(self):
        """For nft: offsets, in bits, from the start of the UDP header."""
        words = f"@th,64,8 {self.type} @th,88,16 {self.epoch}"
        if self.message is not None:
            words += f" @th,168,8 {self.message}"
        return words


CLEAR = tuple(Kind(dtls12.HANDSHAKE, 0, message) for message in MESSAGES)
CHANGE = Kind(dtls12.CHANGE_CIPHER_SPEC, 0)
FINISHED = Kind(dtls12.HANDSHAKE, 1)
DATA = Kind(dtls12.APPLICATION_DATA, 1)
WITH_CID = Kind(dtls12.TLS12_CID, 1)
HANDSHAKE = (*CLEAR, CHANGE, FINISHED)


def some(count, of, seed):
    """Which of so many: always the same for one seed."""
    return sorted(random.Random(SEED + seed).sample(range(of), count))


class Loss:
    """On the way to @side: the @numbers-th datagrams of each kind, from 0."""

    def __init__(self, side, lost):
        """@lost: kind -> numbers"""
        self.side, self.lost = side, lost

    def __enter__(self):
        rules = "".join(
            f"meta l4proto udp {kind.matches()} numgen inc mod {ROUND} "
            f"{{ {', '.join(map(str, numbers))} }} counter drop\n"
            for kind, numbers in self.lost.items())
        self._nft("table inet loss { chain input {\n"
                  f"type filter hook input priority 0;\n{rules}}}\n}}\n")
        return self

    def __exit__(self, *_):
        self._nft("delete table inet loss\n")

    def _nft(self, text):
        with self.side.entered():
            subprocess.run(["nft", "-f", "-"], check=True, input=text,
                           text=True)
