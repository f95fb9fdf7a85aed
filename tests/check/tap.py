# SPDX-License-Identifier: GPL-2.0
"""TAP, and the files of the tree, for the checks written in Python."""

import fnmatch
import os
import subprocess
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


class Tap:
    """Prints one line a test, and the plan at the end."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def test(self, name, findings):
        """One test: it fails if there are findings, which explain it."""
        self.count += 1
        if findings:
            self.failed += 1
        print(f"{'not ok' if findings else 'ok'} {self.count} - {name}")
        for finding in findings:
            self.note(finding)

    @staticmethod
    def note(text):
        """A line that is no test."""
        print(f"# {text}")

    def done(self):
        """The plan, and the end."""
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


def tree_files(*patterns):
    """What a commit of all files here would hold, by shell patterns."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"],
        cwd=TOP, check=True, stdout=subprocess.PIPE).stdout
    names = sorted({os.fsdecode(name) for name in listing.split(b"\0") if name})
    return [name for name in names
            if os.path.isfile(os.path.join(TOP, name))
            and (not patterns or any(fnmatch.fnmatch(name, pattern)
                                     for pattern in patterns))]


def read(name):
    """A file's text."""
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def interpreter(name):
    """What a script's first line names, or an empty text."""
    with open(os.path.join(TOP, name), "rb") as file:
        line = file.readline(80)
    return line[2:].decode(errors="replace").strip() \
        if line.startswith(b"#!") else ""
