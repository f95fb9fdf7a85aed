#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Records captured on a veth pair and played back; the replay window."""

import os
import random
import sys
import threading

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import dtls12  # noqa: E402
import kdtls  # noqa: E402
from association import (  # noqa: E402
    BY_BOTH, BY_FAMILY, ONE, contents, expect_model, run_cases,
    with_options)
from harness import case, equal  # noqa: E402
from model import Receiver  # noqa: E402
from netns import udp_payloads  # noqa: E402

RUN = 500
CPUS = os.sched_getaffinity(0)
WINDOWS = with_options(ONE, (64, 1024, 8192))
ORDERS = {
    "in order": list,
    "reversed": lambda frames: frames[::-1],
    "shuffled": lambda frames: random.Random(6347).sample(frames,
                                                          len(frames)),
}


@case("A13", BY_BOTH)
def duplicate_is_refused_and_counted(assoc):
    assoc.receive_key()
    assoc.peer_sends_by_kernel()
    frames = assoc.capture(range(1))
    assoc.expect(*contents([0]), rx_delivered=1)
    assoc.replay(frames)
    assoc.expect(rx_delivered=1, rx_replayed=1)


@case("A13", BY_FAMILY)
def duplicate_before_the_first_was_read_is_refused(assoc):
    assoc.receive_key()
    assoc.peer_sends_by_kernel()
    assoc.replay(assoc.capture(range(3)))
    assoc.expect(*contents(range(3)), rx_delivered=3, rx_replayed=3)


@case("A13", with_options(BY_FAMILY, ORDERS))
def long_run_replayed_is_refused(assoc):
    assoc.receive_key()
    assoc.peer_sends_by_kernel()
    frames = assoc.capture(range(RUN))
    assoc.expect(*contents(range(RUN)), rx_delivered=RUN)
    assoc.replay(ORDERS[assoc.option](frames))
    assoc.expect(rx_delivered=RUN, rx_replayed=RUN)


@case("A13", ONE)
def long_run_replayed_is_refused_by_a_narrow_window(assoc):
    kdtls.set_params(assoc.sock, 64)
    assoc.receive_key()
    assoc.peer_sends_by_kernel()
    frames = assoc.capture(range(RUN))
    assoc.expect(*contents(range(RUN)), rx_delivered=RUN)
    assoc.replay(ORDERS["shuffled"](frames))
    assoc.expect(rx_delivered=RUN, rx_replayed=64, rx_too_old=RUN - 64)


@case("A13", BY_FAMILY)
def records_reversed_inside_the_window_are_delivered(assoc):
    assoc.receive_key()
    seqs = range(kdtls.WINDOW_DEFAULT - 1, -1, -8)
    assoc.deliver(*map(assoc.seal, seqs))
    assoc.expect(*contents(seqs), rx_delivered=len(seqs))


def left_edge(assoc):
    """Number 10000 received, and the oldest in the window it leaves."""
    kdtls.set_params(assoc.sock, assoc.option)
    assoc.receive_key()
    assoc.deliver(assoc.seal(10000))
    assoc.expect(*contents([10000]), rx_delivered=1)
    return 10000 - (assoc.option - 1)


@case("A13", WINDOWS)
def oldest_number_in_the_window_is_delivered(assoc):
    oldest = left_edge(assoc)
    assoc.deliver(assoc.seal(oldest))
    assoc.expect(*contents([oldest]), rx_delivered=2)


@case("A13", WINDOWS)
def number_left_of_the_window_is_too_old(assoc):
    oldest = left_edge(assoc)
    assoc.deliver(assoc.seal(oldest - 1), assoc.seal(0))
    assoc.expect(rx_delivered=1, rx_too_old=2)


@case("A13", BY_FAMILY)
def jump_ahead_is_delivered_and_moves_the_window(assoc):
    assoc.receive_key()
    early, jump = list(range(10)), 9 + kdtls.WINDOW_DEFAULT + 1000
    assoc.deliver(*map(assoc.seal, early + [jump]))
    assoc.expect(*contents(early + [jump]), rx_delivered=11)
    assoc.deliver(assoc.seal(10), assoc.seal(jump), assoc.seal(jump - 1))
    assoc.expect(*contents([jump - 1]), rx_delivered=12, rx_too_old=1,
                 rx_replayed=1)


def forged(assoc, seq):
    """A whole record of the right form, and a wrong tag."""
    record = bytearray(assoc.seal(seq))
    record[-1] ^= 1
    return bytes(record)


@case("A14", BY_BOTH)
def forged_far_future_number_does_not_move_the_window(assoc):
    assoc.receive_key()
    assoc.deliver(*map(assoc.seal, range(5)))
    assoc.deliver(forged(assoc, 10**6), forged(assoc, dtls12.SEQ_END - 1))
    assoc.deliver(*map(assoc.seal, range(5, 10)))
    assoc.expect(*contents(range(10)), rx_delivered=10, rx_bad_tag=2)


@case("A14", ONE)
def forged_number_is_not_marked_as_seen(assoc):
    assoc.receive_key()
    assoc.deliver(forged(assoc, 3), assoc.seal(3))
    assoc.expect(*contents([3]), rx_delivered=1, rx_bad_tag=1)


@case("A12", ONE)
def association_outlives_1000_forgeries(assoc):
    assoc.receive_key()
    assoc.deliver(*(forged(assoc, seq) for seq in range(1000)))
    assoc.deliver(assoc.seal(0))
    assoc.expect(*contents([0]), rx_delivered=1, rx_bad_tag=1000)


@case("A13", ONE)
def number_zero_is_delivered_once(assoc):
    assoc.receive_key()
    assoc.deliver(assoc.seal(0), assoc.seal(0))
    assoc.expect(*contents([0]), rx_delivered=1, rx_replayed=1)


@case("A13", ONE)
def last_numbers_of_an_epoch_are_delivered_once(assoc):
    seqs = range(dtls12.SEQ_END - 3, dtls12.SEQ_END)
    assoc.receive_key(seq=dtls12.SEQ_END - 3)
    assoc.deliver(*map(assoc.seal, seqs), *map(assoc.seal, seqs))
    assoc.expect(*contents(seqs), rx_delivered=3, rx_replayed=3)


@case("A15", ONE)
def numbers_below_rec_seq_count_as_received(assoc):
    assoc.receive_key(seq=2000)
    assoc.deliver(*map(assoc.seal, (1999, 2000 - 1024, 2000 - 1025, 0, 2000)))
    assoc.expect(*contents([2000]), rx_delivered=1, rx_replayed=2,
                 rx_too_old=2)


@case("A15", ONE)
def gap_of_the_handed_over_window_is_delivered(assoc):
    # Of 0 to 4 number 2 is missing; bit i is number 4 - i.
    kdtls.set_rx_window(assoc.sock, 1, 5, 0b11011, 1)
    assoc.receive_key(seq=5)
    assoc.deliver(*map(assoc.seal, range(6)))
    assoc.expect(*contents([2, 5]), rx_delivered=2, rx_replayed=4)


@case("A15", ONE)
def window_read_back_has_what_was_received(assoc):
    assoc.receive_key()
    assoc.deliver(*map(assoc.seal, (0, 1, 3, 70)))
    assoc.expect(*contents([0, 1, 3, 70]), rx_delivered=4)
    window = kdtls.get_rx_window(assoc.sock, 1)
    equal(window[:3], (1, 1024, 71), "epoch, window_bits, next")
    numbers = [70 - bit for bit in range(71) if window.received >> bit & 1]
    equal(numbers, [70, 3, 1, 0], "numbers in the bitmap")


@case("A13", WINDOWS)
def random_order_and_duplicates_match_the_model(assoc):
    bits = assoc.option
    kdtls.set_params(assoc.sock, bits)
    model = Receiver(bits)
    model.install(assoc.receive_key())
    source, top = random.Random(bits), 0
    for _ in range(600):
        step = source.choice((-2 * bits, -bits, -bits // 2, -9, -1, 0, 1, 9,
                              bits // 2))
        seq = max(0, top + source.randint(*sorted((0, step))))
        top = max(top, seq)
        datagram = assoc.seal(seq)
        model.datagram(datagram)
        assoc.deliver(datagram)
    expect_model(assoc, model)


@case("A14", ONE)
def parallel_readers_give_each_record_once(assoc):
    assoc.receive_key()
    records = [assoc.seal(seq) for seq in range(RUN)]
    for record in records:
        assoc.deliver(record, record)
    assoc.pair.fence(assoc.family)
    got = []

    def read():
        os.sched_setaffinity(0, CPUS)
        got.extend(kdtls.receive_all(assoc.sock))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    equal(sorted(record.data for record in got), sorted(contents(range(RUN))),
          "received by all readers")
    assoc.expect_counts(rx_delivered=RUN, rx_replayed=RUN)


@case("A13", ONE)
def captured_records_keep_the_peers_numbers(assoc):
    assoc.receive_key()
    assoc.peer_sends_by_kernel(seq=77)
    frames = assoc.capture(range(77, 87))
    assoc.expect(*contents(range(77, 87)), rx_delivered=10)
    seqs = [dtls12.parse_header(p).seq for p in udp_payloads(frames)]
    equal(seqs, list(range(77, 87)), "numbers on the wire")


if __name__ == "__main__":
    run_cases()
