#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What changes while a tunnel stands: keys, addresses, the server's life. What
goes through it doesn't notice."""

import contextlib
import errno
import os
import signal
import socket
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
from harness import case, equal, main  # noqa: E402
from traffic import Numbered, Stream  # noqa: E402
from tunnel import PORT, Bed, Server  # noqa: E402

BYTES = 600000
WINDOW = 16
# How often, for each crypto: the shortest interval is ten seconds.
REKEYS = ("kernel", 2), ("userspace", 1)
HEADERS = 20 + 8
# Seconds of silence before a server forgets who only looks for another way.
PATIENT = 30
# Not in Python's socket module.
IP_MTU_DISCOVER, IP_PMTUDISC_DO = 10, 2
DIRECTIONS = ("to the server",), ("to the client",)


@contextlib.contextmanager
def ends(*variant):
    yield variant


@contextlib.contextmanager
def numbered(source, sink, family=socket.AF_INET):
    flow = Numbered(source.udp(family), sink.udp(family))
    with contextlib.closing(flow):
        yield flow


@case(variants=REKEYS)
def rekeying_loses_no_packet_and_repeats_none(variant):
    with BED.joined(crypto=variant[0], rekey=10) as (server, client), \
            numbered(client, server) as up, \
            numbered(server, client, socket.AF_INET6) as down:
        for _ in range(variant[1]):
            while not client.has_said("new keys"):
                exchange(up, down)
            exchange(up, down)
        equal(server.has_said("gone silent"), False, "silence")


def exchange(*flows):
    """A window of each is under way at a time, in both directions."""
    for flow in flows:
        flow.send(WINDOW)
    for flow in flows:
        flow.wait_for_all()


def stream_of(ends, direction):
    server, client = ends
    pair = (client, server) if direction == "to the server" else (
        server, client)
    return Stream(*pair, socket.AF_INET, BYTES)


@case(variants=((signal.SIGTERM,), (signal.SIGKILL,)))
def stream_survives_that_the_server_is_started_again(variant):
    config = BED.server_config(socket.AF_INET)
    with Server(BED.server_host, config) as server, BED.client() as client:
        stream = stream_of((server, client), "to the server")
        stream.pump(BYTES // 3)
        server.tell(*variant)
        server.end()
        with Server(BED.server_host, config):
            client.connected_again()
            stream.finish()


@case(variants=DIRECTIONS)
def stream_survives_that_the_client_moves(variant):
    with BED.joined(dead_after=PATIENT) as (server, client):
        stream = stream_of((server, client), *variant)
        stream.pump(BYTES // 3)
        client.host.move(9)
        try:
            equal(server.expect("laptop: moved to ").split()[0],
                  client.host.address[socket.AF_INET], "where to")
            stream.finish()
        finally:
            client.host.move(2)


def translation(port, to):
    """Of a router between that has given the client's port a number of its
    own; stateless, so that when it changes is ours to say."""
    return {"forward": [f"udp sport {port} udp dport {PORT}"
                        f" udp sport set {to}",
                        f"udp sport {PORT} udp dport {to}"
                        f" udp dport set {port}"]}


@case(variants=DIRECTIONS)
def stream_survives_that_a_router_gives_another_port(variant):
    with BED.joined(dead_after=PATIENT) as (server, client):
        port = server.expect("laptop: connected from ").split()[2].rstrip(":")
        stream = stream_of((server, client), *variant)
        stream.pump(BYTES // 3)
        BED.net.filter(translation(port, 50001))
        try:
            # By a fresh handshake from where it is, as for any fresh keys.
            server.expect("laptop: new keys")
            stream.finish()
        finally:
            BED.net.filter(None)


@case()
def client_that_is_silent_is_found_gone_and_comes_back(_):
    with BED.joined() as (server, client):
        BED.net.filter({"forward": ["drop"]})
        try:
            server.expect("laptop: gone silent")
            client.expect("no answer from ")
        finally:
            BED.net.filter(None)
        client.connected_again()
        with numbered(client, server) as flow:
            exchange(flow)


@case()
def stream_survives_a_smaller_route(_):
    with BED.joined() as (server, client):
        stream = stream_of((server, client), "to the client")
        stream.pump(BYTES // 3)
        with narrow(1300):
            stream.finish()
            other = stream_of((server, client), "to the server")
            other.finish()


@contextlib.contextmanager
def narrow(mtu, silent=False):
    """The router forwards no longer packets, and says so, or doesn't."""
    hosts = BED.server_host, BED.hosts[0]
    route(hosts, f"mtu lock {mtu}")
    if silent:
        BED.net.filter({"output": [
            "icmp type destination-unreachable drop",
            "icmpv6 type packet-too-big drop"]})
    try:
        yield
    finally:
        route(hosts, "")
        BED.net.filter(None)


def route(hosts, options):
    """In place of those that came with the addresses."""
    lines = []
    for host in hosts:
        four, six = (host.address[family] for family in (
            socket.AF_INET, socket.AF_INET6))
        lines += [f"route replace {network} dev to{host.number} {options}"
                  for network in (
                      four.rpartition(".")[0] + ".0/24",
                      six.rpartition("::")[0] + "::/64 metric 256")]
    BED.net.router.ip(*lines)


@case(variants=((False, "ipv4"), (True, "ipv4"), (True, "ipv6")))
def client_finds_what_a_narrow_way_carries(variant):
    silent, outside = variant
    family = socket.AF_INET6 if outside == "ipv6" else socket.AF_INET
    with narrow(1300, silent), BED.joined(family) as (server, client):
        equal(1100 <= client.mtu <= 1300, True, f"MTU {client.mtu}")
        for direction, in DIRECTIONS:
            stream_of((server, client), direction).finish()


@case()
def device_that_is_given_an_mtu_keeps_it(_):
    # On a host that hasn't heard of narrow ways.
    with BED.joined(mtu=1300, client={"host": BED.hosts[1],
                                      "name": "phone"}) as (server, client):
        equal(client.mtu, 1300, "MTU")
        with numbered(client, server) as flow:
            flow.source.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER,
                                   IP_PMTUDISC_DO)
            flow.send(1, 1300 - HEADERS)
            flow.wait_for_all()
            try:
                flow.send(1, 1300 - HEADERS + 1)
            except OSError as error:
                equal(error.errno, errno.EMSGSIZE, "of a longer one")
            else:
                raise AssertionError("a packet above the MTU was taken")


if __name__ == "__main__":
    with Bed(2) as BED:
        main(ends)
