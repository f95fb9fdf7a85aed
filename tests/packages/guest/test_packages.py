#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The Debian packages on a machine of this kernel: installed, used, upgraded,
removed. The cases are run in order, each goes on where the one before it ended;
the last one locks the kernel down, so nothing comes after it.
"""

import contextlib
import glob
import json
import os
import select
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.realpath(os.path.join(HERE, "..", "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lib"))

# pylint: disable=wrong-import-position
import kdtls  # noqa: E402
from association import random_key  # noqa: E402
from harness import case, diagnose, equal, main  # noqa: E402
from programs import Program  # noqa: E402
from stock import MODULES, forget_the_tests_module  # noqa: E402

DEBS = os.path.join(TOP, "build", "deb")
OLDER = "0.0.1"
NEWER = os.path.basename(glob.glob(f"{DEBS}/dtls-dkms_*.deb")[0]).split("_")[1]
VERSION = NEWER.split("-")[0]
# The GnuTLS one needs what the guest hasn't.
NAMES = ("dtls-dkms", "kdtls", "libkdtls-core0", "libkdtls-dev",
         "libkdtls-gnutls0", "libkdtls0")
PORT = 4433


def run(*command, status=0, stderr=subprocess.STDOUT, **named):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=stderr,
                          check=False, **named)
    if done.returncode != status:
        diagnose(done.stdout)
        raise AssertionError(f"{command[0]}: exit status {done.returncode}")
    return done.stdout.strip()


def apt(*words):
    return run("apt-get", "-q", "-y", *words,
               env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def install(folder):
    return apt("install", *(glob.glob(f"{folder}/{name}_*.deb")[0]
                            for name in NAMES))


def versions():
    """Those installed, of our packages."""
    shown = run("dpkg-query", "-W", "-f",
                "${binary:Package} ${db:Status-Status} ${Version}\n")
    found = dict()
    for line in shown.splitlines():
        name, status, *version = line.split()
        if name.split(":")[0] in NAMES:
            found[name.split(":")[0]] = version[0] \
                if status == "installed" else status
    return found


def loaded():
    """The version of the module in the kernel."""
    with open("/sys/module/dtls/version", encoding="ascii") as file:
        return file.read().strip()


def to_be_loaded():
    return run("modinfo", "-F", "version", "dtls")


def sources():
    return [os.path.basename(path) for path in glob.glob("/usr/src/dtls-*")]


class Pair:
    """Two sockets of this machine whose records the kernel makes."""

    def __init__(self):
        self.ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                     for _ in range(2)]
        for end in self.ends:
            end.bind(("127.0.0.1", 0))
        keys = [random_key("AES-128-GCM") for _ in range(2)]
        for end, other, tx, rx in zip(self.ends, self.ends[::-1], keys,
                                      keys[::-1]):
            end.connect(other.getsockname())
            kdtls.attach(end)
            kdtls.install(end, kdtls.TLS_TX, tx)
            kdtls.install(end, kdtls.TLS_RX, rx)

    def carries(self, payload):
        self.ends[0].send(payload)
        select.select([self.ends[1]], [], [], 60)
        equal(kdtls.receive(self.ends[1], flags=socket.MSG_DONTWAIT).data,
              payload)

    def close(self):
        for end in self.ends:
            end.close()


KEPT = {}


@case()
def older_version_is_installed(_):
    install(f"{DEBS}/older")
    equal(versions(), dict.fromkeys(NAMES, OLDER))
    equal(sources(), [f"dtls-{OLDER}"])
    run("modprobe", "dtls")
    equal(loaded(), OLDER)


@case()
def upgrade_replaces_its_files_and_builds_the_module(_):
    install(DEBS)
    equal(versions(), dict.fromkeys(NAMES, NEWER))
    equal(sources(), [f"dtls-{VERSION}"])
    equal(to_be_loaded(), VERSION)
    # It looks into the headers' vmlinux, and says what isn't there.
    status = run("dkms", "status", "dtls", stderr=subprocess.DEVNULL)
    equal(status, f"dtls/{VERSION}, {os.uname().release}, x86_64: installed")
    equal(glob.glob(f"{MODULES}/**/dtls.ko*", recursive=True),
          [f"{MODULES}/updates/dkms/dtls.ko"])


@case()
def module_that_was_loaded_stays_until_it_is_unloaded(_):
    equal(loaded(), OLDER)
    run("modprobe", "-r", "dtls")
    run("modprobe", "dtls")
    equal(loaded(), VERSION)


@case()
def module_is_loaded_when_the_machine_starts(_):
    names = [line for path in glob.glob("/usr/lib/modules-load.d/*")
             for line in open(path, encoding="utf-8").read().splitlines()
             if not line.startswith("#")]
    equal("dtls" in names, True, names)


@case()
def program_is_built_with_them(_):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        run("gcc", "-o", program, os.path.join(HERE, "program.c"),
            *run("pkg-config", "--cflags", "--libs", "kdtls").split(),
            "-lssl", "-lcrypto")
        run(program)
        equal("/libkdtls.so.0 " in run("ldd", program), True)


@case()
def machine_is_ready_and_carries_records(_):
    run("kdtls", "status")
    with subprocess.Popen(["kdtls", "echo", "--clients", "1", "--port",
                           str(PORT)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        while not run("ss", "-Hulnp", f"sport = :{PORT}"):
            equal(server.poll(), None, "the server's end")
        client = subprocess.run(["kdtls", "connect", "--insecure", "localhost",
                                 str(PORT)], input="hello\n", text=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, check=True)
    equal("hello" in client.stdout.splitlines(), True, client.stdout)
    counters = kdtls.namespace_stats()
    # The message, its echo.
    equal(counters["rx_delivered"] >= 2, True, counters)


class Here:
    """This machine, as one of its sides."""

    entered = staticmethod(contextlib.nullcontext)


@case()
def unmodified_program_is_carried_and_seen_live(_):
    preload = glob.glob("/usr/lib/*/kdtls/libkdtls-preload.so")[0]
    with Program(Here, "kdtls", "echo", "--clients", "1", "--port",
                 str(PORT)) as server, \
            Program(Here, "kdtls", "stat", "-w", "0.5", "--json") as live:
        server.expect("listening on ")
        before = json.loads(live.line())["total"]["rx_delivered"]
        with Program(Here, "env", f"LD_PRELOAD={preload}",
                     "KDTLS_PRELOAD=verbose", "openssl", "s_client",
                     "-dtls1_2", "-connect",
                     f"localhost:{PORT}") as client:
            client.expect("moved to the kernel\n")
            client.say("a line\n")
            client.expect("a line\n")
            client.close_input()
            equal(client.end(), 0, "exit status of s_client")
        equal(server.end(), 0, "the server's end")
        # At the server, and back at the client.
        while json.loads(live.line())["total"]["rx_delivered"] < before + 2:
            pass


@case()
def tunnel_is_there_and_says_what_it_takes(_):
    equal("--config" in run("kdtls-tunnel", "--help"), True)


@case()
def module_is_signed_by_the_key_of_this_machine(_):
    """Documentation/networking/dtls-install.rst has this."""
    equal(run("modinfo", "-F", "signer", "dtls"), "DKMS module signing key")
    mine = run("openssl", "x509", "-inform", "DER", "-in",
               "/var/lib/dkms/mok.pub", "-noout", "-subject")
    equal(mine, "subject=CN = DKMS module signing key")
    with open("/sys/module/dtls/taint", encoding="ascii") as file:
        # Outside of the kernel's tree; signed by none whom the kernel knows.
        equal(file.read().strip(), "OE")


@case()
def packages_go_while_a_connection_stays(_):
    pair = Pair()
    pair.carries(b"before")
    KEPT["module"] = os.path.join(tempfile.mkdtemp(), "dtls.ko")
    run("cp", f"{MODULES}/updates/dkms/dtls.ko", KEPT["module"])
    KEPT["files"] = [path for name in NAMES
                     for path in run("dpkg", "-L", name).splitlines()
                     if "dtls" in path]
    apt("purge", *NAMES)
    pair.carries(b"after")
    pair.close()
    run("rmmod", "dtls")


@case()
def nothing_of_them_is_left(_):
    equal(versions(), {})
    left = [path for path in KEPT["files"] if os.path.lexists(path)]
    left += glob.glob(f"{MODULES}/**/dtls.ko*", recursive=True)
    left += glob.glob("/usr/src/dtls*") + glob.glob("/var/lib/dkms/dtls*")
    left += glob.glob("/var/lib/dpkg/info/*dtls*") + glob.glob("/etc/*dtls*")
    equal(left, [])
    equal(os.path.exists("/sys/module/dtls"), False)
    run("modprobe", "-n", "dtls", status=1)


@case(variants=(("locked",), ("enforced",)))
def kernel_that_trusts_no_such_key_refuses_it(given):
    """As one that's locked without Secure Boot does, and one with it."""
    if given[0] == "enforced":
        path, text = "/sys/module/module/parameters/sig_enforce", "1"
        says = "Key was rejected by service"
    else:
        run("mount", "-t", "securityfs", "securityfs", "/sys/kernel/security")
        path, text = "/sys/kernel/security/lockdown", "integrity"
        says = "Operation not permitted"
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    said = run("insmod", KEPT["module"], status=1)
    equal(says in said, True, said)


if __name__ == "__main__":
    forget_the_tests_module()
    main()
