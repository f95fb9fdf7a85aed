#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The kernel's TLS over TCP is as it was: its own selftest, net/tls.c of this
kernel's source, says the same of each of its tests whether the module is there,
and busy, or not.
"""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

# pylint: disable=wrong-import-position
import dtls12  # noqa: E402
import kdtls  # noqa: E402
from harness import case, diagnose, equal, main  # noqa: E402

BUILT = os.path.join(TESTS, "..", "build", "tests", "obj", "ktls")
# How it ends, and its name.
LINE = re.compile(r"^(ok|not ok) \d+ (?:# )?(SKIP )?(?:- )?(.*)$", re.M)
# Ciphers that the emulated machine has no instructions for, nor libkdtls a use:
# half of the time would be theirs.
LEFT_OUT = ("13_sm4_gcm", "13_sm4_ccm", "12_aria_gcm", "12_aria_gcm_256")
# Records a second that keep the module busy, and a processor free.
PACE = 100


def program():
    """The one of this kernel: a folder's name is how its release begins."""
    release = os.uname().release
    names = [name for name in os.listdir(BUILT)
             if release.startswith(name + ".")]
    equal(len(names), 1, f"selftests built for {release}")
    return os.path.join(BUILT, names[0], "tls")


def outcomes(text):
    """{test: how it ended}"""
    found = {}
    for word, skip, name in LINE.findall(text):
        if "# SKIP" in name:
            name, skip = name.split(" # SKIP")[0], True
        # What it measured may follow the name.
        found[name.split(" # ")[0].strip()] = "skip" if skip else word
    return found


def run_selftest():
    began = time.monotonic()
    words = [word for variant in LEFT_OUT for word in ("-V", variant)]
    ended = subprocess.run([program(), *words], capture_output=True, text=True,
                           check=False)
    found = outcomes(ended.stdout)
    diagnose(f"{time.monotonic() - began:.0f} s")
    return found


def modprobe(*words):
    subprocess.run(["modprobe", *words], check=True)


def loaded():
    return os.path.exists("/sys/module/dtls")


def association():
    """Two sockets of the kernel's that talk to each other."""
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in "ab"]
    for end in ends:
        end.bind(("127.0.0.1", 0))
    keys = [dtls12.Key("AES-128-GCM", os.urandom(16), os.urandom(4), 1)
            for _ in ends]
    for i, end in enumerate(ends):
        end.connect(ends[1 - i].getsockname())
        kdtls.attach(end)
        kdtls.install(end, kdtls.TLS_TX, keys[i])
        kdtls.install(end, kdtls.TLS_RX, keys[1 - i])
    return ends


def talk(ends, told):
    """Until it's told to end: 0 if each record came."""
    said = 0
    while not select.select([told], [], [], 1 / PACE)[0]:
        for here, there in (ends, ends[::-1]):
            said += 1
            kdtls.send(here, b"%d" % said)
            if kdtls.receive(there).data != b"%d" % said:
                return 1
    return 0


@contextmanager
def busy():
    """The module is in use for as long; yields what the sockets have counted."""
    ends = association()
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        status = 2
        try:
            os.close(tell)
            signal.alarm(1200)
            status = talk(ends, told)
        finally:
            os._exit(status)
    os.close(told)
    before = kdtls.stats(ends[0])
    try:
        yield
    finally:
        os.close(tell)
        status = os.waitpid(child, 0)[1]
    equal(status, 0, "how the talking ended")
    after = kdtls.stats(ends[0])
    moved = after["rx_delivered"] - before["rx_delivered"]
    diagnose(f"{moved} records each way meanwhile")
    equal(moved > PACE and after["rx_delivered"] == after["tx_records"], True,
          "records went both ways")


@case()
def the_kernels_own_tls_is_what_it_is_without_the_module(_):
    modprobe("tls")
    modprobe("-r", "dtls")
    try:
        equal(loaded(), False, "the module is there")
        without = run_selftest()
    finally:
        modprobe("dtls")
    with busy():
        beside = run_selftest()
        equal(loaded(), True, "the module is there")
    passed = sum(outcome == "ok" for outcome in beside.values())
    diagnose(f"{passed} of {len(beside)} of the kernel's tests pass")
    different = {name: (without.get(name), beside.get(name))
                 for name in without.keys() | beside.keys()
                 if without.get(name) != beside.get(name)}
    equal(different, {}, "without the module, and with it")
    equal(passed > 400 and passed >= 0.9 * len(beside), True, "it has run")


if __name__ == "__main__":
    main()
