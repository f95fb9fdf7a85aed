#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Datagrams of every wrong shape, and of several records."""

import os
import random
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import dtls12  # noqa: E402
from association import (  # noqa: E402
    BY_BOTH, BY_CCM, BY_CIPHER, BY_FAMILY, ONE, content, contents,
    expect_model, run_cases, with_options)
from harness import case, equal  # noqa: E402
from model import Receiver  # noqa: E402
from netns import udp_payloads  # noqa: E402

UDP_MAX = 65507
UNKNOWN_TYPES = (0, 19, 20, 24, 25, 26, 99, 255)
# What may stand in a datagram's middle, and the counter it moves.
BAD_PIECES = {
    "forged": "rx_bad_tag",
    "replayed": "rx_replayed",
    "epoch 0": "rx_wrong_epoch",
    "epoch 9": "rx_no_key",
    "wrong version": "rx_malformed",
    "wrong type": "rx_malformed",
    "no fragment": "rx_malformed",
    "over 16384 bytes": "rx_malformed",
}


def bad_piece(assoc, kind):
    """A record that's refused; its number is 2 if it has one of its own."""
    good = assoc.seal(2)
    return {
        "forged": lambda: good[:-1] + bytes([good[-1] ^ 1]),
        "replayed": lambda: assoc.seal(0),
        "epoch 0": lambda: dtls12.plain(22, 0, 2, b"\0" * 30),
        "epoch 9": lambda: good[:3] + b"\0\x09" + good[5:],
        "wrong version": lambda: assoc.seal(2, version=dtls12.VERSION_1_0),
        "wrong type": lambda: assoc.seal(2, kind=24),
        "no fragment": lambda: dtls12.plain(23, 1, 2, b""),
        "over 16384 bytes": lambda: assoc.seal(2, bytes(16385)),
    }[kind]()


@case("A7", BY_FAMILY)
def runts_are_refused(assoc):
    assoc.receive_key()
    record = assoc.seal(0)
    lengths = range(dtls12.HEADER_LEN)
    assoc.deliver(*(record[:length] for length in lengths), record)
    assoc.expect(*contents([0]), rx_delivered=1, rx_malformed=len(lengths))


@case("A7", BY_CIPHER)
def record_cut_anywhere_is_refused(assoc):
    assoc.receive_key()
    record = assoc.seal(0)
    assoc.deliver(*(record[:length] for length in range(13, len(record))),
                  record)
    assoc.expect(*contents([0]), rx_delivered=1,
                 rx_malformed=len(record) - 13)


@case("A7", BY_FAMILY)
def length_past_the_end_drops_the_rest_alone(assoc):
    assoc.receive_key()
    longer = bytearray(assoc.seal(1))
    longer[12] += 200
    assoc.deliver(assoc.seal(0) + longer + assoc.seal(2), assoc.seal(3))
    assoc.expect(*contents([0, 3]), rx_delivered=2, rx_malformed=1)


@case("B4", BY_CIPHER)
def fragment_without_room_for_nonce_and_tag_is_refused(assoc):
    key = assoc.receive_key()
    shortest = key.overhead - dtls12.HEADER_LEN
    assoc.deliver(*(dtls12.plain(23, 1, length, os.urandom(length))
                    for length in range(shortest)), assoc.seal(0))
    assoc.expect(*contents([0]), rx_delivered=1, rx_malformed=shortest)


@case("A11", BY_CIPHER + BY_CCM)
def record_with_any_byte_flipped_is_refused(assoc):
    assoc.receive_key()
    model = Receiver()
    model.install(assoc.inbound[1])
    record = assoc.seal(7)
    for place in range(len(record)):
        bad = bytearray(record)
        bad[place] ^= 0x40
        assoc.deliver(bytes(bad))
        model.datagram(bytes(bad))
    equal(model.delivered, [], "delivered by the model")
    assoc.expect_no_answer()
    assoc.deliver(record)
    model.datagram(record)
    expect_model(assoc, model)


@case("B1", BY_CIPHER + BY_CCM)
def record_sealed_over_other_data_is_refused(assoc):
    key = assoc.receive_key()
    good = dtls12.Header(23, dtls12.VERSION, 1, 0, len(content(0)))
    expansion = key.overhead - dtls12.HEADER_LEN
    wrong = {"type": (0, 22), "version": (dtls12.VERSION_1_0, 0x0303),
             "epoch": (0, 2), "seq": (1, dtls12.SEQ_END - 1),
             # That of the fragment, of what is encrypted, and near by.
             "length": (good.length + expansion, good.length + 16, 0,
                        good.length + 1, good.length - 1)}
    tries = [{field: value} for field, values in wrong.items()
             for value in values]
    assoc.deliver(*(assoc.seal(0, wrong=each) for each in tries))
    assoc.expect(rx_bad_tag=len(tries))
    assoc.deliver(assoc.seal(0, wrong=good._asdict()))
    assoc.expect(*contents([0]), rx_delivered=1, rx_bad_tag=len(tries))


@case("A1", BY_FAMILY)
def other_versions_are_refused(assoc):
    assoc.receive_key()
    versions = (0, 0x0301, 0x0303, 0xFEFF, 0xFEFC, 0xFEFE, 0xFFFF)
    assoc.deliver(*(assoc.seal(0, version=version) for version in versions))
    assoc.deliver(assoc.seal(0))
    assoc.expect(*contents([0]), rx_delivered=1, rx_malformed=len(versions))


@case("A20", BY_CIPHER)
def unknown_types_are_refused_though_they_authenticate(assoc):
    assoc.receive_key()
    assoc.deliver(*(assoc.seal(0, kind=kind) for kind in UNKNOWN_TYPES))
    assoc.deliver(assoc.seal(0))
    assoc.expect(*contents([0]), rx_delivered=1,
                 rx_malformed=len(UNKNOWN_TYPES) - 1, rx_wrong_cid=1)


@case("A9", BY_CIPHER)
def empty_application_record_is_delivered_once(assoc):
    assoc.receive_key()
    record = assoc.seal(0, b"")
    assoc.deliver(record, record)
    assoc.expect(b"", rx_delivered=1, rx_replayed=1)


@case("A8", BY_BOTH)
def longest_content_is_delivered(assoc):
    assoc.receive_key()
    longest = os.urandom(dtls12.MAX_PAYLOAD)
    assoc.deliver(assoc.seal(0, longest))
    assoc.expect(longest, rx_delivered=1)


@case("A8", BY_CIPHER)
def content_over_16384_bytes_is_refused(assoc):
    assoc.receive_key()
    lengths = (16385, 18432 - 24, 18433, UDP_MAX - 100)
    assoc.deliver(*(assoc.seal(0, bytes(length)) for length in lengths))
    assoc.deliver(assoc.seal(0))
    assoc.expect(*contents([0]), rx_delivered=1, rx_malformed=len(lengths))


@case("A7", BY_FAMILY)
def empty_datagram_is_refused(assoc):
    assoc.receive_key()
    assoc.deliver(b"", assoc.seal(0))
    assoc.expect(*contents([0]), rx_delivered=1, rx_malformed=1)


@case("A7", ONE)
def largest_datagram_of_noise_is_refused(assoc):
    assoc.receive_key()
    assoc.deliver(b"\xff" * UDP_MAX, assoc.seal(0))
    assoc.expect(*contents([0]), rx_delivered=1, rx_malformed=1)


@case("A7", ONE)
def largest_datagram_of_bare_headers_counts_once(assoc):
    assoc.receive_key()
    bare = dtls12.plain(23, 1, 0, b"")
    assoc.deliver(bare * (UDP_MAX // len(bare)), assoc.seal(0))
    assoc.expect(*contents([0]), rx_delivered=1, rx_malformed=1)


def captured_records(assoc, count):
    """Records of the kernel's own, from datagrams that never arrived."""
    with assoc.pair.right.udp(assoc.family) as other:
        assoc.peer.connect(other.getsockname()[:2])
        assoc.peer_sends_by_kernel()
        frames = assoc.capture(range(count))
    return udp_payloads(frames)


@case("A6", BY_BOTH)
def records_put_together_in_a_datagram_are_all_delivered(assoc):
    assoc.receive_key()
    records = captured_records(assoc, 5)
    assoc.replay([assoc.frame(b"".join(records))])
    assoc.expect(*contents(range(5)), rx_delivered=5)


@case("A6", with_options(BY_FAMILY, BAD_PIECES))
def bad_record_in_the_middle_costs_no_other(assoc):
    assoc.receive_key()
    piece = bad_piece(assoc, assoc.option)
    assoc.deliver(assoc.seal(0) + assoc.seal(1) + piece + assoc.seal(3)
                  + assoc.seal(4))
    assoc.expect(*contents((0, 1, 3, 4)), rx_delivered=4,
                 **{BAD_PIECES[assoc.option]: 1})


@case("A6", ONE)
def several_malformed_pieces_count_once_a_datagram(assoc):
    assoc.receive_key()
    bad = assoc.seal(9, kind=24) + assoc.seal(9, version=0)
    for start in (0, 2):
        assoc.deliver(assoc.seal(start) + bad + assoc.seal(start + 1)
                      + bad + b"tail")
    assoc.expect(*contents(range(4)), rx_delivered=4, rx_malformed=2)


@case("A6", ONE)
def each_refused_record_of_a_datagram_is_counted(assoc):
    assoc.receive_key()
    kinds = ("forged", "replayed", "epoch 0", "epoch 9", "wrong type")
    pieces = [bad_piece(assoc, kind) for kind in kinds]
    assoc.deliver(assoc.seal(0) + b"".join(pieces) + assoc.seal(2))
    assoc.expect(*contents((0, 2)), rx_delivered=2, rx_bad_tag=1,
                 rx_replayed=1, rx_wrong_epoch=1, rx_no_key=1,
                 rx_malformed=1)


@case("A6 E4", ONE)
def short_buffer_cuts_one_record_of_a_datagram(assoc):
    assoc.receive_key()
    assoc.deliver(assoc.seal(0, b"first record") + assoc.seal(1))
    assoc.pair.fence(assoc.family)
    equal(assoc.sock.recv(5), b"first", "cut record")
    assoc.expect(*contents([1]), rx_delivered=2)


FIELDS = {"type": 256, "version": 1 << 16, "epoch": 1 << 16,
          "seq": 1 << 48, "length": 1 << 16}


def fuzzed(source, record, field):
    """@record with a field of its header near to, or far from, its value."""
    header = dtls12.parse_header(record)
    value = getattr(header, field)
    other = source.choice((value + 1, value - 1, value ^ 1 << 3, 0,
                           FIELDS[field] - 1, source.randrange(FIELDS[field])))
    changed = header._replace(**{field: other % FIELDS[field]})
    return changed.pack() + record[dtls12.HEADER_LEN:]


@case("A7 A11", with_options(BY_FAMILY, FIELDS))
def fuzzed_header_field_matches_the_model(assoc):
    source, model = random.Random(assoc.option), Receiver()
    model.install(assoc.receive_key())
    for seq in range(100):
        datagram = fuzzed(source, assoc.seal(seq), assoc.option)
        for each in (datagram, assoc.seal(seq)):
            model.datagram(each)
            assoc.deliver(each)
    expect_model(assoc, model)


@case("A7 A11", BY_CIPHER)
def fuzzed_datagrams_match_the_model(assoc):
    source, model = random.Random(assoc.cipher), Receiver()
    model.install(assoc.receive_key())
    for seq in range(300):
        pieces = []
        for _ in range(source.randint(1, 4)):
            piece = assoc.seal(max(0, seq - source.randint(0, 4)))
            for _ in range(source.choice((0, 0, 1, 2))):
                piece = fuzzed(source, piece, source.choice(tuple(FIELDS)))
            pieces.append(piece)
        datagram = b"".join(pieces)
        model.datagram(datagram)
        assoc.deliver(datagram)
    expect_model(assoc, model)


def spoofed(assoc, **changed):
    """A valid record from elsewhere reaches nobody; the same record from
    the peer does."""
    assoc.receive_key()
    assoc.replay([assoc.frame(assoc.seal(0), **changed)])
    assoc.expect()
    assoc.replay([assoc.frame(assoc.seal(0))])
    assoc.expect(content(0), rx_delivered=1)


@case("E6", BY_FAMILY)
def record_from_another_address_never_arrives(assoc):
    spoofed(assoc, src=assoc.pair.left.spare[assoc.family])


@case("E6", BY_FAMILY)
def record_from_another_port_never_arrives(assoc):
    spoofed(assoc, sport=assoc.peer.getsockname()[1] ^ 1)


@case("E6", BY_FAMILY)
def record_to_another_address_never_arrives(assoc):
    spoofed(assoc, dst=assoc.pair.right.spare[assoc.family])


@case("E6", BY_FAMILY)
def record_to_another_port_never_arrives(assoc):
    spoofed(assoc, dport=assoc.sock.getsockname()[1] ^ 1)


if __name__ == "__main__":
    run_cases()
