# SPDX-License-Identifier: GPL-2.0
"""A kernel DTLS socket on the right, and on the left a peer made of Python.

The peer seals and opens with dtls12.py, and sends from a plain UDP socket or
puts whole frames on the wire, so that it can say anything.
"""

import os
import socket
import struct

import dtls12
import kdtls
from harness import equal, main
from netns import TIMEOUT, Pair, Tap
from wire import Datagram, Injector

RECEIVE_BUFFER = 64 << 20
FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
CIPHERS = ("AES-128-GCM", "AES-256-GCM", "CHACHA20-POLY1305")
CCM = ("AES-128-CCM", "AES-256-CCM", "AES-128-CCM-8", "AES-256-CCM-8")

# Variants of a case: by what it depends on.
ONE = (("ipv4", "AES-128-GCM"),)
BY_FAMILY = tuple((family, "AES-128-GCM") for family in FAMILIES)
BY_CIPHER = tuple(zip(("ipv4", "ipv6", "ipv4"), CIPHERS))
BY_BOTH = tuple((family, cipher) for family in FAMILIES for cipher in CIPHERS)
# Beside them, where how a record is made or read matters.
BY_CCM = tuple(zip(("ipv4", "ipv6") * 2, CCM))


def with_options(variants, options):
    return tuple(variant + (option,)
                 for variant in variants for option in options)


def random_key(cipher, epoch=1):
    kind = dtls12.CIPHERS[cipher]
    return dtls12.Key(cipher, os.urandom(kind.key_len),
                      os.urandom(kind.iv_len), epoch)


def connected_pair(pair, family):
    """Two UDP sockets, left and right, each connected to the other."""
    left, right = pair.left.udp(family), pair.right.udp(family)
    left.connect(right.getsockname()[:2])
    right.connect(left.getsockname()[:2])
    return left, right


def run_cases():
    """main() of a test program whose cases each get an Association."""
    # What is sent from one CPU arrives in order, which Pair.fence() needs.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with Pair() as pair:
        main(lambda *variant: Association(pair, *variant),
             lambda family, cipher, *option: option)


class Association:
    """@sock is the kernel's end, with @inbound and @outbound as its keys;
    @option is what the case's variant says beside family and cipher."""

    def __init__(self, pair, family, cipher, option=None):
        self.pair, self.cipher, self.option = pair, cipher, option
        self.family = FAMILIES[family]
        self.peer, self.sock = connected_pair(pair, self.family)
        self.sock.setsockopt(socket.SOL_SOCKET, kdtls.SO_RCVBUFFORCE,
                             RECEIVE_BUFFER)
        kdtls.attach(self.sock)
        # Numbers may be any; the kernel's limits are for other tests.
        short_tag = dtls12.CIPHERS[cipher].tag_len < 16
        kdtls.set_params(self.sock, flags=kdtls.PARAM_SOFT_LIMITS
                         | (kdtls.PARAM_CCM_8 if short_tag else 0))
        for sock in (self.peer, self.sock):
            # Not settimeout(), which waits whatever the flags say.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO,
                            struct.pack("ll", TIMEOUT, 0))
        self.inbound = {}
        self.outbound = None
        self.injector = Injector(pair.left)
        self.template = Datagram(self.peer.getsockname(),
                                 self.sock.getsockname(), self.family,
                                 pair.left, pair.right)
        self.before = self._namespace()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.injector.close()
        self.peer.close()
        self.sock.close()

    def _namespace(self):
        with self.pair.right.entered():
            return kdtls.namespace_stats()

    def receive_key(self, epoch=1, seq=0):
        """Install a new receiving key, and keep it as the peer's."""
        key = random_key(self.cipher, epoch)
        kdtls.install(self.sock, kdtls.TLS_RX, key, seq)
        self.inbound[epoch] = key
        return key

    def send_key(self, epoch=1, seq=0):
        self.outbound = random_key(self.cipher, epoch)
        kdtls.install(self.sock, kdtls.TLS_TX, self.outbound, seq)
        return self.outbound

    def peer_sends_by_kernel(self, epoch=1, seq=0):
        """The peer's socket, too, gets a key: real records to capture."""
        kdtls.attach(self.peer)
        kdtls.install(self.peer, kdtls.TLS_TX, self.inbound[epoch], seq)

    def capture(self, seqs):
        """Send contents(seqs) and give the frames that carried them."""
        with Tap(self.pair.right) as tap:
            for seq in seqs:
                self.peer.send(content(seq))
            frames = tap.wait(len(seqs))
            equal(tap.drops(), 0, "frames the tap dropped")
        return frames

    def seal(self, seq, payload=None, epoch=1, **named):
        payload = content(seq) if payload is None else payload
        return self.inbound[epoch].seal(seq, payload, **named)

    def deliver(self, *datagrams):
        """From the peer's own socket."""
        for datagram in datagrams:
            self.peer.send(datagram)

    def frame(self, payload, **changed):
        return self.template.frame(payload, **changed)

    def replay(self, frames):
        """Captured or made frames, put on the wire once more."""
        self.injector.send(frames)

    def received(self):
        """What recv() gives of all that was sent before."""
        self.pair.fence(self.family)
        return kdtls.receive_all(self.sock)

    def expect(self, *payloads, **counts):
        """recv() gives application data @payloads and no more, and exactly
        the counters in @counts moved since the association was made."""
        got = self.received()
        equal([(record.type, record.data) for record in got],
              [(dtls12.APPLICATION_DATA, payload) for payload in payloads],
              "received")
        self.expect_counts(**counts)

    def expect_no_answer(self):
        """recv() has nothing more to give, and the peer was told nothing."""
        equal(self.received(), [], "received")
        try:
            answer = self.peer.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        raise AssertionError(f"an answer: {answer!r}")

    def expect_counts(self, **counts):
        expected = dict.fromkeys(kdtls.STATS, 0) | counts
        equal(kdtls.stats(self.sock), expected, "the socket's counters")
        now = self._namespace()
        moved = {name: now[name] - self.before[name] for name in kdtls.STATS}
        equal(moved, expected, "the namespace's counters")


def expect_model(assoc, model):
    """recv() and all counters are those of the model."""
    equal(assoc.received(), model.delivered, "received")
    assoc.expect_counts(**model.counts)


def content(seq):
    """A payload that tells its record from the others."""
    return f"content of record {seq}".encode()


def contents(seqs):
    return [content(seq) for seq in seqs]
