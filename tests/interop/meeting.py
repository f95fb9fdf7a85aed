# SPDX-License-Identifier: GPL-2.0
"""One of ours and one peer, one suite; and where they meet."""

import contextlib
import os
import re
import socket
import tempfile

import dtls12
import kdtls
from flows import flows, is_protected, send_frames
from harness import diagnose, equal
from netns import Pair, Tap, readable
from peers import IDENTITY, OURS, PEERS, PSK
from programs import Certificate
from suites import SUITES

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
KEYS = {"RSA": ["rsa:2048"],
        "ECDSA": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}
MARKER = "a line that nobody on the way may read"
LONG = 1000
LINES = 4
PORT = "4433"
_NEXT = re.compile(r"next number (\d+)")


class Files:
    """What all meetings read: made once, by whoever starts them."""

    def __init__(self):
        self.held = contextlib.ExitStack()
        # Addresses are the same in each pair.
        pair = Pair()
        self.certificates = {
            name: self.held.enter_context(Certificate(pair, newkey))
            for name, newkey in KEYS.items()}
        self.folder = self.held.enter_context(tempfile.TemporaryDirectory())
        self.ca = self._write("ca.pem", *self.certificates.values())
        self.psk = os.path.join(self.folder, "psk")
        with open(self.psk, "w", encoding="ascii") as stream:
            stream.write(f"{IDENTITY}:{PSK}\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.held.close()

    def _write(self, name, *certificates):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as whole:
            for certificate in certificates:
                with open(certificate.cert, encoding="ascii") as stream:
                    whole.write(stream.read())
        return path


class Place:
    """A pair of namespaces, in which one meeting takes place after another.
    The server of one stays for the next if that wants the same."""

    def __init__(self, files):
        self.files = files
        self.pair = Pair()
        self.server, self.server_is = None, None

    def __enter__(self):
        self.pair.__enter__()
        return self

    def __exit__(self, *_):
        self.end_server()
        self.pair.__exit__()

    def end_server(self):
        if self.server:
            self.server.__exit__()
        self.server, self.server_is = None, None

    def server_for(self, wanted, start):
        if self.server_is != wanted:
            self.end_server()
            self.server, self.server_is = start(), wanted
        return self.server


class Meeting:
    """Ours is on the right; what its kernel's counters say proves who made
    the records."""

    def __init__(self, place, role, ours, peer, suite):
        self.place, self.role = place, role
        self.ours, self.peer = OURS[ours], PEERS[peer]
        self.suite = next(s for s in SUITES if str(s) == suite)
        self.key = self.suite.key
        self.files = place.files
        self.certificates = self.files.certificates
        self.ca, self.psk_file = self.files.ca, self.files.psk
        self.our_side, self.peer_side = place.pair.right, place.pair.left
        self.family = FAMILIES[family_of(self.suite)]
        self.peer_address = self.peer_side.address[self.family]
        self.our_address = self.our_side.address[self.family]
        self.before = self.counters()
        self.firsts = []
        self.sent = self.received = self.replayed = 0

    def __enter__(self):
        self.held = contextlib.ExitStack()
        folder = self.held.enter_context(tempfile.TemporaryDirectory())
        self.session = os.path.join(folder, "session")
        wanted = (self.role, self.ours, self.peer, self.family, self.key)
        self.server = self.place.server_for(wanted, self._serve)
        self.tap = Tap(self.peer_side)
        return self

    def __exit__(self, kind, *_):
        if kind:
            # Whatever state it's in.
            self.place.end_server()
            diagnose("\n".join(map(str, flows(self.tap.frames()).values())))
        self.tap.close()
        self.held.close()

    def _serve(self):
        if self.role == "server":
            return self.ours.listen(self.our_side, self, PORT,
                                    self.our_address, self.key)
        return self.peer.server(self, PORT)

    @property
    def server_at(self):
        return (self.our_address if self.role == "server"
                else self.peer_address), PORT

    @property
    def server_flow(self):
        address, port = self.server_at
        return address, int(port)

    def counters(self):
        with self.our_side.entered():
            return kdtls.namespace_stats()

    def our_client(self):
        return self.ours.connect(self.our_side, self, self.suite)

    def expect_handed_over(self, program):
        """Ours says that the kernel has the keys of the suite's AEAD."""
        said = program.expect(f": {self.suite.aead.name}, keys are in the "
                              "kernel: epoch 1, ")
        self.firsts.append(int(_NEXT.match(said)[1]))

    def talk(self, client):
        """Each line goes to the server and comes back."""
        for number in range(LINES):
            line = f"{number}: {MARKER}"
            if number == LINES - 1:
                line = line.ljust(LONG, ".")
            client.say(line + "\n")
            self._answer(line + "\n")
            client.expect(line + "\n")
        self._count(LINES, LINES, LINES, LINES)

    def _answer(self, line):
        if self.role == "client":
            self.peer.answer(self.server, line)

    def talk_with_losses(self, client, count, to_server, to_client):
        """The lines of these numbers are lost, those that come back numbered
        by themselves: each is waited for on the wire, which all have seen."""
        answers = 0
        forth, back = self._data_seen()
        for number in range(count):
            line = f"{number}: {MARKER}\n"
            client.say(line)
            self._wait_for_data(forth + number + 1, back)
            if number in to_server:
                continue
            self._answer(line)
            answers += 1
            self._wait_for_data(forth, back + answers)
            if answers - 1 not in to_client:
                client.expect(line)
        came = sum(number not in to_client for number in range(answers))
        self._count(count, answers, answers, came)

    def knock(self, client):
        """Says a line until it comes back: what reaches a server before the
        last flight it may drop, and it says by its timer that it missed that.
        """
        line = "are you there?\n"
        answers, finished = self._server_said()
        seen = answers, finished
        while seen[0] == answers:
            client.say(line)
            finished = seen[1]
            while seen == (answers, finished):
                readable(self.tap.sock, "an answer, or the server's timer")
                seen = self._server_said()
        # Behind all lines that did reach it.
        client.say("so you are\n")
        client.expect("so you are\n")

    def _server_said(self):
        """Records of data, and Finished."""
        said = [flow for flow in flows(self.tap.frames()).values()
                if flow.source == self.server_flow]
        return tuple(sum(flow.count(kind) for flow in said) for kind in (
            dtls12.APPLICATION_DATA, dtls12.HANDSHAKE))

    def _wait_for_data(self, forth, back):
        while True:
            seen = self._data_seen()
            if seen[0] >= forth and seen[1] >= back:
                return
            readable(self.tap.sock, f"{seen} of {(forth, back)} records")

    def _data_seen(self):
        """Records of data that were sent to the server, and to clients."""
        seen = flows(self.tap.frames()).values()
        to_server = [flow.target == self.server_flow for flow in seen]
        return tuple(sum(flow.count(dtls12.APPLICATION_DATA) for flow, to in zip(seen, to_server)
                         if to == which) for which in (True, False))

    def _count(self, asked, reached, answered, came):
        """Of the lines and answers, what ours sent and what ours received."""
        sent, received = ((answered, reached) if self.role == "server"
                          else (asked, came))
        self.sent += sent
        self.received += received

    def leave(self, client):
        """Ours, and waits for the answer if there will be one."""
        if self.peer.answers_close:
            equal(self.ours.leave(client), 0, "exit status of the client")
            return
        before = self._alerts_seen()
        client.close_input()
        while self._alerts_seen() == before:
            readable(self.tap.sock, "close_notify on the wire")

    def _alerts_seen(self):
        return sum(flow.count(dtls12.ALERT)
                   for flow in flows(self.tap.frames()).values()
                   if flow.target == self.server_flow)

    def replay(self):
        """All that the peer said under its keys, once more, beside the tap."""
        mac = bytes.fromhex(self.peer_side.mac.replace(":", ""))
        frames = [frame for frame in self.tap.frames()
                  if frame[6:12] == mac and is_protected(frame)]
        self.tap.close()
        send_frames(self.peer_side, frames)
        self.tap, seen = Tap(self.peer_side), self.tap.seen
        self.tap.seen = seen
        self.replayed = sum(len(flow.protected())
                            for flow in flows(frames).values())
        return self.replayed

    def expect_carried(self, closes):
        """The kernel made and opened what the tap saw, and refused nothing;
        of closing alerts there were at least @closes each way, (out, in)."""
        now = self.counters()
        moved = {name: now[name] - self.before[name] for name in kdtls.STATS}
        out, into = self._directions()
        made = sum(flow.made_from(first)
                   for flow, first in zip(out, self.firsts))
        equal((len(out), moved["tx_records"]), (len(self.firsts), made),
              "connections and records of the kernel's")
        equal(made >= self.sent + closes[0], True, "lines and an alert out")
        self._expect_opened(moved, into, self.received + closes[1])
        others = dict.fromkeys(set(kdtls.STATS) - {
            "tx_records", "rx_delivered", "rx_wrong_epoch", "rx_epoch0"}, 0)
        others["rx_replayed"] = self.replayed
        equal({name: moved[name] for name in others}, others,
              "other counters")

    @staticmethod
    def _expect_opened(moved, into, least):
        """What else came were the peer's Finished, as often as its timer made
        it say that; OpenSSL got at least one of them."""
        most = sum(len(flow.protected()) for flow in into) - len(into)
        equal(least <= moved["rx_delivered"] <= most, True,
              f"{moved['rx_delivered']} opened of {least} to {most}")
        clear = sum(len(flow.clear()) for flow in into)
        equal(moved["rx_wrong_epoch"] + moved["rx_epoch0"] <= clear, True,
              "records in the clear")

    def _directions(self):
        """Flows from ours and flows to ours."""
        seen = flows(self.tap.frames()).values()
        for flow in seen:
            flow.expect_no_number_twice()
        return ([flow for flow in seen if flow.source[0] == self.our_address],
                [flow for flow in seen if flow.target[0] == self.our_address])

    def expect_secret(self):
        frames = self.tap.frames()
        equal(len(frames) >= self.sent + self.received, True, "frames were captured")
        equal(any(MARKER.encode() in frame for frame in frames), False,
              "plaintext on the wire")


def family_of(suite):
    """Both are met, and none of them by one suite only."""
    return "ipv6" if suite.key == "RSA" else "ipv4"
