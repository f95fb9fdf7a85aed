#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Over a way that loses, reorders and repeats datagrams: what arrives is right,
in a stream all does, and nothing arrives twice."""

import contextlib
import json
import os
import socket
import subprocess
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
from harness import case, diagnose, equal, main  # noqa: E402
from netns import readable  # noqa: E402
from programs import Program  # noqa: E402
from traffic import Numbered, Ping, transfer  # noqa: E402
from tunnel import Bed  # noqa: E402

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
# Each way is crossed once: 2 % are lost, and so on.
NETEM = "delay 2ms loss 2% reorder 25% 50% duplicate 2%"
WELL = "delay 2ms"
PINGS = 200
COUNT = 600
WINDOW = 50
BYTES = 300000
SECONDS = 2


@contextlib.contextmanager
def ends(*variant):
    yield variant


def expect_some_arrived(came, sent):
    """A share of what isn't lost by 2 % each way, far from its mean."""
    equal(sent * 0.85 <= came <= sent, True, f"{came} of {sent} came")


@case(variants=(("ipv4",), ("ipv6",)))
def pings_come_back_once(variant):
    family = FAMILIES[variant[0]]
    server, client = JOINED
    came = []
    with Ping(client, family, server.inside[family]) as ping:
        for _ in range(PINGS):
            ping.send()
            came += ping.replies()
        came += the_rest(ping)
    diagnose(f"{len(came)} of {PINGS} replies")
    equal(len(came), len(set(came)), "replies, each once")
    expect_some_arrived(len(set(came) & set(range(1, PINGS + 1))), PINGS)


def the_rest(ping):
    """Replies are all there once a later one is: of one that isn't lost."""
    came, last = [], set()
    while not last & set(came):
        last |= {ping.send() for _ in range(4)}
        readable(ping.sock, "the last replies")
        came += ping.replies()
    return came


def exchange(source, sink, family):
    """Windows of datagrams; the next one goes out when half of one has come."""
    flow = Numbered(source.udp(family), sink.udp(family))
    with contextlib.closing(flow):
        for begin in range(0, COUNT, WINDOW):
            flow.send(WINDOW)
            while sum(number >= begin for number in flow.seen) < WINDOW // 2:
                readable(flow.sink, "half of a window")
                flow.take()
        flow.expect_none_twice()
        return len(flow.seen)


@case(variants=(("ipv4",), ("ipv6",)))
def datagrams_arrive_once(variant):
    for source, sink in (JOINED, reversed(JOINED)):
        came = exchange(source, sink, FAMILIES[variant[0]])
        expect_some_arrived(came + WINDOW // 2, COUNT + WINDOW // 2)


@case(variants=(("ipv4",), ("ipv6",)))
def streams_arrive_whole(variant):
    server, client = JOINED
    transfer(client, server, FAMILIES[variant[0]], BYTES)
    transfer(server, client, FAMILIES[variant[0]], BYTES)


def degrade(how):
    BED.net.degrade(how, hosts=[BED.server_host, BED.hosts[0]])


def iperf(family, *options, meanwhile=lambda _: None):
    server, client = JOINED
    address = server.inside[FAMILIES[family]]
    with Program(server.host, "iperf3", "--server", "--one-off",
                 "--forceflush", "--bind", address) as listener:
        listener.expect("Server listening")
        with client.host.entered():
            # pylint: disable=consider-using-with
            sender = subprocess.Popen(
                ["iperf3", "--client", address, "--time", str(SECONDS),
                 "--json", *options], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE)
        with sender:
            meanwhile(sender)
            said, _ = sender.communicate()
            equal(sender.returncode, 0, said)
        equal(listener.end(), 0, "exit status of iperf3")
    said = json.loads(said)
    equal(said.get("error"), None, "iperf3's error")
    return said["end"]


@case(variants=(("ipv4",), ("ipv6",)))
def iperf3_measures_a_stream(variant):
    said = iperf(*variant)
    sent, came = (said[f"sum_{which}"]["bytes"]
                  for which in ("sent", "received"))
    diagnose(f"{came} bytes in {SECONDS} s")
    equal(0 < came <= sent, True, f"{came} of {sent} bytes came")


@case(variants=(("ipv4",), ("ipv6",)))
def iperf3_measures_datagrams(variant):
    """iperf3 says hello by one datagram, and never again: nothing is lost before
    those come that it counts."""
    server, _ = JOINED
    before = server.counters()["rx"]

    def lose(sender):
        while sender.poll() is None and server.counters()["rx"] < before + 50:
            pass
        degrade(NETEM)

    degrade(WELL)
    said = iperf(*variant, "--udp", "--bitrate", "2M", "--length", "1200",
                 meanwhile=lose)["sum"]
    diagnose(f"{said['lost_packets']} of {said['packets']} packets lost")
    equal(said["packets"] > 50, True, "packets")
    equal(said["lost_percent"] < 15, True, "percentage lost")


@case()
def counters_tell_what_came(_):
    server, client = JOINED
    before = server.counters(), client.counters()
    came = exchange(client, server, socket.AF_INET)
    after = server.counters(), client.counters()
    received = after[0]["rx"] - before[0]["rx"]
    sent = after[1]["tx"] - before[1]["tx"]
    equal(sent >= COUNT - WINDOW, True, f"{sent} sent")
    equal(came <= received <= sent, True, f"{received} received")
    equal((after[0]["source"], after[0]["malformed"]), (0, 0), "dropped")


if __name__ == "__main__":
    with Bed() as BED, BED.joined(dead_after=30) as JOINED:
        degrade(NETEM)
        main(ends)
