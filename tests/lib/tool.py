# SPDX-License-Identifier: GPL-2.0
"""kdtls: run in one side's namespace, and what it said."""

import contextlib
import json
import os
import subprocess
import tempfile
from typing import NamedTuple

import dtls12
import kdtls
from association import connected_pair
from harness import equal
from netns import TIMEOUT
from pki import Authority
from programs import BUILT, Program

BINARY = os.path.join(BUILT, "kdtls")
COMMANDS = ("status", "stat", "ss", "echo", "connect", "bench", "tunnel")
OK, USAGE, PERMISSION, REFUSED, NO_DTLS, NO_ANSWER, _, SYSTEM = range(8)
NOBODY = 65534


class Done(NamedTuple):
    """How it ended, and what it said."""
    status: int
    out: str
    err: str

    def json(self):
        equal((self.status, self.err), (OK, ""), "status, stderr")
        return json.loads(self.out)


def run(side, *words, given="", user=None, environment=None, out=None):
    """kdtls with @words in the namespace of @side."""
    with side.entered():
        done = subprocess.run(
            [BINARY, *words], input=given, text=True, user=user,
            extra_groups=None if user is None else [],
            stdout=out or subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=TIMEOUT, check=False,
            env={**os.environ, **(environment or {})})
    return Done(done.returncode, done.stdout, done.stderr)


def expect_line(done, status, *parts):
    """It ended so, with one line that has these parts, and nothing else."""
    equal(done.out, "", "stdout")
    lines = done.err.splitlines()
    equal(len(lines), 1, f"lines in {done.err!r}")
    equal(lines[0].startswith("kdtls"), True, f"its name begins {lines[0]!r}")
    equal([part for part in parts if part not in lines[0]], [],
          f"what isn't in {lines[0]!r}")
    equal(done.status, status, f"status, after {lines[0]!r}")


@contextlib.contextmanager
def credentials(pair):
    """A folder with ca.pem, those of a server and a client, and keys both know."""
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        authority.issue("server", [address for side in pair.sides
                                   for address in side.address.values()])
        authority.issue("client")
        authority.issue("elsewhere", ["elsewhere.example"])
        for name in ("psk", "other-psk"):
            with open(os.path.join(folder, name), "w",
                      encoding="ascii") as stream:
                stream.write(f"laptop {os.urandom(32).hex()}\n")
        # For whoever it's run as.
        os.chmod(folder, 0o755)
        yield folder


class Echo(Program):
    """kdtls echo, and the port it chose."""

    def __init__(self, side, *options):
        super().__init__(side, BINARY, "echo", "--port", "0", *options)
        event = self.expect("listening").split('"')
        self.port = event[-2].split()[-1] if "--json" in options else \
            event[0].partition(",")[0].split()[-1]


class Connection(Program):
    """kdtls connect: to side @target."""

    def __init__(self, side, target, family, port, *options, before=()):
        super().__init__(side, *before, BINARY, "connect", *options,
                         target.address[family], port)


class Ends:
    """Two sockets of this process's that the kernel does DTLS for, one a side,
    with keys that are known."""

    def __init__(self, pair, family, cipher="AES-256-GCM"):
        self.left, self.right = connected_pair(pair, family)
        kind = dtls12.CIPHERS[cipher]
        self.keys = [dtls12.Key(cipher, os.urandom(kind.key_len),
                                os.urandom(kind.iv_len), 1) for _ in "ab"]
        for sock, keys in ((self.left, self.keys),
                           (self.right, self.keys[::-1])):
            kdtls.attach(sock)
            kdtls.install(sock, kdtls.TLS_TX, keys[0])
            kdtls.install(sock, kdtls.TLS_RX, keys[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.left.close()
        self.right.close()

    def secrets(self):
        """Texts that nobody may print."""
        return [text for key in self.keys for part in (key.key, key.iv)
                for text in (part.hex(), part.hex(" "), part.hex(":"),
                             part.hex(":").upper(), str(list(part)),
                             part.decode("latin1"))]
