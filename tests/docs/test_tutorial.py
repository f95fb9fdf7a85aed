#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The tutorial works as it stands: its programs are built and its commands typed,
in order, with openssl s_server as the peer; the counters and messages that it
tells of come. So does the program of dtls(7).
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

# pylint: disable=wrong-import-position
import examples  # noqa: E402
from harness import case, diagnose, equal, main  # noqa: E402
from programs import BUILT, TOP, Program  # noqa: E402

PAGE = "Documentation/networking/dtls-tutorial.rst"
SUITE = "ECDHE-ECDSA-AES128-SHA256"
STAT = "/proc/net/dtls_stat"
COMMANDS = [line for block in examples.blocks("sh", names=[PAGE])
            for line in block.text.splitlines()]


def page():
    with open(os.path.join(TOP, PAGE), encoding="utf-8") as stream:
        return stream.read()


def files():
    """name -> text: a block of code is the file named last before it."""
    text = page()
    found = {}
    for position, language, block in examples.find(PAGE, text):
        if language in ("c", "python"):
            name = re.findall(r"``([\w-]+\.(?:c|py))``", text[:position])[-1]
            found[name] = examples.Block(PAGE, 0, language, block).text
    return found


class Here:
    """The namespace that we're in, for programs.Program."""

    @staticmethod
    def entered():
        return contextlib.nullcontext()


class Reader:
    """Somebody who does what the page says."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        os.chdir(self.folder)
        for name, text in files().items():
            with open(name, "w", encoding="utf-8") as stream:
                stream.write(text)

    @staticmethod
    def command(part):
        """The one command of the page that has @part."""
        (line,) = [line for line in COMMANDS if part in line]
        return line

    def type(self, part):
        """It, to its end; what it said."""
        done = subprocess.run(["bash", "-c", self.command(part)], text=True,
                              stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            diagnose(done.stdout)
        equal(done.returncode, 0, part)
        return done.stdout

    def start(self, part, *more):
        """It, with its terminal in our hands."""
        return Program(Here, "bash", "-c",
                       " ".join(["exec", self.command(part), *more]))

    @contextlib.contextmanager
    def server(self, *more):
        with self.start(" s_server ", *more) as server:
            while not subprocess.run(
                    ["ip", "netns", "exec", "peer", "ss", "-Huln",
                     "sport = :4433"], check=True,
                    capture_output=True).stdout:
                equal(server.process.poll(), None, "server's end")
            yield server
            # sudo hands it on.
            server.process.terminate()
            server.end()


def counters():
    with open(STAT, encoding="ascii") as stream:
        return {name: int(value) for name, value in
                (line.split() for line in stream)}


def moved(before):
    return {name: value - before[name] for name, value in counters().items()
            if value != before[name]}


def talk(client, server):
    """A line each way."""
    client.say("good morning\n")
    server.expect("good morning\n")
    server.say("and to you\n")
    client.expect("and to you\n")


READER = Reader()


def places():
    """What of the library is used here -> where make install puts it. That
    would take a good part of the time; tests/packages tests it."""
    found = {os.path.join(BUILT, name): f"/usr/local/lib/{name}" for library in
             ("kdtls", "kdtls-core") for name in (f"lib{library}.so.0",
                                                  f"lib{library}.so")}
    for name in ("kdtls.pc", "kdtls-core.pc"):
        found[os.path.join(BUILT, name)] = f"/usr/local/lib/pkgconfig/{name}"
    found[os.path.join(BUILT, "kdtls")] = "/usr/local/bin/kdtls"
    for name in ("userspace/include/kdtls.h", "userspace/include/kdtls-core.h",
                 "include/uapi/linux/dtls.h"):
        found[os.path.join(TOP, name)] = "/usr/local/include/" + \
            name.partition("include/")[2].removeprefix("uapi/")
    return found


@case()
def library_is_installed(_):
    for source, place in places().items():
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy(source, place)
    subprocess.run(["ldconfig"], check=True)


@case()
def peer_is_set_up(_):
    for part in ("netns add", "link add", "address add 192.0.2.1",
                 "address add 192.0.2.2", " req "):
        READER.type(part)


@case()
def step_1_talks_and_the_kernel_does_nothing(_):
    READER.type("gcc -o talk ")
    before = counters()
    with READER.server() as server, READER.start("./talk ") as client:
        talk(client, server)
        client.close_input()
        equal(client.end(), 0)
    equal(moved(before), {})


@case()
def step_2_says_what_is_missing_without_the_module(_):
    READER.type("gcc -o talk-kernel ")
    subprocess.run(["modprobe", "-r", "dtls_sim", "dtls"], check=True)
    with READER.server(), READER.start("./talk-kernel ") as client:
        equal(client.end(), 1)
        said(client)
    READER.type("modprobe dtls")


def said(client):
    """A line that the page's table has."""
    line = client.said.decode().partition(": ")[2].strip()
    equal(f"   * - {line}\n" in page(), True, f"{line!r} in the page")


@case()
def step_2_says_so_where_the_suite_is_no_aead(_):
    with READER.server("-cipher", SUITE) as server, \
            READER.start("./talk-kernel ") as client:
        equal(client.end(), 1)
        said(client)
        del server


@case("A13")
def step_2_talks_through_the_kernel_and_refuses_a_replay(_):
    before = counters()
    with READER.server() as server, \
            READER.start("./talk-kernel ") as client:
        talk(client, server)
        shown = READER.type("grep -w -e DtlsCurrAttached")
        equal(dict(line.split() for line in shown.splitlines()),
              {"DtlsCurrAttached": "1",
               "DtlsTxRecords": str(before["DtlsTxRecords"] + 1),
               "DtlsRxDelivered": str(before["DtlsRxDelivered"] + 1)})
        equal(re.findall(r"\S+:4433", READER.type("kdtls ss")),
              ["192.0.2.2:4433"])
        with READER.start("replay.py") as replay:
            replay.expect("waiting for a record\n")
            server.say("once\n")
            replay.expect("sent again\n")
            equal(replay.end(), 0)
        client.expect("once\n")
        server.say("twice\n")
        client.expect("twice\n")
        equal(client.said.count(b"once"), 1)
        equal(READER.type("DtlsRxReplayed").split(),
              ["DtlsRxReplayed", str(before["DtlsRxReplayed"] + 1)])
        client.close_input()
        equal(client.end(), 0)
    # A line and close_notify; three lines.
    equal(moved(before), {"DtlsTxRecords": 2, "DtlsRxDelivered": 3,
                          "DtlsRxReplayed": 1})


@case()
def step_3_gives_a_file_in_batches(_):
    READER.type("gcc -o give ")
    before = counters()
    with open("cert.pem", encoding="ascii") as stream:
        text = stream.read()
    with READER.server() as server:
        READER.type("./give ")
        for line in text.splitlines():
            server.expect(f"{line}\n")
    # A record each 1024 bytes, and close_notify
    equal(moved(before), {"DtlsTxRecords": -(-len(text) // 1024) + 1})


@case()
def program_of_dtls_7_runs(_):
    (block,) = [block for block in examples.blocks(
        "c", names=["Documentation/man/dtls.7"])
        if "int main" in block.text]
    with open("pair.c", "w", encoding="utf-8") as stream:
        stream.write(block.text)
    subprocess.run(["gcc", "-o", "pair", "pair.c"], check=True)
    equal(subprocess.run(["./pair"], check=True, text=True,
                         capture_output=True).stdout, "hello, 1 record\n")


@case()
def all_is_taken_away(_):
    READER.type("netns del")
    equal(os.path.exists("/run/netns/peer"), False)
    for place in places().values():
        os.unlink(place)
    subprocess.run(["ldconfig"], check=True)


@case()
def no_command_was_left_out(_):
    with open(os.path.realpath(__file__), encoding="utf-8") as stream:
        test = stream.read()
    parts = re.findall(r'(?:type|start)\("([^"]+)"|for part in \(([^)]*)\)',
                       test)
    parts = [part for one, several in parts
             for part in [one, *re.findall(r'"([^"]+)"', several)] if part]
    left = [line for line in COMMANDS
            if not any(part in line for part in parts)]
    equal(left, [])


if __name__ == "__main__":
    main()
