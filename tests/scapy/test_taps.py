#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A packet tap shares buffers with the socket that decrypts: neither may
see the other's bytes."""

import os
import socket
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import kdtls  # noqa: E402
from association import (  # noqa: E402
    BY_BOTH, BY_CIPHER, BY_FAMILY, run_cases, with_options)
from harness import case, equal  # noqa: E402
from netns import Tap, udp_payloads  # noqa: E402
from wire import is_fragment, reassembled_payload  # noqa: E402

MARKER = b"plaintext that no tap may ever see"
COUNT = 50


def marked(length, number):
    text = f"{number} ".encode() + MARKER * (length // len(MARKER) + 1)
    return text[:length]


def expect_untouched(frames, datagrams):
    equal(any(MARKER in frame for frame in frames), False, "marker seen")
    seen = [payload for payload in udp_payloads(frames)
            if payload != b"fence"]
    equal(seen == datagrams, True, "the tap's bytes are those sent")


@case(variants=with_options(BY_BOTH, (100, 1400)))
def tap_at_the_receiver_sees_what_was_sent(assoc):
    assoc.receive_key()
    payloads = [marked(assoc.option, number) for number in range(COUNT)]
    records = [assoc.seal(seq, payload)
               for seq, payload in enumerate(payloads)]
    with Tap(assoc.pair.right) as tap:
        assoc.deliver(*records)
        assoc.expect(*payloads, rx_delivered=COUNT)
        expect_untouched(tap.frames(), records)


@case(variants=BY_CIPHER)
def tap_at_the_sender_sees_what_was_sent(assoc):
    assoc.receive_key()
    payloads = [marked(1000, number) for number in range(COUNT)]
    records = [assoc.seal(seq, payload)
               for seq, payload in enumerate(payloads)]
    with Tap(assoc.pair.left) as tap:
        assoc.deliver(*records)
        assoc.expect(*payloads, rx_delivered=COUNT)
        expect_untouched(tap.frames(), records)


@case(variants=BY_FAMILY)
def tap_sees_what_was_sent_while_the_reader_peeks(assoc):
    assoc.receive_key()
    payload = marked(1200, 0)
    record = assoc.seal(0, payload)
    with Tap(assoc.pair.right) as tap:
        assoc.deliver(record)
        for _ in range(2):
            peeked = kdtls.receive(assoc.sock, flags=socket.MSG_PEEK)
            equal(peeked.data, payload, "peeked")
        assoc.expect(payload, rx_delivered=1)
        expect_untouched(tap.frames(), [record])


@case("A6 B8", BY_FAMILY)
def tap_sees_coalesced_and_refused_records_as_sent(assoc):
    assoc.receive_key()
    payloads = [marked(300, number) for number in range(3)]
    first, second, third = (assoc.seal(seq, payload)
                            for seq, payload in enumerate(payloads))
    forged = second[:-1] + bytes([second[-1] ^ 1])
    datagram = first + forged + third
    with Tap(assoc.pair.right) as tap:
        assoc.deliver(datagram)
        assoc.expect(payloads[0], payloads[2], rx_delivered=2, rx_bad_tag=1)
        expect_untouched(tap.frames(), [datagram])


@case("A8", BY_BOTH)
def tap_sees_the_fragments_of_a_long_record_as_sent(assoc):
    assoc.receive_key()
    payload = marked(16384, 0)
    record = assoc.seal(0, payload)
    with Tap(assoc.pair.right) as tap:
        assoc.deliver(record)
        assoc.expect(payload, rx_delivered=1)
        frames = tap.frames()
    equal(any(MARKER in frame for frame in frames), False, "marker seen")
    equal(sum(map(is_fragment, frames)) >= 11, True, "fragments")
    equal(reassembled_payload(frames) == record, True, "the record")


@case("A8", BY_BOTH)
def long_records_between_two_kernel_sockets_arrive_whole(assoc):
    assoc.receive_key()
    assoc.peer_sends_by_kernel()
    payloads = [marked(16384 - number, number) for number in range(10)]
    with Tap(assoc.pair.left) as tap:
        for payload in payloads:
            assoc.peer.send(payload)
        assoc.expect(*payloads, rx_delivered=10)
        frames = tap.frames()
    equal(any(MARKER in frame for frame in frames), False, "marker seen")


@case(variants=BY_CIPHER)
def tap_sees_no_plaintext_of_an_echo(assoc):
    assoc.receive_key()
    assoc.send_key()
    with Tap(assoc.pair.right) as tap:
        for seq in range(COUNT):
            payload = marked(200, seq)
            assoc.deliver(assoc.seal(seq, payload))
            assoc.sock.send(kdtls.receive(assoc.sock).data)
            echoed = assoc.outbound.open(assoc.peer.recv(65536))[1]
            equal(echoed, payload, "echo")
        frames = tap.wait(2 * COUNT)
    equal(any(MARKER in frame for frame in frames), False, "marker seen")
    assoc.expect_counts(rx_delivered=COUNT, tx_records=COUNT)


if __name__ == "__main__":
    run_cases()
