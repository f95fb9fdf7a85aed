# SPDX-License-Identifier: GPL-2.0
"""Programs that talk to each other over the veth pair, and their output."""

import os
import select
import subprocess
import tempfile

from netns import TIMEOUT, Timeout

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILT = os.path.join(TOP, "build", "userspace")


class Ended(Exception):
    """A program ended before it said what was expected."""


class Program:
    """A program in one side's namespace, its stdin and stdout in our hands."""

    def __init__(self, side, *words):
        self.words = words
        self.said = b""
        self.read_to = 0
        # A child begins in the namespace of the thread that made it.
        with side.entered():
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, bufsize=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def say(self, text):
        self.process.stdin.write(text.encode())

    def close_input(self):
        self.process.stdin.close()

    def expect(self, text):
        """Wait until it says @text, after what was expected before; the
        rest of that line."""
        wanted = text.encode()
        while True:
            found = self.said.find(wanted, self.read_to)
            end = self.said.find(b"\n", found + len(wanted))
            if found >= 0 and (end >= 0 or wanted.endswith(b"\n")):
                break
            self._read(text)
        start = found + len(wanted)
        end = start if wanted.endswith(b"\n") else end + 1
        self.read_to = end
        return self.said[start:end].decode().strip()

    def line(self):
        """The next whole line after what was expected before."""
        start = self.read_to
        while (end := self.said.find(b"\n", start)) < 0:
            self._read("a line")
        self.read_to = end + 1
        return self.said[start:end].decode()

    def _read(self, wanted):
        out = self.process.stdout
        if not select.select([out], [], [], TIMEOUT)[0]:
            raise Timeout(self._story(wanted))
        data = out.read(65536)
        if not data:
            raise Ended(self._story(wanted))
        self.said += data

    def end(self):
        """Wait for its end; the exit status."""
        try:
            self.said += self.process.stdout.read()
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired as error:
            raise Timeout(self._story("its end")) from error

    def _story(self, wanted):
        said = self.said.decode(errors="replace")
        return f"{self.words}: waited for {wanted!r}; it said:\n{said}"


class Certificate:
    """A self-signed certificate of both sides' addresses, in files."""

    def __init__(self, pair, newkey=("rsa:2048",)):
        """@newkey: what openssl req is told of the key to make."""
        # pylint: disable=consider-using-with
        self.folder = tempfile.TemporaryDirectory()
        self.cert = os.path.join(self.folder.name, "cert.pem")
        self.key = os.path.join(self.folder.name, "key.pem")
        names = ",".join(f"IP:{address}" for side in pair.sides
                         for address in side.address.values())
        subprocess.run(
            ["openssl", "req", "-x509", "-nodes", "-newkey", *newkey,
             "-subj", "/CN=kdtls", "-addext", f"subjectAltName={names}",
             "-days", "2", "-keyout", self.key, "-out", self.cert],
            check=True, capture_output=True)
        # One file for those who want it so.
        self.both = os.path.join(self.folder.name, "both.pem")
        with open(self.both, "wb") as both:
            for part in (self.cert, self.key):
                with open(part, "rb") as stream:
                    both.write(stream.read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


def echo_server(side, family, certificate, *options):
    """The example server of userspace/, and the port it chose."""
    server = Program(side, os.path.join(BUILT, "echo-server"),
                     "--cert", certificate.cert, "--key", certificate.key,
                     "--address", side.address[family], "--port", "0",
                     *options)
    return server, server.expect("listening on").rpartition(" ")[2]


def client(side, target, family, port, certificate, *options):
    """The example client of userspace/, to a server on side @target."""
    return Program(side, os.path.join(BUILT, "client"),
                   "--ca", certificate.cert, *options,
                   target.address[family], port)
