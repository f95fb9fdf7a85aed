#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the kernel sends, captured and opened by Python's cryptography."""

import errno
import os
import socket
import sys
import tempfile
import threading

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import dtls12  # noqa: E402
import kdtls  # noqa: E402
from association import (  # noqa: E402
    BY_BOTH, BY_CCM, BY_CIPHER, BY_FAMILY, content, contents, run_cases)
from harness import case, equal  # noqa: E402
from netns import Tap, udp_payloads  # noqa: E402
from wire import reassembled_payload  # noqa: E402

MARKER = b"plaintext that no tap may ever see"
PROCESSES, THREADS, RECORDS_EACH = 2, 2, 800
CPUS = os.sched_getaffinity(0)

# linux/in.h and linux/in6.h: Don't Fragment, whatever the application wants.
MTU_DISCOVER = {socket.AF_INET: (socket.IPPROTO_IP, 10, 2),
                socket.AF_INET6: (socket.IPPROTO_IPV6, 23, 2)}


def opened(assoc, datagrams):
    """Each datagram is one record of our key: header and content of each."""
    return [assoc.outbound.open(datagram) for datagram in datagrams]


def numbers(assoc, datagrams):
    return [header.seq for header, _ in opened(assoc, datagrams)]


def datagrams_at_peer(assoc, count):
    return [assoc.peer.recv(65536) for _ in range(count)]


def raises(expected, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except OSError as error:
        equal(errno.errorcode[error.errno], errno.errorcode[expected],
              "errno")
        return
    raise AssertionError(f"no {errno.errorcode[expected]}")


@case("B1 B3 B5", BY_BOTH + BY_CCM)
def captured_records_open_to_what_was_sent(assoc):
    assoc.send_key()
    payloads = [b"", b"x", content(2), bytes(range(256)) * 5]
    with Tap(assoc.pair.left) as tap:
        for payload in payloads:
            equal(assoc.sock.send(payload), len(payload), "send()")
        datagrams = udp_payloads(tap.wait(len(payloads)))
    equal([payload for _, payload in opened(assoc, datagrams)], payloads,
          "content")
    assoc.expect_counts(tx_records=len(payloads))


@case("A1 A2", BY_BOTH)
def header_carries_version_epoch_and_next_number(assoc):
    assoc.send_key(epoch=0x1234, seq=0x56789ABCDEF0)
    for _ in range(3):
        assoc.sock.send(b"0123456789")
    length = assoc.outbound.overhead - dtls12.HEADER_LEN + 10
    headers = [header for header, _ in
               opened(assoc, datagrams_at_peer(assoc, 3))]
    equal(headers, [dtls12.Header(23, 0xFEFD, 0x1234, seq, length)
                    for seq in range(0x56789ABCDEF0, 0x56789ABCDEF3)],
          "headers")


@case("B3 B5", BY_BOTH + BY_CCM)
def explicit_nonce_is_epoch_and_number(assoc):
    assoc.send_key(epoch=0x0203, seq=0x040506070809)
    for _ in range(3):
        assoc.sock.send(b"content")
    for seq, datagram in enumerate(datagrams_at_peer(assoc, 3),
                                   0x040506070809):
        expected = (b"\x02\x03" + seq.to_bytes(6, "big")
                    if assoc.outbound.cipher.explicit_len else b"")
        equal(assoc.outbound.explicit_nonce(datagram), expected, "nonce")
        assoc.outbound.open(datagram)


@case("A10", BY_CIPHER + BY_CCM)
def overhead_is_what_a_record_adds(assoc):
    assoc.send_key()
    equal(kdtls.info(assoc.sock).tx_overhead, assoc.outbound.overhead,
          "tx_overhead")
    assoc.sock.send(b"12345")
    equal(len(datagrams_at_peer(assoc, 1)[0]),
          assoc.outbound.overhead + 5, "datagram")


@case("A19", BY_CIPHER)
def record_type_is_what_the_control_message_says(assoc):
    assoc.send_key()
    sent = [(21, b"\x01\0"), (22, b"finished"), (23, b"data"), (None, b"")]
    for kind, payload in sent:
        kdtls.send(assoc.sock, payload, kind)
    got = [(header.type, payload) for header, payload in
           opened(assoc, datagrams_at_peer(assoc, len(sent)))]
    equal(got, sent[:3] + [(23, b"")], "records")


def child_sends(sock, name):
    """Several threads of a process, on any CPU, share the socket."""
    os.sched_setaffinity(0, CPUS)

    def run(thread):
        for turn in range(RECORDS_EACH):
            sock.send(MARKER + f" {name} {thread} {turn}".encode())

    threads = [threading.Thread(target=run, args=(number,))
               for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fork_senders(sock):
    children = []
    for name in range(PROCESSES):
        child = os.fork()
        if not child:
            status = 1
            try:
                child_sends(sock, name)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    return children


@case("A2 B2 B3", BY_CIPHER)
def numbers_and_nonces_of_parallel_senders_are_distinct(assoc):
    assoc.send_key(seq=1)
    total = PROCESSES * THREADS * RECORDS_EACH
    with Tap(assoc.pair.left) as tap:
        children = fork_senders(assoc.sock)
        statuses = [os.waitpid(child, 0)[1] for child in children]
        equal(statuses, [0] * PROCESSES, "senders")
        frames = tap.wait(total)
        equal(tap.drops(), 0, "frames the tap dropped")
    equal(any(MARKER in frame for frame in frames), False, "marker seen")
    datagrams = udp_payloads(frames)
    equal(sorted(numbers(assoc, datagrams)), list(range(1, total + 1)),
          "numbers")
    nonces = {assoc.outbound.explicit_nonce(each) for each in datagrams}
    has_nonce = bool(assoc.outbound.cipher.explicit_len)
    equal(len(nonces), total if has_nonce else 1, "distinct nonces")
    assoc.expect_counts(tx_records=total)


@case("A3", BY_CIPHER)
def last_number_is_sent_and_none_after_it(assoc):
    assoc.send_key(seq=dtls12.SEQ_END - 2)
    assoc.sock.send(b"last but one")
    assoc.sock.send(b"last")
    for _ in range(2):
        raises(errno.EKEYEXPIRED, assoc.sock.send, b"one too many")
    equal(numbers(assoc, datagrams_at_peer(assoc, 2)),
          [dtls12.SEQ_END - 2, dtls12.SEQ_END - 1], "numbers")
    assoc.expect_counts(tx_records=2)


@case("A3 A4", BY_CIPHER)
def key_of_a_new_epoch_ends_the_expiry(assoc):
    assoc.send_key(seq=dtls12.SEQ_END - 1)
    assoc.sock.send(b"last")
    raises(errno.EKEYEXPIRED, assoc.sock.send, b"one too many")
    datagrams_at_peer(assoc, 1)
    assoc.send_key(epoch=2)
    assoc.sock.send(b"first")
    headers = [header for header, _ in
               opened(assoc, datagrams_at_peer(assoc, 1))]
    equal([(h.epoch, h.seq) for h in headers], [(2, 0)], "epoch, number")


@case("A4 B9", BY_CIPHER)
def epoch_that_is_not_greater_is_refused_and_changes_nothing(assoc):
    key = assoc.send_key(epoch=3)
    assoc.sock.send(b"one")
    for epoch in (3, 2, 1):
        other = dtls12.Key(key.cipher_name, key.key, key.iv, epoch)
        raises(errno.EBUSY, kdtls.install, assoc.sock, kdtls.TLS_TX, other)
    assoc.sock.send(b"two")
    equal(numbers(assoc, datagrams_at_peer(assoc, 2)), [0, 1], "numbers")


@case("A2 A10", BY_FAMILY)
def number_of_a_record_that_did_not_fit_is_not_used_again(assoc):
    assoc.send_key()
    assoc.sock.setsockopt(*MTU_DISCOVER[assoc.family])
    with Tap(assoc.pair.left) as tap:
        assoc.sock.send(b"before")
        raises(errno.EMSGSIZE, assoc.sock.send, MARKER * 100)
        assoc.sock.send(b"after")
        datagrams = udp_payloads(tap.wait(2))
    equal(numbers(assoc, datagrams), [0, 2], "numbers")
    assoc.expect_counts(tx_records=3, tx_error=1)


@case("A8", BY_CIPHER + BY_CCM)
def content_over_16384_bytes_is_not_sent(assoc):
    assoc.send_key()
    raises(errno.EMSGSIZE, assoc.sock.send, bytes(16385))
    assoc.sock.send(bytes(16384))
    (datagram,) = datagrams_at_peer(assoc, 1)
    equal(opened(assoc, [datagram])[0],
          (dtls12.Header(23, 0xFEFD, 1, 0, len(datagram) - 13),
           bytes(16384)), "record")


@case("A8", BY_BOTH)
def longest_record_crosses_the_wire_in_fragments(assoc):
    assoc.send_key()
    payload = (MARKER * 500)[:16384]
    with Tap(assoc.pair.left) as tap:
        assoc.sock.send(payload)
        datagrams_at_peer(assoc, 1)
        frames = tap.frames()
    equal(len(frames) >= 11, True, f"{len(frames)} frames of 1500 bytes")
    equal(any(MARKER in frame for frame in frames), False, "marker seen")
    record = reassembled_payload(frames)
    equal(assoc.outbound.open(record)[1] == payload, True, "content")


@case(variants=BY_CIPHER)
def sendfile_puts_nothing_unprotected_on_the_wire(assoc):
    assoc.send_key()
    text = MARKER * 100
    with Tap(assoc.pair.left) as tap, tempfile.TemporaryFile() as stream:
        stream.write(text)
        stream.flush()
        sent = 0
        while sent < len(text):
            sent += os.sendfile(assoc.sock.fileno(), stream.fileno(), sent,
                                min(1000, len(text) - sent))
        frames = tap.wait(-(-len(text) // 1000))
    equal(any(MARKER in frame for frame in frames), False, "marker seen")
    got = [payload for _, payload in opened(assoc, udp_payloads(frames))]
    equal(b"".join(got) == text, True, "the file's content")


@case("B9", BY_FAMILY)
def directions_have_keys_and_numbers_of_their_own(assoc):
    assoc.receive_key(seq=100)
    assoc.send_key(seq=900)
    for turn in range(20):
        assoc.deliver(assoc.seal(100 + turn))
        equal(kdtls.receive(assoc.sock).data, content(100 + turn), "data")
        assoc.sock.send(content(turn))
    got = opened(assoc, datagrams_at_peer(assoc, 20))
    equal([header.seq for header, _ in got], list(range(900, 920)),
          "numbers")
    equal([payload for _, payload in got], contents(range(20)), "content")
    assoc.expect_counts(rx_delivered=20, tx_records=20)


if __name__ == "__main__":
    run_cases()
