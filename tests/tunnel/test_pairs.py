#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A server and a client, joined over IPv4 and IPv6, by certificates and by a
key that both know, with the crypto in the kernel and in userspace."""

import contextlib
import os
import socket
import sys
import tempfile

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import kdtls  # noqa: E402
from harness import case, equal, main  # noqa: E402
from netns import Tap  # noqa: E402
from traffic import MARKER, Numbered, Ping, transfer  # noqa: E402
from tunnel import Bed, DEVICE, received  # noqa: E402

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
INNER = tuple(FAMILIES.values())
KERNEL, USERSPACE = "kernel", "userspace"
# Outside; how they know each other; the server's crypto, the client's.
PAIRS = (
    ("ipv4", "certificates", KERNEL, KERNEL),
    ("ipv6", "certificates", KERNEL, KERNEL),
    ("ipv4", "key", KERNEL, KERNEL),
    ("ipv6", "key", USERSPACE, USERSPACE),
    ("ipv4", "certificates", USERSPACE, USERSPACE),
    ("ipv4", "certificates", KERNEL, USERSPACE),
    ("ipv6", "certificates", USERSPACE, KERNEL),
)
COUNT = 30
BYTES = 100000


@contextlib.contextmanager
def pair(*variant):
    """A test's own server and client."""
    outside, known, server, client = variant or PAIRS[0]
    with BED.joined(FAMILIES[outside], psk=known == "key",
                    server={"crypto": server},
                    client={"crypto": client}) as ends:
        yield ends


def records(host):
    """That the kernel has made and opened there."""
    with host.entered():
        counters = kdtls.namespace_stats()
    return counters["tx_records"], counters["rx_delivered"]


def numbered(source, sink, family):
    flow = Numbered(source.udp(family), sink.udp(family))
    with contextlib.closing(flow):
        flow.send(COUNT)
        flow.wait_for_all()


def cross(server, client):
    """All kinds of packets, both ways, in both families."""
    for family in INNER:
        with Ping(client, family, server.inside[family]) as ping:
            ping.once()
        with Ping(server, family, client.inside[family]) as ping:
            ping.once()
        for source, sink in ((client, server), (server, client)):
            numbered(source, sink, family)
            transfer(source, sink, family, BYTES)


@case(variants=PAIRS)
def packets_cross_both_ways(variant):
    hosts = BED.server_host, BED.hosts[0]
    before = [records(host) for host in hosts]
    with pair(*variant) as (server, client), Tap(router_end()) as tap:
        cross(server, client)
        equal(any(MARKER in frame for frame in tap.frames()), False,
              "plaintext on the wire")
    for host, crypto, was in zip(hosts, variant[2:], before):
        now = records(host)
        worked = all(a > b + 4 * COUNT for a, b in zip(now, was))
        equal(worked if crypto == KERNEL else now == was, True,
              f"records of {crypto}: {was}, then {now}")


def router_end():
    """Where all pass."""
    end = BED.net.router
    end.device = f"to{BED.server_host.number}"
    return end


@case()
def a_stream_crosses_in_batches(_):
    """What's longer than the device's packets is many records in one."""
    with pair() as (server, client), Tap(router_end()) as tap:
        transfer(client, server, socket.AF_INET, 4 * BYTES)
        transfer(server, client, socket.AF_INET6, 4 * BYTES)
        frames = tap.frames()
    long = sum(len(frame) > 3000 for frame in frames)
    equal(long > 10, True, f"{long} of {len(frames)} frames carry several")


@case()
def root_is_dropped(_):
    with pair() as ends:
        for end in ends:
            equal("0" in end.status("Uid").split(), False, "is root")
            equal("0" in end.status("Gid").split(), False, "is root's group")
            for which in "CapEff", "CapPrm", "CapInh":
                equal(int(end.status(which), 16), 0, which)
            equal(end.status("NoNewPrivs"), "1", "NoNewPrivs")


@case()
def service_manager_is_told_when_it_is_ready(_):
    """As sd_notify(3) does, by whoever the program has become."""
    with tempfile.TemporaryDirectory() as folder, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        path = os.path.join(folder, "notify")
        manager.bind(path)
        os.chmod(folder, 0o755)
        os.chmod(path, 0o777)
        os.environ["NOTIFY_SOCKET"] = path
        try:
            with pair():
                for _ in "server", "client":
                    equal(received(manager, "a message"), b"READY=1")
        finally:
            del os.environ["NOTIFY_SOCKET"]


def has_device(host):
    with host.entered(), open("/proc/thread-self/net/dev",
                              encoding="ascii") as stream:
        return f"{DEVICE}:" in stream.read()


@case(variants=(("server",), ("client",)))
def closing_is_told_to_the_other_end(variant):
    with pair() as (server, client):
        if variant[0] == "client":
            equal(client.stop(), 0, "exit status")
            server.expect("laptop: closed\n")
        else:
            equal(server.stop(), 0, "exit status")
            client.expect("the server closed")
            equal(client.stop(), 0, "exit status")
        for end in (server, client):
            alive = end.process.poll() is None
            equal(has_device(end.host), alive, "device")


@case()
def device_has_addresses_mtu_and_routes(_):
    with BED.joined(server={"server": {"route": "10.77.0.0/16"}}) as (_, far):
        with far.host.entered():
            shown = os.popen(f"ip address show {DEVICE}; ip route").read()
    for wanted in (f"mtu {far.mtu} ", f"inet {far.inside[socket.AF_INET]}/24",
                   f"inet6 {far.inside[socket.AF_INET6]}/64",
                   f"10.77.0.0/16 dev {DEVICE}"):
        equal(wanted in shown, True, f"{wanted} in {shown}")


@contextlib.contextmanager
def given(*variant):
    yield variant


if __name__ == "__main__":
    with Bed() as BED:
        main(given)
