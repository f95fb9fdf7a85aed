#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What can't work ends with one line that says why, and with the exit status
that the documentation has for it."""

import contextlib
import os
import re
import socket
import subprocess
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
TOP = os.path.join(TESTS, "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
from harness import case, equal, main  # noqa: E402
from netns import TIMEOUT  # noqa: E402
from pki import Authority  # noqa: E402
from tunnel import BINARY, PORT, Bed, Client, credentials  # noqa: E402

(BY_SIGNAL, CONFIG, PERMISSION, REFUSED, NO_DTLS, NO_ANSWER, MOVED,
 SYSTEM) = range(8)
PAGE = os.path.join(TOP, "Documentation", "networking", "dtls-tunnel.rst")
INET = socket.AF_INET
NOBODY = 65534


@contextlib.contextmanager
def given(*variant):
    yield variant


def ended(host, *words, user=None):
    """Exit status, lines on stderr."""
    with host.entered():
        done = subprocess.run(words, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=TIMEOUT,
                              check=False, user=user)
    equal(done.stdout, "", "stdout")
    return done.returncode, done.stderr.splitlines()


def expect_end(host, path, status, *parts, user=None):
    """Of the program with this configuration: a line with these parts."""
    code, lines = ended(host, BINARY, "--config", path, user=user)
    expect_line(code, lines, status, parts)


def expect_line(code, lines, status, parts):
    causes = [line for line in lines if "kdtls-tunnel: " in line]
    equal(len(causes), 1, f"lines that begin with its name in {lines}")
    equal([part for part in parts if part not in causes[0]], [],
          f"what isn't in {causes[0]!r}")
    equal(code, status, f"status, after {causes[0]!r}")


# Each a line, and what the answer has of it.
WRONG = (
    ("tunnel", "mtu = 100", "mtu"),
    ("tunnel", "mtu = many", "mtu"),
    ("tunnel", "keepalive = 0", "keepalive"),
    ("tunnel", "dead-after = 0", "dead-after"),
    ("tunnel", "crypto = magic", "crypto"),
    ("tunnel", "colour = blue", "colour"),
    ("tunnel", "no sense", ""),
    ("tunnel", "device = a-name-that-is-too-long", "device"),
    ("client", "server = 192.0.2.1", "server"),
    ("client", "address = 10.9.0.1/24", "address"),
)


@case(variants=tuple((number,) for number in range(len(WRONG))))
def error_of_the_configuration_has_its_line(variant):
    section, line, word = WRONG[variant[0]]
    with open(BED.client_config(INET), encoding="ascii") as stream:
        lines = stream.read().splitlines()
    name = line.partition(" =")[0]
    # What's there already would be an error for being there twice.
    lines = [old for old in lines if not old.startswith(f"{name} =")]
    place = lines.index(f"[{section}]") + 1
    lines.insert(place, line)
    path = BED.write("wrong.conf", "\n".join(lines) + "\n")
    expect_end(BED.hosts[0], path, CONFIG, f"wrong.conf:{place + 1}: ", word)


@case(variants=(("cert",), ("key",), ("ca",), ("crl",), ("psk",)))
def file_that_is_not_there_is_named(variant):
    options = {} if variant[0] == "psk" else credentials("laptop")
    options[variant[0]] = "not-there.pem"
    path = BED.config(tunnel=options, client={
        "server": f"192.0.2.1:{PORT}"})
    expect_end(BED.hosts[0], path, CONFIG, "not-there.pem")


@case(variants=(("ECDHE+AES", "is no AEAD"), ("none", "knows none")))
def ciphers_that_cannot_be_used_are_named(variant):
    ciphers, words = variant
    path = BED.client_config(INET, ciphers=ciphers)
    expect_end(BED.hosts[0], path, CONFIG, words)


@case()
def configuration_that_is_not_there_is_named(_):
    expect_end(BED.hosts[0], "/not/there.conf", CONFIG, "/not/there.conf")


@case(variants=(((),), (("--config",),), (("--colour",),)))
def wrong_command_line_is_answered_by_a_line(variant):
    code, lines = ended(BED.hosts[0], BINARY, *variant[0])
    expect_line(code, lines, CONFIG, [])


@case()
def key_that_may_not_be_read_is_named(_):
    """Not by root, who may read all: by who checks first."""
    path = BED.client_config(INET)
    os.chmod(path, 0o644)
    code, lines = ended(BED.hosts[0], BINARY, "--config", path, "--check",
                        user=NOBODY)
    expect_line(code, lines, CONFIG, ["laptop.key", "ermission"])


@case()
def key_of_another_certificate_is_refused(_):
    path = BED.client_config(INET, key="phone.key")
    expect_end(BED.hosts[0], path, CONFIG, "phone.key")


@case()
def check_needs_no_root_and_says_nothing(_):
    path = BED.client_config(INET)
    for name in path, os.path.join(BED.folder, "laptop.key"):
        os.chmod(name, 0o644)
    code, lines = ended(BED.hosts[0], BINARY, "--config", path, "--check",
                        user=NOBODY)
    os.chmod(os.path.join(BED.folder, "laptop.key"), 0o600)
    equal((code, lines), (0, []))


@case()
def ordinary_user_is_told_to_be_root(_):
    path = BED.client_config(INET)
    for name in path, os.path.join(BED.folder, "laptop.key"):
        os.chmod(name, 0o644)
    expect_end(BED.hosts[0], path, PERMISSION, "root", user=NOBODY)
    os.chmod(os.path.join(BED.folder, "laptop.key"), 0o600)


@case(variants=(("root",), ("nobody-of-this-name",)))
def user_to_become_must_be_another_one(variant):
    expect_end(BED.hosts[0], BED.client_config(INET, user=variant[0]),
               PERMISSION, variant[0])


@case()
def device_that_is_there_already_is_named(_):
    host = BED.hosts[0]
    host.ip("tuntap add mode tun taken")
    expect_end(host, BED.client_config(INET, device="taken"), CONFIG, "taken")
    host.ip("link del taken")


@case()
def port_that_is_taken_is_named(_):
    with BED.server_host.socket(INET) as sock:
        sock.bind(("", PORT))
        expect_end(BED.server_host, BED.server_config(INET), CONFIG,
                   str(PORT))


@case()
def server_that_does_not_answer_is_given_up_if_so_configured(_):
    expect_end(BED.hosts[0], BED.client_config(
        INET, client={"retry": "no"}), NO_ANSWER,
        BED.server_host.address[INET])


@case(variants=(("kernel",), ("userspace",)))
def certificates_of_others_are_refused(variant):
    """By the client, which says so; and by the server, which does."""
    other = Authority(BED.folder, "other-ca")
    other.issue("stranger")
    with BED.server(crypto=variant[0]) as server:
        expect_end(BED.hosts[0], BED.client_config(INET, ca="other-ca.pem"),
                   REFUSED, "certificate")
        expect_end(BED.hosts[0], BED.client_config(
            INET, cert="stranger.pem", key="stranger.key"), REFUSED)
        server.expect("certificate")
        expect_works(server)


def expect_works(server):
    """Still."""
    with BED.client() as client:
        equal(client.stop(), 0, "exit status")
    server.expect("laptop: closed\n")


@case()
def certificate_of_another_name_is_refused(_):
    with BED.server() as server:
        expect_end(BED.hosts[0], BED.client_config(
            INET, client={"server-name": "other.example"}), REFUSED,
            "server-name")
        expect_works(server)


@case()
def address_is_the_name_where_none_is_given(_):
    at = BED.server_host.address[INET]
    path = BED.config(tunnel=credentials("laptop"),
                      client={"server": f"{at}:{PORT}"})
    with BED.server(), Client(BED.hosts[0], path) as client:
        equal(client.stop(), 0, "exit status")


@case(variants=(("server",), ("laptop",)))
def expired_certificate_is_refused(variant):
    BED.ca.issue("expired", ["vpn.example"], days=(-3, -2))
    bad = {"cert": "expired.pem", "key": "expired.key"}
    ours = [bad if variant[0] == end else {} for end in ("server", "laptop")]
    with BED.server(**ours[0]) as server:
        expect_end(BED.hosts[0], BED.client_config(INET, **ours[1]), REFUSED,
                   "expired")
        if variant[0] == "laptop":
            server.expect("expired")


@case()
def revoked_certificate_is_refused(_):
    serial = BED.ca.issue("stolen")
    BED.ca.revoke("crl", serial)
    with BED.server(crl="crl.pem") as server:
        expect_end(BED.hosts[0], BED.client_config(INET, "stolen"), REFUSED,
                   "revoked")
        server.expect("revoked")
        expect_works(server)


@case(variants=(("unknown", "00" * 16), ("laptop", "11" * 16)))
def key_that_the_server_does_not_have_is_refused(variant):
    BED.write("wrong.psk", " ".join(variant) + "\n")
    with BED.server(psk=True):
        expect_end(BED.hosts[0], BED.client_config(
            INET, "wrong", psk=True), REFUSED)


@case(variants=(("server",), ("client",)))
def missing_module_is_named_where_it_is_wanted(variant):
    subprocess.run(["modprobe", "-r", "dtls"], check=True)
    try:
        path = (BED.server_config(INET, crypto="kernel")
                if variant[0] == "server"
                else BED.client_config(INET, crypto="kernel"))
        host = BED.server_host if variant[0] == "server" else BED.hosts[0]
        expect_end(host, path, NO_DTLS, "modprobe dtls")
    finally:
        subprocess.run(["modprobe", "dtls"], check=True)


@case()
def missing_module_is_done_without_where_that_is_allowed(_):
    subprocess.run(["modprobe", "-r", "dtls"], check=True)
    try:
        with BED.joined() as (server, client):
            equal((server.crypto, client.crypto),
                  ("userspace", "in userspace"), "crypto")
    finally:
        subprocess.run(["modprobe", "dtls"], check=True)


@case()
def exit_statuses_are_documented(_):
    with open(PAGE, encoding="utf-8") as stream:
        table = stream.read().partition("Exit status")[2]
    found = [int(row) for row in re.findall(r"^([0-7])  ", table, re.M)]
    equal(found, list(range(8)), "rows of the table")


if __name__ == "__main__":
    with Bed() as BED:
        main(given)
