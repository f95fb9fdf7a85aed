#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Each mode of the benchmark works on this kernel: content arrives as it was
sent, and there's a figure. What the figures are is for make bench.
"""

import csv
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

# pylint: disable=wrong-import-position
from harness import case, equal, main  # noqa: E402
from results import (GCM, MODES, STREAM, THROUGH_TUNNELS,  # noqa: E402
                     Results)
from wall import Wall  # noqa: E402

BENCH = os.path.realpath(
    os.path.join(HERE, "..", "..", "build", "tests", "bench", "bench"))
SIZES = "64", "16384", "1400x40"
# Made of others.
DERIVED = "aead", "floor"
# For batches only.
BATCHES = ("udp-gso", "evp-gso", "dtls-gso", "dtls-sendfile-gso",
           "ktls-large", *(mode for mode in THROUGH_TUNNELS
                           if mode.endswith(STREAM)))
# What kernels before 6.16 haven't got.
LACKING = [] if not subprocess.run(
    ["modprobe", "-q", "-n", "ovpn"], check=False).returncode else [
        "ovpn", "ovpn" + STREAM]
# Its packets aren't longer than 9000 bytes.
SHORT = ("tunnel", "tunnel-user")
WORKING = tuple((mode, size) for mode in MODES for size in SIZES
                if mode not in (*DERIVED, *LACKING)
                and (mode not in BATCHES or "x" in size)
                and (mode not in SHORT or size != "16384"))
REPLAYS = ("replay-accepted",), ("replay-refused",)


def measured():
    modes = [mode for mode in MODES if mode not in DERIVED]
    modes += [name for name, in REPLAYS]
    # It leaves WireGuard's keys where it is.
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run(
            [BENCH, "--rounds", "1", "--ciphers", GCM, "--sizes",
             ",".join(SIZES), "--modes", ",".join(modes)], cwd=folder,
            stdout=subprocess.PIPE, text=True, check=True)
    return Results(csv.DictReader(ended.stdout.splitlines()), Wall([]))


RESULTS = measured()


@case(variants=WORKING)
def mode_has_its_figures(variant):
    cost = RESULTS.get(variant[0], GCM, variant[1])
    equal(cost is not None and cost.both > 0, True, str(cost))


@case(variants=REPLAYS)
def replays_have_theirs(variant):
    equal(RESULTS.other(variant[0], "rx") > 0, True)


if __name__ == "__main__":
    main()
