#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The examples, over the kernel, against other DTLS implementations: each
suite in both roles, in a full and in a resumed handshake.

tests/interop/table makes a table of what passed.
"""

import contextlib
import os
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
from harness import case, equal, main_in_parallel  # noqa: E402
from loss import DATA, HANDSHAKE, Loss, some  # noqa: E402
from meeting import LINES, Files, Meeting, Place  # noqa: E402
from peers import PEERS  # noqa: E402
from suites import ONE_EACH, SUITES  # noqa: E402

WORKERS = 6
OTHERS = tuple(name for name in PEERS if name != "kdtls")
# Whom each of ours meets, and with which suites.
FULL = tuple(("kdtls", peer, str(suite))
             for peer in OTHERS for suite in SUITES if suite not in ONE_EACH)
RESUMED = tuple((ours, peer, str(suite)) for ours, peer in (
    *(("kdtls", peer) for peer in PEERS), ("kdtls-openssl-3.5", "openssl-3.5"))
    for suite in ONE_EACH)
LOSSY = tuple(("kdtls", peer, str(ONE_EACH[number]))
              for number, peer in enumerate(PEERS))
LOSSY_LINES = 8


def as_server(variants):
    return tuple(("server", *variant) for variant in variants)


def as_client(variants):
    return tuple(("client", *variant) for variant in variants)


def begin(meeting, client, resumed=False):
    meeting.peer.expect_connected(client, meeting.suite, resumed)
    meeting.expect_handed_over(meeting.server)


def begin_ours(meeting, client, resumed=False):
    client.expect("session resumed\n" if resumed else "new session\n")
    meeting.expect_handed_over(client)


def end(meeting, client):
    equal(meeting.peer.leave(client), 0, "exit status of the client")
    meeting.server.expect("closed, ")


def end_ours(meeting, client):
    meeting.leave(client)
    meeting.peer.expect_closed(meeting.server)


def expect_kernel_did_it(meeting, closes):
    answered = meeting.role == "server" or meeting.peer.answers_close
    meeting.expect_carried(closes=(closes, closes if answered else 0))
    meeting.expect_secret()


@case("A2 A19 B9", as_server(FULL))
def server_is_met(meeting):
    with meeting.peer.client(meeting, meeting.suite) as client:
        begin(meeting, client)
        meeting.talk(client)
        end(meeting, client)
    expect_kernel_did_it(meeting, 1)


@case("A2 A19 B9", as_client(FULL))
def client_meets(meeting):
    with meeting.our_client() as client:
        begin_ours(meeting, client)
        meeting.talk(client)
        end_ours(meeting, client)
    expect_kernel_did_it(meeting, 1)


@case("A2 A19 B9", as_server(RESUMED))
def server_is_met_and_met_again(meeting):
    peer, suite = meeting.peer, meeting.suite
    with peer.client(meeting, suite) as client:
        begin(meeting, client)
        meeting.talk(client)
        with peer.resume(client, meeting, suite) as again:
            meeting.server.expect("closed, ")
            begin(meeting, again, resumed=True)
            meeting.talk(again)
            end(meeting, again)
    expect_kernel_did_it(meeting, 2)


@case("A2 A19 B9", as_client(RESUMED))
def client_meets_and_meets_again(meeting):
    for resumed in False, True:
        with meeting.our_client() as client:
            begin_ours(meeting, client, resumed)
            meeting.talk(client)
            end_ours(meeting, client)
    expect_kernel_did_it(meeting, 2)


@contextlib.contextmanager
def handshake_losses(meeting):
    """The first datagram of each kind."""
    each = dict.fromkeys(HANDSHAKE, [0])
    with Loss(meeting.our_side, each), Loss(meeting.peer_side, each):
        yield


def talk_with_losses(meeting, client):
    to_ours, to_peer = (some(LOSSY_LINES // 3, LOSSY_LINES, seed)
                        for seed in (0, 1))
    forth, back = ((to_ours, to_peer) if meeting.role == "server"
                   else (to_peer, to_ours))
    with Loss(meeting.our_side, {DATA: to_ours}), \
            Loss(meeting.peer_side, {DATA: to_peer}):
        meeting.talk_with_losses(client, LOSSY_LINES, forth, back)


@case("A2 A16 A19 B9", as_server(LOSSY))
def server_is_met_though_each_datagram_is_lost_once(meeting):
    peer, suite = meeting.peer, meeting.suite
    with contextlib.ExitStack() as held:
        with handshake_losses(meeting):
            client = held.enter_context(peer.client(meeting, suite))
            begin(meeting, client)
        talk_with_losses(meeting, client)
        with handshake_losses(meeting):
            again = held.enter_context(peer.resume(client, meeting, suite))
            meeting.server.expect("closed, ")
            begin(meeting, again, resumed=True)
        talk_with_losses(meeting, again)
        end(meeting, again)
    expect_kernel_did_it(meeting, 2)


@case("A2 A16 A19 B9", as_client(LOSSY))
def client_meets_though_each_datagram_is_lost_once(meeting):
    for resumed in False, True:
        with contextlib.ExitStack() as held:
            with handshake_losses(meeting):
                client = held.enter_context(meeting.our_client())
                begin_ours(meeting, client, resumed)
                if meeting.peer.echoes:
                    meeting.knock(client)
            talk_with_losses(meeting, client)
            end_ours(meeting, client)
    expect_kernel_did_it(meeting, 2)


@case("A15", as_server(LOSSY))
def what_a_client_said_is_refused_again(meeting):
    """Its Finished, too: its number came before the hand-over."""
    with meeting.peer.client(meeting, meeting.suite) as client:
        begin(meeting, client)
        meeting.talk(client)
        equal(meeting.replay() > LINES, True, "Finished and lines")
        meeting.talk(client)
        end(meeting, client)
    expect_kernel_did_it(meeting, 1)


@case("A15", as_client(LOSSY))
def what_a_server_said_is_refused_again(meeting):
    with meeting.our_client() as client:
        begin_ours(meeting, client)
        meeting.talk(client)
        equal(meeting.replay() > LINES, True, "Finished and lines")
        meeting.talk(client)
        end_ours(meeting, client)
    expect_kernel_did_it(meeting, 1)


def same_server(role, ours, peer, suite):
    return role, ours, peer, next(s.key for s in SUITES if str(s) == suite)


if __name__ == "__main__":
    for known in PEERS.values():
        known.expect_version()
    with Files() as files:
        main_in_parallel(lambda: Place(files), Meeting, same_server, WORKERS)
