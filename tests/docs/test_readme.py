#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the README says is what works: each of its commands is run, in order,
in a copy of the checkout, as a newcomer would who has a machine of this kernel.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.realpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

# pylint: disable=wrong-import-position
from harness import case, diagnose, main  # noqa: E402
from stock import forget_the_tests_module  # noqa: E402

# These make machines of their own, or need what a host has; .ci/run runs them.
ON_THE_HOST = ("make demo", "make test", "make check", "make deb",
               "tests/vm/run ")
PORT = 4433


def readme():
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        return file.read()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", readme(), re.M | re.S)


def commands():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def contains(text, part):
    if part not in text:
        raise AssertionError(f"no {part!r} in {text!r}")


class Newcomer:
    """A checkout, and the commands typed in it."""

    def __init__(self):
        self.folder = os.path.join(tempfile.mkdtemp(), "kdtls")
        shutil.copytree(TOP, self.folder, symlinks=True,
                        ignore=shutil.ignore_patterns("build", ".git"))
        self.background = None
        self.output = {}

    def type(self, command):
        if command.endswith("&"):
            self._start(command.rstrip("& "))
            return
        done = subprocess.run(["bash", "-c", command], cwd=self.folder,
                              stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        self.output[command] = done.stdout
        if done.returncode:
            diagnose(done.stdout)
            raise AssertionError(f"exit status {done.returncode}")

    def _start(self, command):
        # pylint: disable=consider-using-with
        self.background = subprocess.Popen(["bash", "-c", f"exec {command}"],
                                           cwd=self.folder,
                                           stdin=subprocess.DEVNULL)
        while not self._is_listening():
            if self.background.poll() is not None:
                raise AssertionError("it ended at once")

    @staticmethod
    def _is_listening():
        sockets = subprocess.run(["ss", "-Hulnp", f"sport = :{PORT}"],
                                 capture_output=True, text=True, check=True)
        return bool(sockets.stdout)


NEWCOMER = Newcomer()


@case()
def commands_that_need_a_host_are_run_by_ci(_):
    with open(os.path.join(TOP, ".ci", "run"), encoding="utf-8") as file:
        ci = file.read()
    for command in commands():
        if command.startswith(ON_THE_HOST):
            contains(ci, command)


@case(variants=[(c,) for c in commands() if not c.startswith(ON_THE_HOST)])
def readme_command_works(command):
    NEWCOMER.type(*command)


@case()
def client_of_the_readme_said_what_came_back(_):
    (said,) = [text for command, text in NEWCOMER.output.items()
               if "kdtls connect" in command]
    contains(said, "\nhello\n")


@case()
def unchanged_program_of_the_readme_went_to_the_kernel(_):
    (said,) = [text for command, text in NEWCOMER.output.items()
               if "LD_PRELOAD" in command]
    contains(said, ", moved to the kernel\n")


@case()
def kernel_carried_the_client_of_the_readme(_):
    counters = dict(line.split() for line in
                    NEWCOMER.output["cat /proc/net/dtls_stat"].splitlines())
    # Both ends were here: the message, its echo, two close_notify.
    for name in ("DtlsTxRecords", "DtlsRxDelivered"):
        if int(counters[name]) < 3:
            raise AssertionError(f"{name}: {counters[name]}")


@case()
def nothing_is_left_behind(_):
    for path in ("/proc/net/dtls_stat", "/usr/local/include/kdtls.h",
                 "/usr/src/dtls-0.1.0"):
        if os.path.exists(path):
            raise AssertionError(f"{path} is still there")


if __name__ == "__main__":
    forget_the_tests_module()
    main()
