# SPDX-License-Identifier: GPL-2.0
"""Those whom the examples meet, one row each: how each is started in either
role, what it says, and how it resumes a session.

A client is told lines by standard input, and prints what comes back.
"""

import os
import subprocess

from harness import equal
from programs import BUILT, TOP, Program
from suites import SUITES, gnutls_priority

NEWER = os.path.join(TOP, "build", "tests", "interop", "newer")
MBEDTLS = os.path.join(TOP, "build", "tests", "interop", "mbedtls")
PSK = "00112233445566778899aabbccddeeff"
IDENTITY = "Client_identity"


def installed(program):
    """A program of the guest's own."""
    return [program]


def newer(program):
    """One of the newer Debian's, or ours with its libraries."""
    library = os.path.join(NEWER, "lib", "x86_64-linux-gnu")
    if not program.startswith(TOP):
        program = os.path.join(NEWER, "bin", program)
    return [os.path.join(library, "ld-linux-x86-64.so.2"),
            "--library-path", library, program]


def host_port(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Peer:
    """@run: which of the programs of that name, as installed() has it."""

    # Its server sends back what it gets, by itself.
    echoes = True
    # And answers a close_notify.
    answers_close = True

    def __init__(self, name, run=installed):
        self.name, self.run = name, run
        self.version = name.rpartition("-")[2]

    def expect_version(self):
        """That of its name, whatever Debian's fixes have added to it."""
        said = self.says_version()
        equal(said.startswith(self.version + "."), True,
              f"version {said} of {self.name}")

    def version_line(self, *words):
        return subprocess.run([*self.run(words[0]), *words[1:]], check=True,
                              capture_output=True,
                              text=True).stdout.partition("\n")[0]

    def start(self, side, program, *words):
        return Program(side, *self.run(program), *words)

    @staticmethod
    def answer(_server, _line):
        """The server sends the line back that it gets."""

    @staticmethod
    def expect_closed(server):
        """That a client has left, if the server says so."""


class OpenSSL(Peer):
    """openssl s_client and s_server"""

    echoes = False

    def says_version(self):
        return self.version_line("openssl", "version").split()[1]

    def client(self, meeting, suite):
        return self._connect(meeting, suite, "-sess_out")

    def _connect(self, meeting, suite, session_option):
        words = ["-psk", PSK] if suite.key == "PSK" else []
        return self.start(
            meeting.peer_side, "openssl", "s_client", "-dtls1_2",
            "-connect", host_port(*meeting.server_at), "-cipher",
            suite.openssl, "-verify_return_error", "-CAfile", meeting.ca,
            session_option, meeting.session, *words)

    def resume(self, client, meeting, suite):
        self.leave(client)
        return self._connect(meeting, suite, "-sess_in")

    @staticmethod
    def expect_connected(client, suite, resumed):
        name = suite.openssl.partition(":")[0]
        client.expect(f"{'Reused' if resumed else 'New'}, TLSv1.2, "
                      f"Cipher is {name}\n")
        client.expect("    Extended master secret: ")
        client.expect("---\n")

    @staticmethod
    def leave(client):
        client.say("Q\n")
        return client.end()

    def server(self, meeting, port):
        """Any suite."""
        rsa, ecdsa = meeting.certificates["RSA"], meeting.certificates["ECDSA"]
        server = self.start(
            meeting.peer_side, "openssl", "s_server", "-dtls1_2", "-accept",
            host_port(meeting.peer_address, port),
            "-cipher", "ALL:PSK:@SECLEVEL=0", "-psk", PSK,
            "-cert", rsa.cert, "-key", rsa.key,
            "-dcert", ecdsa.cert, "-dkey", ecdsa.key)
        server.expect("ACCEPT")
        return server

    @staticmethod
    def answer(server, line):
        server.expect(line)
        server.say(line)

    @staticmethod
    def expect_closed(server):
        server.expect("DONE\n")


class GnuTLS(Peer):
    """gnutls-cli and gnutls-serv"""

    answers_close = False

    def says_version(self):
        return self.version_line("gnutls-cli", "--version").split()[1]

    def client(self, meeting, suite):
        address, port = meeting.server_at
        return self.start(
            meeting.peer_side, "gnutls-cli", "--udp", "--inline-commands",
            "--x509cafile", meeting.ca, "--priority", suite.gnutls,
            "--pskusername", IDENTITY, "--pskkey", PSK, "-p", port, address)

    @staticmethod
    def resume(client, _meeting, _suite):
        """The same program, which leaves by itself before."""
        client.say("^resume^\n")
        return client

    @staticmethod
    def expect_connected(client, suite, resumed):
        client.expect(f"({suite.aead.name.upper()})\n")
        if resumed:
            client.expect("*** This is a resumed session\n")
        else:
            client.expect("- Simple Client Mode:\n")

    @staticmethod
    def leave(client):
        client.close_input()
        return client.end()

    def server(self, meeting, port):
        words = []
        for certificate in meeting.certificates.values():
            words += ["--x509certfile", certificate.cert,
                      "--x509keyfile", certificate.key]
        server = self.start(
            meeting.peer_side, "gnutls-serv", "--udp", "--echo", "--port",
            port, "--disable-client-cert", "--pskpasswd", meeting.psk_file,
            "--priority", gnutls_priority(SUITES), *words)
        server.expect("listening on IPv4")
        server.expect("listening on IPv6")
        return server


class MbedTLS(Peer):
    """tests/interop/peers/mbedtls.c"""

    def says_version(self):
        return self.version_line(MBEDTLS, "--version")

    def client(self, meeting, suite):
        address, port = meeting.server_at
        return self.start(
            meeting.peer_side, MBEDTLS, "client", "--ca", meeting.ca,
            "--psk", PSK, "--suite", suite.mbedtls,
            "--session", meeting.session, address, port)

    def resume(self, client, meeting, suite):
        self.leave(client)
        return self.client(meeting, suite)

    @staticmethod
    def expect_connected(client, suite, resumed):
        client.expect(f"connected: {suite.mbedtls}, "
                      f"{'resumed' if resumed else 'new session'}\n")

    @staticmethod
    def leave(client):
        client.close_input()
        client.expect("closed\n")
        return client.end()

    def server(self, meeting, port):
        words = []
        for certificate in meeting.certificates.values():
            words += ["--cert", certificate.both]
        server = self.start(
            meeting.peer_side, MBEDTLS, "server", *words, "--psk", PSK,
            meeting.peer_address, port)
        server.expect("listening\n")
        return server

    @staticmethod
    def expect_closed(server):
        server.expect("closed\n")


class Kdtls(Peer):
    """The examples of userspace/, over the kernel"""

    def expect_version(self):
        """They are built from this tree."""

    def client(self, meeting, suite):
        return self.connect(meeting.peer_side, meeting, suite)

    def connect(self, side, meeting, suite):
        words = ["--psk", PSK] if suite.key == "PSK" else []
        if suite.short_tag:
            words.append("--allow-ccm8")
        return self.start(
            side, os.path.join(BUILT, "client"), "--ca", meeting.ca,
            "--cipher", suite.openssl, "--session", meeting.session, "--stdin",
            "--timeout", "60", *words, *meeting.server_at)

    def resume(self, client, meeting, suite):
        self.leave(client)
        return self.client(meeting, suite)

    @staticmethod
    def expect_connected(client, suite, resumed):
        client.expect("session resumed\n" if resumed else "new session\n")
        client.expect(f": {suite.aead.name}, keys are in the kernel: ")

    @staticmethod
    def leave(client):
        client.close_input()
        return client.end()

    def server(self, meeting, port):
        return self.listen(meeting.peer_side, meeting, port,
                           meeting.peer_address, meeting.key)

    def listen(self, side, meeting, port, address, key):
        certificate = meeting.certificates["ECDSA" if key == "ECDSA"
                                           else "RSA"]
        server = self.start(
            side, os.path.join(BUILT, "echo-server"), "--cert",
            certificate.cert, "--key", certificate.key, "--psk", PSK,
            "--cipher", "ALL:PSK:@SECLEVEL=0", "--allow-ccm8", "--address",
            address, "--port", port)
        server.expect("listening on")
        return server

    @staticmethod
    def expect_closed(server):
        server.expect("closed, ")


PEERS = {peer.name: peer for peer in (
    OpenSSL("openssl-3.0"),
    OpenSSL("openssl-3.5", newer),
    GnuTLS("gnutls-3.7"),
    GnuTLS("gnutls-3.8", newer),
    MbedTLS("mbedtls-3.6"),
    Kdtls("kdtls"),
)}
# Ours, which meets them.
OURS = {ours.name: ours for ours in (
    Kdtls("kdtls"),
    Kdtls("kdtls-openssl-3.5", newer),
)}
