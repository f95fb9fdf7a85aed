#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Records of other epochs, and what epoch 0 may say after the hand-over."""

import os
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import dtls12  # noqa: E402
import kdtls  # noqa: E402
from association import (  # noqa: E402
    BY_BOTH, BY_CIPHER, BY_FAMILY, ONE, contents, random_key, run_cases)
from harness import case, equal  # noqa: E402

# A ClientHello with one suite and no cookie, in one handshake fragment.
CLIENT_HELLO_BODY = (b"\xfe\xfd" + bytes(32) + b"\0\0" + b"\0\x02\xc0\x2f"
                     + b"\x01\0")
CLIENT_HELLO = (b"\x01" + len(CLIENT_HELLO_BODY).to_bytes(3, "big")
                + b"\0\0" + b"\0\0\0"
                + len(CLIENT_HELLO_BODY).to_bytes(3, "big")
                + CLIENT_HELLO_BODY)
FATAL_ALERT = b"\x02\x28"


@case("A5", BY_CIPHER)
def last_two_epochs_are_delivered(assoc):
    for epoch in (1, 2):
        assoc.receive_key(epoch)
    assoc.deliver(*(assoc.seal(seq, epoch=epoch)
                    for seq in range(3) for epoch in (1, 2)))
    assoc.expect(*contents((0, 0, 1, 1, 2, 2)), rx_delivered=6)


@case("A5 A13", ONE)
def each_epoch_has_its_own_window(assoc):
    for epoch in (1, 2):
        assoc.receive_key(epoch)
    assoc.deliver(assoc.seal(5000, epoch=2), assoc.seal(1, epoch=1),
                  assoc.seal(1, epoch=2), assoc.seal(1, epoch=1))
    assoc.expect(*contents((5000, 1)), rx_delivered=2, rx_too_old=1,
                 rx_replayed=1)


@case("A5", BY_FAMILY)
def epoch_before_the_last_two_is_refused(assoc):
    for epoch in (1, 2, 3):
        assoc.receive_key(epoch)
    assoc.deliver(*(assoc.seal(0, epoch=epoch) for epoch in (1, 2, 3)))
    assoc.expect(*contents((0, 0)), rx_delivered=2, rx_wrong_epoch=1)


@case("A5", BY_BOTH)
def captured_records_of_a_dropped_epoch_are_refused(assoc):
    assoc.receive_key(1)
    assoc.peer_sends_by_kernel(1)
    frames = assoc.capture(range(20))
    assoc.expect(*contents(range(20)), rx_delivered=20)
    for epoch in (2, 3):
        assoc.receive_key(epoch)
    assoc.replay(frames)
    assoc.expect(rx_delivered=20, rx_wrong_epoch=20)


@case("A5 A13", ONE)
def captured_records_of_the_previous_epoch_are_refused_as_replays(assoc):
    assoc.receive_key(1)
    assoc.peer_sends_by_kernel(1)
    frames = assoc.capture(range(20))
    assoc.expect(*contents(range(20)), rx_delivered=20)
    assoc.receive_key(2)
    assoc.replay(frames)
    assoc.expect(rx_delivered=20, rx_replayed=20)


@case("A5", BY_BOTH)
def epoch_above_the_key_is_counted_as_no_key(assoc):
    assoc.receive_key()
    future = random_key(assoc.cipher, 2)
    assoc.deliver(future.seal(0, b"early"), assoc.seal(0))
    assoc.expect(*contents([0]), rx_delivered=1, rx_no_key=1)


@case("A5", ONE)
def epoch_above_the_key_costs_the_later_key_nothing(assoc):
    assoc.receive_key()
    early = random_key(assoc.cipher, 2)
    assoc.deliver(early.seal(0, b"early"))
    assoc.expect(rx_no_key=1)
    kdtls.install(assoc.sock, kdtls.TLS_RX, early)
    assoc.deliver(early.seal(0, b"again"), early.seal(1, b"next"))
    assoc.expect(b"again", b"next", rx_delivered=2, rx_no_key=1)


@case("A5", ONE)
def epoch_skipped_by_the_keys_is_refused(assoc):
    assoc.receive_key(1)
    assoc.receive_key(5)
    between = random_key(assoc.cipher, 3)
    assoc.deliver(between.seal(0, b"between"), assoc.seal(0, epoch=5))
    assoc.expect(*contents([0]), rx_delivered=1, rx_wrong_epoch=1)


@case("A5", ONE)
def epoch_number_under_another_key_does_not_authenticate(assoc):
    first = assoc.receive_key(1)
    assoc.receive_key(2)
    assoc.deliver(first.seal(0, b"old key, new epoch", epoch=2))
    assoc.expect(rx_bad_tag=1)


def injected_between_good_records(assoc, record, **counts):
    assoc.receive_key()
    assoc.peer_sends_by_kernel()
    assoc.capture(range(2))
    assoc.replay([assoc.frame(record)])
    assoc.capture(range(2, 4))
    assoc.expect(*contents(range(4)), rx_delivered=4, **counts)
    assoc.expect_no_answer()


@case("A17", BY_FAMILY)
def client_hello_in_epoch_0_is_refused(assoc):
    record = dtls12.plain(dtls12.HANDSHAKE, 0, 0, CLIENT_HELLO)
    injected_between_good_records(assoc, record, rx_wrong_epoch=1)


@case("A17 A1", ONE)
def client_hello_of_version_1_0_is_refused(assoc):
    record = dtls12.plain(dtls12.HANDSHAKE, 0, 0, CLIENT_HELLO,
                          dtls12.VERSION_1_0)
    injected_between_good_records(assoc, record, rx_malformed=1)


@case("A17 A18", BY_FAMILY)
def fatal_alert_in_epoch_0_is_refused(assoc):
    record = dtls12.plain(dtls12.ALERT, 0, 5, FATAL_ALERT)
    injected_between_good_records(assoc, record, rx_wrong_epoch=1)


@case("A17", BY_FAMILY)
def change_cipher_spec_in_epoch_0_is_refused(assoc):
    record = dtls12.plain(dtls12.CHANGE_CIPHER_SPEC, 0, 5, b"\x01")
    injected_between_good_records(assoc, record, rx_wrong_epoch=1)


@case("A18", BY_FAMILY)
def application_data_in_epoch_0_is_refused(assoc):
    record = dtls12.plain(dtls12.APPLICATION_DATA, 0, 9, b"in the clear")
    injected_between_good_records(assoc, record, rx_wrong_epoch=1)


@case("A20", ONE)
def change_cipher_spec_in_the_keys_epoch_is_refused(assoc):
    assoc.receive_key()
    assoc.deliver(assoc.seal(0, b"\x01", kind=dtls12.CHANGE_CIPHER_SPEC))
    assoc.expect(rx_malformed=1)


@case("A18", ONE)
def unprotected_alert_in_the_keys_epoch_is_refused(assoc):
    record = dtls12.plain(dtls12.ALERT, 1, 9, FATAL_ALERT)
    injected_between_good_records(assoc, record, rx_malformed=1)


@case(variants=BY_CIPHER)
def finished_that_is_new_reaches_the_reader_with_its_type(assoc):
    assoc.receive_key()
    finished = b"\x14\0\0\x0c\0\x05\0\0\0\0\0\x0c" + bytes(12)
    assoc.deliver(assoc.seal(0, finished, kind=dtls12.HANDSHAKE))
    equal([record[:2] for record in assoc.received()],
          [(dtls12.HANDSHAKE, finished)], "received")
    assoc.expect_counts(rx_delivered=1)


@case("A19", BY_CIPHER)
def protected_alert_reaches_the_reader_with_its_type(assoc):
    assoc.receive_key()
    assoc.deliver(assoc.seal(0), assoc.seal(1, b"\x01\0", kind=dtls12.ALERT),
                  assoc.seal(2))
    equal([record.type for record in assoc.received()],
          [dtls12.APPLICATION_DATA, dtls12.ALERT, dtls12.APPLICATION_DATA],
          "types")
    assoc.expect_counts(rx_delivered=3)


@case("E3", BY_CIPHER)
def records_queued_before_the_key_are_delivered(assoc):
    key = random_key(assoc.cipher)
    assoc.deliver(*(key.seal(seq, b"queued") for seq in range(50)))
    assoc.pair.fence(assoc.family)
    kdtls.install(assoc.sock, kdtls.TLS_RX, key)
    assoc.expect(*[b"queued"] * 50, rx_delivered=50)


if __name__ == "__main__":
    run_cases()
