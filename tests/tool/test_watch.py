#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""kdtls status, stat and ss: what they tell is what there is, to those who may
know it, and never a key."""

import contextlib
import ctypes
import json
import os
import pty
import socket
import struct
import subprocess
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import kdtls  # noqa: E402
from harness import case, equal, main  # noqa: E402
from netns import Pair  # noqa: E402
from programs import Program  # noqa: E402
from tool import (BINARY, NO_DTLS, NOBODY, OK, PERMISSION, USAGE,  # noqa: E402
                  Connection, Echo, Ends, expect_line, run)

INET, INET6 = socket.AF_INET, socket.AF_INET6
SO_COOKIE = 57
PR_SET_NAME = 15
CIPHERS = ("AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305", "AES-128-CCM",
           "AES-256-CCM", "AES-128-CCM-8", "AES-256-CCM-8")


def left(*words, **named):
    return run(PAIR.left, *words, **named)


def modprobe(*words):
    subprocess.run(["modprobe", *words], check=True)


@contextlib.contextmanager
def no_module():
    # The card's driver, which other tests leave behind, uses it.
    modprobe("-r", "dtls_sim", "dtls")
    try:
        yield
    finally:
        modprobe("dtls")


def cookie_of(sock):
    return struct.unpack("=Q", sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE,
                                               8))[0]


def text_of(address):
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listed(side, *words, **named):
    """{local address: socket}"""
    return {sock["local"]: sock
            for sock in run(side, "ss", "--json", *words, **named).json()}


def loaded():
    return os.path.exists("/sys/module/dtls")


@case()
def machine_without_the_module_is_told_to_load_it(_):
    with no_module():
        done = left("status", "--json")
        text = left("status")
        for words in (("stat",), ("stat", "-w"), ("stat", "--port", "1"),
                      ("ss",), ("echo",), ("bench", "192.0.2.2"),
                      ("connect", "192.0.2.2", "4433")):
            expect_line(left(*words), NO_DTLS, "modprobe dtls")
            expect_line(left(*words, user=NOBODY), NO_DTLS, "modprobe dtls")
        # To ask is no reason to load it.
        equal(loaded(), False, "the module is there")
    found = json.loads(done.out)
    equal((done.status, done.err, found["ready"], found["hook"]),
          (NO_DTLS, "", False, None))
    equal(found["dtls"], {"loaded": False, "available": True,
                          "version": None})
    equal([one["how"] for one in found["missing"] if one["needed"]],
          ["modprobe dtls"])
    equal((text.status, text.out.splitlines()[-1]), (NO_DTLS, "not ready"))


@case(variants=((None,), (NOBODY,)))
def machine_with_the_module_is_ready(variant):
    found = left("status", "--json", user=variant[0]).json()
    equal((found["ready"], found["hook"], found["kernel"]),
          (True, "module", os.uname().release))
    equal(found["dtls"]["loaded"], True)
    equal(tuple(cipher["name"] for cipher in found["ciphers"]), CIPHERS)
    equal([cipher for cipher in found["ciphers"] if not cipher["driver"]], [])
    equal([one for one in found["missing"] if one["needed"]], [])
    text = left("status", user=variant[0])
    equal((text.status, text.err), (OK, ""))
    equal(text.out.splitlines()[-1], "ready")
    equal([name for name in CIPHERS if name not in text.out], [])


@case()
def drivers_are_those_of_the_kernel(_):
    """As /proc/crypto has them, in its own words."""
    with open("/proc/crypto", encoding="ascii") as stream:
        known = {line.split(":", 1)[1].strip() for line in stream
                 if line.startswith("driver")}
    drivers = {cipher["driver"] for cipher in
               left("status", "--json").json()["ciphers"]}
    equal(drivers - known, set())


@case()
def status_counts_the_sockets_of_its_namespace(_):
    with Ends(PAIR, INET):
        equal(left("status", "--json").json()["sockets"], 1)
        right = left("status", "--json", "--net", PAIR.right.name).json()
        equal(right["sockets"], 1)
    equal(left("status", "--json").json()["sockets"], 0)


@contextlib.contextmanager
def card():
    """A simulated one, on the way from left to right; its name."""
    modprobe("dtls_sim")
    device, name = PAIR.left.device, "card0"
    address = PAIR.left.address[INET]
    PAIR.left.ip(f"link add link {device} name {name} type dtls_sim",
                 f"link set {name} up", f"addr del {address}/24 dev {device}",
                 f"addr add {address}/24 dev {name}",
                 f"neigh replace {PAIR.right.address[INET]} lladdr "
                 f"{PAIR.right.mac} dev {name} nud permanent")
    try:
        yield name
    finally:
        PAIR.left.ip(f"link del {name}", f"addr add {address}/24 dev {device}",
                     f"neigh replace {PAIR.right.address[INET]} lladdr "
                     f"{PAIR.right.mac} dev {device} nud permanent")


@case()
def card_and_what_it_does_are_told(_):
    with card() as name, Ends(PAIR, INET, "AES-128-GCM"):
        found = left("status", "--json").json()["cards"]
        text = left("status").out
        sock = left("ss", "--json").json()[0]
        line = left("ss").out.splitlines()[1]
    equal([(one["device"], one["tx"], one["tx_keys"]) for one in found],
          [(name, True, 1)])
    equal(f"{name}: encrypts yes, 1 keys" in text, True, text)
    equal((sock["tx_place"], sock["rx_place"]), ("HW", "HW"))
    equal("HW/HW" in line, True, line)


@case(variants=((INET,), (INET6,)))
def socket_is_listed_as_it_is(variant):
    with Ends(PAIR, *variant) as ends:
        for number in range(3):
            kdtls.send(ends.left, b"%d" % number)
            kdtls.receive(ends.right)
        found = left("ss", "--json").json()
        text = left("ss").out.splitlines()
        names = ends.left.getsockname(), ends.left.getpeername()
        cookie = f"sk:{cookie_of(ends.left):x}"
        inode = os.fstat(ends.left.fileno()).st_ino
        counted = kdtls.stats(ends.left)
    equal(len(found), 1)
    sock = found[0]
    equal((sock["local"], sock["peer"]), tuple(map(text_of, names)))
    equal((sock["cookie"], sock["inode"], sock["uid"]), (cookie, inode, 0))
    equal((sock["tx_cipher"], sock["rx_cipher"]), ("AES-256-GCM",) * 2)
    equal((sock["tx_place"], sock["rx_place"]), ("SW", "SW"))
    equal((sock["tx"]["epoch"], sock["tx"]["next"], sock["tx"]["records"]),
          (1, 3, 3))
    equal([(key["epoch"], key["window_bits"]) for key in sock["rx"]],
          [(1, 1024)])
    equal(sock["stats"], counted)
    equal(len(text), 2)
    for part in (sock["local"], sock["peer"], "AES-256-GCM", "1/1", "SW/SW",
                 "root", str(inode), cookie):
        equal(part in text[1].split(), True, part)


@case()
def socket_without_keys_is_listed_without(_):
    one, other = PAIR.left.udp(INET), PAIR.right.udp(INET)
    with one, other:
        one.connect(other.getsockname())
        kdtls.attach(one)
        sock = left("ss", "--json").json()[0]
        line = left("ss").out.splitlines()[1].split()
    equal((sock["tx_cipher"], sock["tx"], sock["rx"], sock["tx_place"]),
          ("none", None, [], "-"))
    equal(line[2:6], ["none", "-/-", "-", "-/-"])


@case()
def sockets_are_chosen_by_port_and_by_cookie(_):
    with Ends(PAIR, INET) as one, Ends(PAIR, INET6) as other:
        equal(len(left("ss", "--json").json()), 2)
        port = one.left.getsockname()[1]
        cookie = cookie_of(other.left)
        by_port = left("ss", "--json", "--port", str(port)).json()
        equal([sock["local"] for sock in by_port],
              [text_of(one.left.getsockname())])
        for written in (f"sk:{cookie:x}", f"{cookie:#x}", str(cookie)):
            by_cookie = left("ss", "--json", "--cookie", written).json()
            equal([sock["local"] for sock in by_cookie],
                  [text_of(other.left.getsockname())])


@case()
def hundreds_of_sockets_are_listed_once_each(_):
    """In more than one message of netlink."""
    with contextlib.ExitStack() as stack:
        cookies = []
        for _ in range(150):
            ends = stack.enter_context(Ends(PAIR, INET))
            cookies.append(f"sk:{cookie_of(ends.left):x}")
        found = [sock["cookie"] for sock in left("ss", "--json").json()]
    equal(sorted(found), sorted(cookies))


@case()
def users_see_their_own_sockets_and_root_sees_all(_):
    with Echo(PAIR.right) as server, \
            Connection(PAIR.left, PAIR.right, INET, server.port, "--insecure",
                       before=("setpriv", "--reuid", str(NOBODY),
                               "--clear-groups")) as client, \
            Ends(PAIR, INET) as ends:
        client.say("x\n")
        client.expect("x\n")
        roots = text_of(ends.left.getsockname())
        theirs, = set(listed(PAIR.left)) - {roots}
        equal(listed(PAIR.left)[theirs]["uid"], NOBODY)
        equal(set(listed(PAIR.left, user=NOBODY)), {theirs})
        equal(set(listed(PAIR.left, user=NOBODY - 1)), set())
        equal(left("ss", user=NOBODY - 1).status, OK)
        done = left("stat", "--port", roots.split(":")[1], user=NOBODY)
        expect_line(done, USAGE, "kdtls ss")


@case()
def processes_of_a_socket_are_named(_):
    """Whatever they call themselves."""
    libc = ctypes.CDLL(None)
    with open("/proc/self/comm", encoding="ascii") as stream:
        before = stream.read().strip().encode()
    with Ends(PAIR, INET) as ends:
        libc.prctl(PR_SET_NAME, b"a\033[31m\"\\\xe4", 0, 0, 0)
        try:
            text = left("ss", "-p").out
            found = left("ss", "-p", "--json").json()[0]["processes"]
        finally:
            libc.prctl(PR_SET_NAME, before, 0, 0, 0)
        mine = [one for one in found if one["pid"] == os.getpid()]
        equal([one["fd"] for one in mine], [ends.left.fileno()])
    equal(mine[0]["name"], "a\033[31m\"\\\ufffd")
    equal("\033" in text, False, text)
    equal(f"pid={os.getpid()},fd=" in text, True, text)


@case()
def no_command_tells_a_key(_):
    with Ends(PAIR, INET) as ends:
        cookie = f"sk:{cookie_of(ends.left):x}"
        kdtls.send(ends.left, b"x")
        secrets = ends.secrets()
        for words in (("ss", "-e", "-p"), ("ss", "-e", "-p", "--json"),
                      ("stat", "--cookie", cookie), ("status", "--json"),
                      ("stat", "--cookie", cookie, "--json")):
            done = left(*words)
            equal(done.status, OK, done)
            equal([secret for secret in secrets
                   if secret in done.out + done.err], [], words)


@case()
def counters_are_those_of_the_namespace(_):
    with Ends(PAIR, INET) as ends:
        kdtls.send(ends.left, b"x")
        kdtls.receive(ends.right)
        found = run(PAIR.right, "stat", "--json").json()
        elsewhere = left("stat", "--net", PAIR.right.name, "--json").json()
        with PAIR.right.entered():
            expected = kdtls.namespace_stats()
        text = run(PAIR.right, "stat").out
    equal({name: found[name] for name in kdtls.STATS},
          {name: expected[name] for name in kdtls.STATS})
    equal((found["sockets"], found["tx_keys"], found["rx_keys"]), (1, 1, 1))
    equal(elsewhere, found)
    shown = dict(line.split()[:2] for line in text.splitlines())
    equal({name: int(value) for name, value in shown.items()}, found)


@case()
def counters_of_a_socket_are_its_own(_):
    with Ends(PAIR, INET) as ends, Ends(PAIR, INET):
        for _ in range(3):
            kdtls.send(ends.left, b"x")
        port = str(ends.left.getsockname()[1])
        for words in (("--port", port),
                      ("--cookie", str(cookie_of(ends.left)))):
            found = left("stat", *words, "--json").json()
            equal(found["tx_records"], 3)
            equal({name: found[name] for name in kdtls.STATS},
                  kdtls.stats(ends.left))


@case()
def port_of_several_sockets_is_not_enough(_):
    with Echo(PAIR.right) as server, contextlib.ExitStack() as stack:
        for _ in range(2):
            client = stack.enter_context(Connection(
                PAIR.left, PAIR.right, INET, server.port, "--insecure"))
            client.say("x\n")
            client.expect("x\n")
        expect_line(run(PAIR.right, "stat", "--port", server.port), USAGE,
                    "2 sockets", "--cookie")


def watched(watch):
    """The next line of stat -w --json."""
    return json.loads(watch.line())


@case()
def live_rates_add_up_to_what_was_carried(_):
    records = 20
    before = left("stat", "--json").json()["tx_records"]
    with Echo(PAIR.right) as server, \
            Connection(PAIR.left, PAIR.right, INET, server.port,
                       "--insecure") as client, \
            Program(PAIR.left, BINARY, "stat", "-w", "0.2", "--json") as watch:
        moved = 0
        watched(watch)
        for number in range(records):
            client.say(f"line {number}\n")
            client.expect(f"line {number}\n")
        while True:
            one = watched(watch)
            moved += one["rates"]["tx_records"] * one["seconds"]
            if one["total"]["tx_records"] - before >= records:
                break
        equal(one["sockets"], 1)
        # Rates have three digits after the point.
        equal(abs(moved - records) < 0.5, True, moved)


@case()
def live_drops_are_told_with_their_reasons(_):
    plain, attached = PAIR.left.udp(INET), PAIR.right.udp(INET)
    with plain, attached:
        plain.connect(attached.getsockname())
        attached.connect(plain.getsockname())
        kdtls.attach(attached)
        ends = Ends(PAIR, INET)
        kdtls.install(attached, kdtls.TLS_RX, ends.keys[0])
        with ends, Program(PAIR.right, BINARY, "stat", "-w", "0.2",
                           "--cookie", str(cookie_of(attached))) as watch:
            watch.expect("dropped/s")
            plain.send(b"no record")
            # Who reads is who finds out.
            equal(kdtls.receive_all(attached), [])
            watch.expect("rx_malformed 1\n")


@case()
def watch_ends_when_its_lines_are_told(_):
    done = left("stat", "-w0.1", "-n", "3")
    equal((done.status, done.err), (OK, ""))
    equal(len(done.out.splitlines()), 4)


@case()
def watch_of_a_socket_ends_with_it(_):
    with Ends(PAIR, INET) as ends:
        watch = Program(PAIR.left, BINARY, "stat", "-w", "0.1", "--port",
                        str(ends.left.getsockname()[1]))
        with watch:
            watch.expect("dropped/s")
            ends.left.close()
            equal(watch.end(), OK)
            equal(b"closed" in watch.said, True, watch.said)


@case()
def namespace_is_entered_by_root_alone(_):
    expect_line(left("stat", "--net", PAIR.right.name, user=NOBODY),
                PERMISSION, "root")


def on_terminal(*words, **environment):
    """What it says there."""
    here, there = pty.openpty()
    with PAIR.left.entered():
        done = subprocess.run([BINARY, *words], stdin=there, stdout=there,
                              check=True, env={**os.environ, "TERM": "xterm",
                                               **environment})
    equal(done.returncode, 0)
    os.close(there)
    said = b""
    # Linux says EIO where nobody holds the other end any more.
    with contextlib.suppress(OSError):
        while data := os.read(here, 65536):
            said += data
    os.close(here)
    return said


@case()
def colours_are_for_terminals_that_want_them(_):
    for words in (("status",), ("stat",), ("ss",)):
        equal("\033" in left(*words, environment={"TERM": "xterm"}).out,
              False, words)
        equal(b"\033" in on_terminal(*words, NO_COLOR="1"), False, words)
        equal(b"\033" in on_terminal(*words, TERM="dumb"), False, words)
        equal(b"\033" in on_terminal(*words, "--json"), False, words)
    equal(b"\033[32mready" in on_terminal("status"), True)
    equal(b"\033[1mLocal" in on_terminal("ss", NO_COLOR=""), True)


if __name__ == "__main__":
    with Pair() as PAIR:
        main()
