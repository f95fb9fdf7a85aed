#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""kdtls: its command line, its echo server and client, its benchmark, its
completion, its manual page."""

import json
import os
import re
import signal
import socket
import subprocess
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
TOP = os.path.realpath(os.path.join(TESTS, ".."))
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
from harness import case, equal, main  # noqa: E402
from netns import TIMEOUT, Pair  # noqa: E402
from programs import BUILT, Program  # noqa: E402
from tool import (BINARY, COMMANDS, NO_ANSWER, NO_DTLS, NOBODY,  # noqa: E402
                  OK, PERMISSION, REFUSED, SYSTEM, USAGE, Connection, Echo,
                  credentials, expect_line, run)

INET, INET6 = socket.AF_INET, socket.AF_INET6
FAMILIES = {"ipv4": INET, "ipv6": INET6}
PAGE = os.path.join(TOP, "Documentation", "man", "kdtls.8")
COMPLETION = os.path.join(TOP, "userspace", "tool", "completion.bash")
OPTION = re.compile(r"^  (?:-(\w), |    )--([\w-]+)", re.M)
# As bash-completion calls it: the words so far are the arguments.
COMPLETE = """
. /usr/share/bash-completion/bash_completion
. "$COMPLETION"
COMP_LINE="$*" COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
COMP_POINT=${#COMP_LINE}
_kdtls kdtls
printf '%s\\n' "${COMPREPLY[@]}"
"""


def left(*words, **named):
    return run(PAIR.left, *words, **named)


def path(name):
    return os.path.join(FOLDER, name)


def serve(*options):
    """With a certificate that the client's ca.pem knows."""
    return Echo(PAIR.right, "--cert", path("server.pem"), "--key",
                path("server.key"), *options)


def options_of(command):
    """[(letter, name)] that its help has."""
    return OPTION.findall(left("help", command).out)


@case()
def help_names_each_command(_):
    text = left("help").out
    equal([name for name in COMMANDS if f"\n  {name} " not in text], [])
    equal([left(word).out for word in ("--help", "-h")], [text, text])


@case(variants=tuple((name,) for name in COMMANDS if name != "tunnel"))
def help_of_a_command_is_the_same_wherever_it_is_asked_for(variant):
    name, = variant
    asked = left("help", name)
    equal((asked.status, asked.err), (OK, ""))
    equal(asked.out.startswith(f"usage: kdtls {name}"), True)
    equal([left(name, word).out for word in ("--help", "-h")],
          [asked.out, asked.out])


@case()
def manual_page_has_each_command_and_option(_):
    with open(PAGE, encoding="utf-8") as stream:
        page = stream.read().replace("\\-", "-").replace("\\fR", "")
    for command in COMMANDS:
        equal(f".SS kdtls {command}\n" in page, True, command)
        for letter, name in options_of(command):
            equal(f"--{name}" in page, True, f"--{name} of {command}")
            equal(not letter or re.search(rf"-{letter}\b", page) is not None,
                  True, f"-{letter} of {command}")


@case()
def manual_page_has_each_exit_status(_):
    with open(PAGE, encoding="utf-8") as stream:
        section = stream.read().partition(".SH EXIT STATUS\n")[2]
    numbers = re.findall(r"^\.B (\d)$", section.partition(".SH ")[0], re.M)
    equal([int(number) for number in numbers],
          [OK, USAGE, PERMISSION, REFUSED, NO_DTLS, NO_ANSWER, SYSTEM])


@case()
def version_is_that_of_the_module(_):
    with open("/sys/module/dtls/version", encoding="ascii") as stream:
        version = stream.read().strip()
    equal(left("--version").out, f"kdtls {version}\n")


# What's typed, and what the answer names.
WRONG = (
    ((), "help"),
    (("nonsense",), "nonsense"),
    (("help", "nonsense"), "nonsense"),
    (("status", "now"), "now"),
    (("status", "--colour"), "--colour"),
    (("stat", "-x"), "-x"),
    (("stat", "--watch=soon"), "soon"),
    (("stat", "-w", "0.01"), "0.01"),
    (("stat", "--cookie"), "--cookie"),
    (("stat", "--cookie", "biscuit"), "biscuit"),
    (("stat", "--cookie", "sk: 1"), "sk: 1"),
    (("stat", "--cookie", "12345"), "no such socket"),
    (("stat", "--lines", "2"), "--watch"),
    (("stat", "--net", "nowhere"), "nowhere"),
    (("stat", "--net", "../../etc"), "../../etc"),
    (("stat", "--net", ""), "ip netns list"),
    (("stat", "--net", ".."), "ip netns list"),
    (("ss", "--port", "0"), "--port 0"),
    (("ss", "--port", "-1"), "--port -1"),
    (("ss", "--port", "65536"), "--port 65536"),
    (("connect",), "HOST"),
    (("connect", "localhost"), "PORT"),
    (("connect", "192.0.2.2", "no-such-port"), "no-such-port"),
    (("connect", "192.0.2.2", "69969"), "from 1 to 65535"),
    (("connect", "192.0.2.2", "0"), "from 1 to 65535"),
    (("connect", "192.0.2.2", ""), "from 1 to 65535"),
    (("connect", "--window", "100", "192.0.2.2", "1"), "power of two"),
    (("connect", "192.0.2.2", "4433", "more"), "more"),
    (("connect", "--ca", "/not/there", "192.0.2.2", "1"), "/not/there"),
    (("connect", "--cert", "/not/there", "192.0.2.2", "1"), "/not/there"),
    (("connect", "--key", "/not/there", "192.0.2.2", "1"), "--cert"),
    (("connect", "--psk", "/not/there", "192.0.2.2", "1"), "/not/there"),
    (("connect", "--psk", "/dev/null", "192.0.2.2", "1"), "no key"),
    (("connect", "--cipher", "none", "192.0.2.2", "1"), "none"),
    (("connect", "--cipher", "ECDHE+AES", "192.0.2.2", "1"), "AEAD"),
    (("echo", "--address", "everywhere"), "everywhere"),
    (("echo", "--address", "203.0.113.1"), "203.0.113.1"),
    (("echo", "--port", "many"), "many"),
    (("bench",), "HOST"),
    (("bench", "--size", "4", "192.0.2.2"), "--size 4"),
    (("bench", "192.0.2.2", "4433", "more"), "more"),
)


@case()
def wrong_input_is_answered_by_a_line_that_names_it(_):
    for words, part in WRONG:
        expect_line(left(*words), USAGE, part)


@case(variants=(("help",), ("ss", "--help"), ("stat", "--json"),
                ("stat", "-w0.1"), ("stat", "-w0.1", "--json"),
                ("echo", "--port", "0"), ("echo", "--port", "0", "--json")))
def what_cannot_be_written_is_an_error(words):
    """At once, of those that don't end by themselves."""
    with open("/dev/full", "w", encoding="ascii") as full:
        done = left(*words, out=full)
    equal(done.status, SYSTEM)
    equal(len(done.err.splitlines()), 1, done.err)


@case()
def standard_descriptors_that_are_closed_become_no_sockets(_):
    words = "echo", "--port", "0"
    with Program(PAIR.right, "sh", "-c", 'exec "$@" <&- 2>&-', "sh", BINARY,
                 *words) as server:
        server.expect("listening")
        equal([os.readlink(f"/proc/{server.process.pid}/fd/{number}")
               for number in (0, 2)], ["/dev/null"] * 2)
    done = subprocess.run(["sh", "-c", f"exec {BINARY} help >&-"],
                          stderr=subprocess.PIPE, check=False)
    equal(done.returncode, SYSTEM)


@case(variants=tuple((name,) for name in FAMILIES))
def lines_come_back_through_the_kernel(variant):
    family = FAMILIES[variant[0]]
    with serve() as server, \
            Connection(PAIR.left, PAIR.right, family, server.port,
                       "--ca", path("ca.pem")) as client:
        equal("AES-256-GCM in the kernel" in client.expect("connected to "),
              True)
        for line in ("one\n", "two\n"):
            client.say(line)
            client.expect(line)
        client.close_input()
        equal(client.end(), OK)
        server.expect("closed, 2 records echoed\n")


@case()
def any_bytes_come_back(_):
    # Python takes a carriage return for the end of a line.
    given = bytes(range(256)).replace(b"\r", b"").decode("latin1")
    with serve() as server:
        done = left("connect", "-q", "--insecure", PAIR.right.address[INET],
                    server.port, given=given)
    equal(done, (OK, given, ""))


@case()
def certificate_made_up_is_taken_by_who_does_not_ask(_):
    with Echo(PAIR.right) as server:
        address = PAIR.right.address[INET], server.port
        done = left("connect", "-q", "--insecure", *address, given="x")
        equal(done, (OK, "x", ""))
        expect_line(left("connect", *address), REFUSED, "certificate", "--ca",
                    "--insecure")


@case()
def certificate_of_another_name_is_refused(_):
    with Echo(PAIR.right, "--cert", path("elsewhere.pem"), "--key",
              path("elsewhere.key")) as server:
        words = ("-q", "--ca", path("ca.pem"), PAIR.right.address[INET],
                 server.port)
        expect_line(left("connect", *words), REFUSED, "--servername")
        done = left("connect", "--servername", "elsewhere.example", *words,
                    given="x")
        equal(done, (OK, "x", ""))


@case()
def client_needs_the_certificate_that_the_server_wants(_):
    with serve("--ca", path("ca.pem")) as server:
        words = ("-q", "--ca", path("ca.pem"), PAIR.right.address[INET],
                 server.port)
        expect_line(left("connect", *words), REFUSED, "refuses us")
        done = left("connect", "--cert", path("client.pem"), "--key",
                    path("client.key"), *words, given="x")
        equal(done, (OK, "x", ""))


@case()
def key_that_both_know_will_do(_):
    with Echo(PAIR.right, "--psk", path("psk")) as server:
        words = ("-q", PAIR.right.address[INET], server.port)
        done = left("connect", "--psk", path("psk"), *words, given="x")
        equal(done, (OK, "x", ""))
        done = left("connect", "--timeout", "1", "--psk", path("other-psk"),
                    *words)
        expect_line(done, NO_ANSWER, "--psk")


@case()
def port_of_a_server_is_no_other_servers(_):
    with serve() as server:
        for words in ((), ("--address", PAIR.right.address[INET])):
            done = run(PAIR.right, "echo", "--port", server.port, *words)
            expect_line(done, USAGE, "in use", "--port")


@case()
def name_is_told_to_a_server_that_is_not_verified(_):
    """One may have several certificates; an address is no name."""
    with PAIR.right.udp(INET) as server:
        server.settimeout(TIMEOUT)
        address, port = server.getsockname()
        for words, told in ((("--servername", "a.example"), True), ((), False)):
            with Program(PAIR.left, BINARY, "connect", "--insecure", *words,
                         address, str(port)):
                hello = server.recv(2048)
            equal((b"a.example" in hello, address.encode() in hello),
                  (told, False))


@case()
def ends_without_a_cipher_in_common_part(_):
    with serve("--cipher", "ECDHE+CHACHA20") as server:
        expect_line(left("connect", "--insecure", "--cipher", "ECDHE+AESGCM",
                         PAIR.right.address[INET], server.port), REFUSED,
                    "refuses us")


@case()
def tags_of_8_bytes_are_to_be_allowed(_):
    cipher = ("--cipher", "ECDHE+AESCCM8:@SECLEVEL=0")
    with serve("--allow-ccm8", *cipher) as server:
        words = ("-q", "--insecure", *cipher, PAIR.right.address[INET],
                 server.port)
        expect_line(left("connect", *words), USAGE, "8 bytes")
        done = left("connect", "--allow-ccm8", *words, given="x")
        equal(done, (OK, "x", ""))


def refused_datagrams():
    """On the right, as nobody has their port."""
    with PAIR.right.entered(), \
            open("/proc/thread-self/net/snmp", encoding="ascii") as stream:
        names, numbers = [line.split() for line in stream
                          if line.startswith("Udp:")]
    return int(numbers[names.index("NoPorts")])


@case(variants=(("connect",), ("bench",)))
def nobody_there_is_told(variant):
    """Who may be about to start is asked twice."""
    before = refused_datagrams()
    expect_line(left(*variant, "--insecure", PAIR.right.address[INET], "9"),
                NO_ANSWER, "nobody listens")
    equal(refused_datagrams() - before, 2)


@case(variants=((signal.SIGTERM,), (signal.SIGINT,)))
def server_that_is_told_to_end_tells_its_clients(variant):
    with serve() as server, \
            Connection(PAIR.left, PAIR.right, INET, server.port,
                       "--insecure") as client:
        client.say("x\n")
        client.expect("x\n")
        server.process.send_signal(variant[0])
        equal(server.end(), OK)
        equal(client.end(), OK)


@case()
def server_tells_what_happens_as_json(_):
    with serve("--json", "--clients", "1") as server:
        left("connect", "-q", "--insecure", PAIR.right.address[INET],
             server.port, given="x")
        equal(server.end(), OK)
    events = [json.loads(line) for line in server.said.splitlines()]
    equal([event["event"] for event in events],
          ["listening", "attached", "ended"])
    equal((events[1]["cipher"], events[2]["echoed"]), ("AES-256-GCM", 1))
    equal(events[1]["who"], events[2]["who"])


@case()
def bench_measures_both_side_by_side(_):
    with serve() as server:
        words = ("--insecure", "--userspace", "--count", "16", "--seconds",
                 "600", PAIR.right.address[INET], server.port)
        measured = left("bench", "--json", *words).json()
        text = left("bench", *words).out
    equal(measured["size"], 1200)
    for where in ("kernel", "userspace"):
        equal(re.search(rf"\b{where}\b", text.splitlines()[1]) is not None,
              True, text)
        one = measured[where]
        equal((one["sent"], one["received"], one["lost"]), (16, 16, 0), where)
        equal(0 < one["round_trip_median_us"] <= one["round_trip_99_us"], True)
        equal(one["records_per_second"] > 0 and one["cpu_user_us"] >= 0, True)


@case()
def tunnel_is_the_program_of_that_name(_):
    theirs = subprocess.run([os.path.join(BUILT, "kdtls-tunnel"), "--help"],
                            capture_output=True, text=True, check=True)
    equal(left("tunnel", "--help"), (OK, theirs.stdout, ""))
    expect_line(left("tunnel"), USAGE, "kdtls-tunnel: --config")


def complete(*words):
    """What bash would offer for the last of @words."""
    done = subprocess.run(
        ["bash", "-c", COMPLETE, "bash", *words], text=True,
        capture_output=True, check=True, env={
            **os.environ, "COMPLETION": COMPLETION,
            "PATH": BUILT + ":" + os.environ["PATH"]})
    equal(done.stderr, "")
    return sorted(done.stdout.split())


@case()
def commands_are_completed(_):
    equal(complete("kdtls", ""),
          sorted([*COMMANDS, "help", "--help", "--version"]))
    equal(complete("kdtls", "st"), ["stat", "status"])
    equal(complete("kdtls", "help", "be"), ["bench"])


@case()
def options_are_completed(_):
    for command in COMMANDS:
        names = [f"--{name}" for _, name in options_of(command)]
        if command == "tunnel":
            names = ["--config", "--check"]
        equal(complete("kdtls", command, "-"), sorted([*names, "--help"]),
              command)


@case()
def files_and_namespaces_are_completed(_):
    equal(complete("kdtls", "connect", "--ca", path("ca")), [path("ca.pem")])
    equal(complete("kdtls", "ss", "--net", PAIR.left.name), [PAIR.left.name])
    equal(complete("kdtls", "ss", "--cookie", ""), [])


@case()
def ordinary_user_may_connect(_):
    with serve() as server:
        done = left("connect", "-q", "--ca", path("ca.pem"),
                    PAIR.right.address[INET], server.port, given="x",
                    user=NOBODY)
    equal(done, (OK, "x", ""))


if __name__ == "__main__":
    with Pair() as PAIR, credentials(PAIR) as FOLDER:
        main()
