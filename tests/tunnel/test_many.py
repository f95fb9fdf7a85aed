#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Fifty clients of one server, five of them on each host."""

import contextlib
import ipaddress
import os
import socket
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
from harness import case, equal, main  # noqa: E402
from netns import readable  # noqa: E402
from traffic import Numbered, Ping, transfer  # noqa: E402
from tunnel import Bed, Client, Tunnel  # noqa: E402

INET, INET6 = socket.AF_INET, socket.AF_INET6
FAMILIES = INET, INET6
CLIENTS = 50
HOSTS = 10
AT_ONCE = 5
FIXED = {"host-7": ["10.9.0.200", "fd09::200"],
         "host-8": ["10.9.0.9"]}


@contextlib.contextmanager
def nothing(*variant):
    yield variant


class Starting(Client):
    """Connected only when connected() was called."""

    def __init__(self, *given):  # pylint: disable=super-init-not-called
        Tunnel.__init__(self, *given)
        self.inside = {}


@contextlib.contextmanager
def clients(server_options):
    """A few at a time are started, then waited for."""
    with contextlib.ExitStack() as held:
        server = held.enter_context(BED.server(hosts=FIXED,
                                               **server_options))
        ends = []
        for number in range(CLIENTS):
            device = f"kdtls{number // HOSTS}"
            ends.append(held.enter_context(Starting(
                BED.hosts[number % HOSTS], BED.client_config(
                    INET, f"host-{number}", dead_after=60, device=device),
                device)))
            if not (number + 1) % AT_ONCE:
                for end in ends[-AT_ONCE:]:
                    end.connected()
        yield server, ends


@case()
def all_have_addresses_of_their_own(_):
    for family, network in ((INET, "10.9.0.0/24"), (INET6, "fd09::/64")):
        had = [ipaddress.ip_address(end.inside[family]) for end in ENDS]
        equal(len(set(had)), CLIENTS, "addresses")
        equal(all(address in ipaddress.ip_network(network)
                  for address in had), True, str(had))
        equal(ipaddress.ip_address(SERVER.inside[family]) in had, False,
              "the server's own")


@case()
def those_with_fixed_addresses_have_theirs(_):
    for name, addresses in FIXED.items():
        end = ENDS[int(name.partition("-")[2])]
        equal([address in end.inside.values() for address in addresses],
              [True] * len(addresses), name)


@case(variants=(("ipv4", INET), ("ipv6", INET6)))
def all_ping_the_server(variant):
    with contextlib.ExitStack() as held:
        pings = [held.enter_context(Ping(end, variant[1],
                                         SERVER.inside[variant[1]]))
                 for end in ENDS]
        for ping in pings:
            ping.send()
        for ping in pings:
            readable(ping.sock, "a reply")
            equal(ping.replies(), [1], "replies")


@case()
def server_reaches_each(_):
    for end in ENDS:
        flow = Numbered(SERVER.udp(INET), end.udp(INET))
        with contextlib.closing(flow):
            flow.send(1)
            flow.wait_for_all()


@case()
def one_that_leaves_and_comes_back_has_its_address(_):
    left = ENDS[3]
    had = dict(left.inside)
    equal(left.stop(), 0, "exit status")
    SERVER.expect("host-3: closed\n")
    with BED.client(host=left.host, name="host-3") as again:
        equal(again.inside, had, "addresses")


@case()
def streams_of_several_cross(_):
    for end in ENDS[8:12]:
        transfer(end, SERVER, INET, 100000)


@case()
def the_same_name_again_takes_the_place_of_the_first(_):
    """Nobody else may have it, as nobody else has the key."""
    first = ENDS[20]
    host = ENDS[3].host
    with BED.client(host=host, name="host-20") as second:
        equal(second.inside, first.inside, "addresses")
        with Ping(second, INET, SERVER.inside[INET]) as ping:
            ping.once()


if __name__ == "__main__":
    with Bed(HOSTS) as BED:
        for count in range(CLIENTS):
            BED.ca.issue(f"host-{count}")
        with clients({"dead_after": 60}) as (SERVER, ENDS):
            main(nothing)
