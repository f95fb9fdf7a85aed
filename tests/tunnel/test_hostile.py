#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A client that lies, and a third host that floods: nothing of theirs comes
through, nothing grows by them, and the others go on."""

import contextlib
import os
import random
import signal
import socket
import sys
import time

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import dtls12  # noqa: E402
from harness import case, diagnose, equal, main  # noqa: E402
from hostile import (FreeClient, Raw, forged, given_addresses,  # noqa: E402
                     packet, packet6, request, sources, with_cookie,
                     with_sums)
from netns import Tap, udp_payloads  # noqa: E402
from traffic import MARKER, Numbered, Ping, Stream  # noqa: E402
from tunnel import DEVICE, Bed, drained, received  # noqa: E402

INET = socket.AF_INET
BYTES = 300000
HELLOS = 10000
# Of the server's memory: what it has read into, it may touch for the first
# time; KiB.
NOISE = 512
SINK = 7777
FOREIGN = "10.9.0.99", "192.0.2.1", "198.18.1.2", "10.9.0.1", "127.0.0.1"


@contextlib.contextmanager
def nothing(*variant):
    yield variant


@contextlib.contextmanager
def two_clients():
    """A server, laptop and phone."""
    with BED.joined(dead_after=30) as (server, laptop), \
            BED.client(host=BED.hosts[1], name="phone",
                       dead_after=30) as phone:
        yield server, laptop, phone


@contextlib.contextmanager
def sink_of(end, family=INET):
    """Gets whatever reaches it on @end."""
    with end.udp(family, SINK) as sock:
        yield sock


def expect_only(sock, sender, count=1):
    """What @sender has sent, after all that others have: nothing of theirs."""
    with sender.udp(INET) as source:
        for _ in range(count):
            source.sendto(b"honest", sock.getsockname()[:2])
        seen = []
        while b"honest" not in seen:
            seen.append(received(sock))
        equal(set(seen + drained(sock)), {b"honest"}, "what came through")


@case()
def packets_of_a_foreign_source_stay_outside(_):
    """Sent into the client's own device, with sources that it doesn't have."""
    with two_clients() as (server, laptop, phone), sink_of(server) as sink:
        before = server.counters("laptop")["source"]
        target = server.inside[INET]
        lies = [packet(source, target, MARKER, SINK)
                for source in (*FOREIGN, phone.inside[INET])]
        with Raw(laptop.host, DEVICE) as raw:
            raw.send(lies)
        expect_only(sink, laptop)
        dropped = server.counters("laptop")["source"] - before
        diagnose(f"{dropped} of {len(lies)} dropped at the server")


def lies_of(server, phone):
    """Packets whose source isn't laptop's."""
    target, target6 = (server.inside[family]
                       for family in (INET, socket.AF_INET6))
    return [with_sums(packet(source, target, MARKER, SINK))
            for source in (*FOREIGN, phone.inside[INET])] + [
        packet6(source, target6, MARKER, SINK)
        for source in ("fd09::99", phone.inside[socket.AF_INET6])]


@case()
def client_that_says_what_it_likes_is_not_believed(_):
    """Foreign sources, before it has an address and with one, and packets
    that are none."""
    with BED.server(dead_after=30) as server, \
            BED.client(host=BED.hosts[1], name="phone",
                       dead_after=30) as phone, \
            FreeClient(BED, BED.hosts[0], "laptop") as free, \
            sink_of(server) as sink:
        lies = lies_of(server, phone)
        free.say(*lies)
        free.say(request())
        own = given_addresses(free.hear())
        free.say(*lies)
        good = with_sums(packet(own[0], server.inside[INET], b"honest", SINK))
        nonsense = (good[:30], b"\x45", b"\x60" + bytes(38),
                    b"\xf5" + good[1:], good[:2] + b"\xff\xff" + good[4:],
                    bytes(1))
        free.say(*nonsense, good)
        equal(received(sink), b"honest", "what came through")
        expect_only(sink, phone)
        counters = server.counters("laptop")
        equal((counters["source"], counters["malformed"]),
              (2 * len(lies), len(nonsense)), "counted")


@case()
def address_of_another_is_not_given(_):
    with two_clients() as (server, laptop, phone), \
            FreeClient(BED, BED.hosts[2], "tablet") as free:
        wanted = [phone.inside[family] for family in phone.inside]
        wanted = wanted[:2]
        free.say(request(*wanted))
        given = given_addresses(free.hear())
        taken = set(phone.inside.values()) | set(laptop.inside.values()) | \
            set(server.inside.values())
        equal(taken & set(given), set(), f"others' of {given}")
        with Ping(server, INET, phone.inside[INET]) as ping:
            ping.once()


@case()
def address_that_is_fixed_for_another_is_not_given(_):
    with BED.server(hosts={"phone": ["10.9.0.50", "fd09::50"]}), \
            FreeClient(BED, BED.hosts[2], "tablet") as free:
        free.say(request("10.9.0.50", "fd09::50"))
        given = given_addresses(free.hear())
        equal({"10.9.0.50", "fd09::50"} & set(given), set(), str(given))


@case()
def nonsense_of_a_client_changes_nothing(_):
    chance = random.Random(3)
    with BED.server(dead_after=30) as server, \
            FreeClient(BED, BED.hosts[0], "laptop") as free:
        free.say(request())
        free.hear()
        for kind in range(0x40):
            free.say(bytes([kind]) + chance.randbytes(1 + kind % 30))
        whole = request("10.9.0.77", "fd09::77")
        for cut in range(len(whole)):
            free.say(whole[:cut + 1])
        free.fence()
        with BED.client(host=BED.hosts[1], name="phone") as phone, \
                Ping(phone, INET, server.inside[INET]) as ping:
            ping.once()


def first_hello(tap):
    """The client's, without a cookie."""
    for payload in udp_payloads(tap.frames()):
        if payload[:1] == b"\x16" and payload[13] == 1:
            return payload
    raise AssertionError("no ClientHello")


def size(server):
    """Kilobytes, descriptors"""
    return int(server.status("VmRSS").split()[0]), server.descriptors()


@contextlib.contextmanager
def no_growth(server):
    before = size(server)
    yield
    after = size(server)
    diagnose(f"{before[0]} KiB before, {after[0]} after")
    equal(after[1], before[1], "descriptors")
    equal(after[0] - before[0] < NOISE, True, f"{before}, then {after}")


@contextlib.contextmanager
def overheard(host):
    """All that the router passes to and from @host."""
    end = BED.net.router
    end.device = f"to{host.number}"
    with Tap(end) as tap:
        yield tap


def come_and_go():
    """A client that is served: all that came before it was read."""
    with BED.client(host=BED.hosts[1], name="phone") as phone:
        equal(phone.stop(), 0, "exit status")


@case()
def hellos_without_a_cookie_cost_nothing(_):
    with BED.server(dead_after=30) as server:
        with overheard(BED.hosts[1]) as tap:
            come_and_go()
            hello = first_hello(tap)
        at = BED.server_host.address[INET]
        lies = [packet(source, at, text, source_port=4000 + number % 50000)
                for number, source in enumerate(sources(HELLOS // 2))
                for text in (hello, with_cookie(hello, bytes(range(20))))]
        with Raw(BED.hosts[2]) as raw:
            raw.send(lies[:1000])
            come_and_go()
            with no_growth(server):
                raw.send(lies)
                come_and_go()


def goodput(stream):
    begin = time.monotonic()
    stream.finish()
    return f"{BYTES / (time.monotonic() - begin) / 1e6:.2f} MB/s"


def records_of(tap, source):
    """Datagrams of data that @source has sent, of one record each."""
    found = []
    for frame in tap.frames():
        if frame[26:30] != socket.inet_aton(source) or frame[23] != 17:
            continue
        payload = udp_payloads([frame])[0]
        port = int.from_bytes(frame[34:36], "big")
        if payload[:1] == bytes([dtls12.APPLICATION_DATA]) and \
                len(payload) < 1480:
            found.append((port, payload))
    return found


def evil_packets(tap, source, server_host):
    """What was overheard, and what's made of it."""
    at = server_host.address[INET]
    seen = records_of(tap, source)
    port = seen[-1][0]
    replays = [payload for _, payload in seen[-200:]]
    made = list(forged(1, replays[-20:]))
    hellos = [b"\x16\xfe\xff" + bytes(8) + b"\0\x40" + bytes(64)]
    strangers = [packet(other, at, text) for other, text in zip(
        sources(len(made)), made + hellos)]
    return [packet(source, at, text, source_port=port)
            for text in replays + made] + strangers


@case(variants=(("kernel",), ("userspace",)))
def flood_of_forgeries_and_replays_stays_outside(variant):
    with BED.joined(dead_after=30, crypto=variant[0]) as (server, laptop):
        flow = Numbered(laptop.udp(INET), server.udp(INET))
        with overheard(BED.hosts[0]) as tap, contextlib.closing(flow):
            flow.send(100)
            flow.wait_for_all()
            quiet = goodput(Stream(laptop, server, INET, BYTES))
            evil = evil_packets(tap, BED.hosts[0].address[INET],
                                BED.server_host)
            with Raw(BED.hosts[2]) as raw:
                raw.send(evil)
                with no_growth(server), raw.flood(evil) as flood:
                    loud = goodput(Stream(laptop, server, INET, BYTES))
                    flow.send(100)
                    flow.take()
                    while not flood.sent:
                        flow.send(1)
                        flow.take()
            with Ping(laptop, INET, server.inside[INET]) as ping:
                ping.once()
            flow.take()
            flow.expect_none_twice()
        diagnose(f"goodput: {quiet} alone, {loud} with {flood.sent} forged "
                 "or replayed datagrams meanwhile")


@case()
def signal_for_a_report_ends_nothing(_):
    with BED.joined() as (server, laptop):
        for _ in range(20):
            server.tell(signal.SIGUSR1)
        with Ping(laptop, INET, server.inside[INET]) as ping:
            ping.once()
        equal(server.counters("laptop")["rx"] > 0, True, "received packets")


if __name__ == "__main__":
    with Bed(3) as BED:
        BED.ca.issue("tablet")
        main(nothing)
