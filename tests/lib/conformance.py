# SPDX-License-Identifier: GPL-2.0
"""Which tests prove which rows of the conformance table, and where they passed.

The rows are those of Documentation/networking/dtls-conformance.rst. A test
carries the ids of the rows that it proves in front of its name, as in
"A13 duplicate_is_refused" or "replay.ipv4.A13_A14_duplicate_is_refused".
"""

import os
import re

import tap

# Rows whose feature isn't there yet: reported, but no reason to fail.
PENDING = frozenset()
# Chapters that are planned as a whole.
PLANNED = ("D",)

TABLE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..",
                     "Documentation", "networking", "dtls-conformance.rst")

_ROW = re.compile(r"^   \* - ([A-Z]\d+)$", re.MULTILINE)
# Behind the fixture and the variant, if it's a program on kselftest's harness.
_IDS = re.compile(r"((?:\w+\.)*)((?:[A-Z]\d+[ _])+)")


def read_rows(path=TABLE):
    with open(path, encoding="utf-8") as stream:
        return _ROW.findall(stream.read())


def rows_of(name):
    """The ids that a test's name begins with."""
    match = _IDS.match(name)
    return re.split("[ _]", match[2].rstrip(" _")) if match else []


def without_variant(name):
    """What a test's variants have in common."""
    name = re.sub(r"( \[.*\])?( # SKIP.*)?$", "", name)
    return re.sub(r"^(\w+)\.(?:\w+\.)+", r"\1.", name)


class Conformance:
    """Collects what the programs said, and makes the report."""

    def __init__(self, rows=None):
        # row -> test -> place -> whether all of its variants passed there
        self.tests = {row: {} for row in rows or read_rows()}

    def program(self, place, program, text):
        """A program ended that said @text; returns what is wrong with it."""
        unknown = set()
        for outcome, name in tap.tests(text):
            test = (program, without_variant(name))
            for row in rows_of(name):
                if row not in self.tests:
                    unknown.add(f"no row {row}: {test[1]}")
                elif outcome != tap.SKIPPED:
                    places = self.tests[row].setdefault(test, {})
                    places[place] = (outcome == tap.PASSED
                                     and places.get(place, True))
        return sorted(unknown)

    def passed(self, row, place):
        return any(places.get(place) for places in self.tests[row].values())

    def failed(self, row, place):
        return any(places.get(place) is False
                   for places in self.tests[row].values())

    def problems(self, kernels):
        """Rows that must be held on @kernels, and weren't even tried."""
        return [f"{row} is held by no test on {kernel}"
                for row in self.tests
                if row[0] not in PLANNED and row not in PENDING
                for kernel in kernels
                if not (self.passed(row, kernel) or self.failed(row, kernel))]

    def summary(self, kernels):
        """One line a row: where it's held, and by how many tests of whom. Rows
        without a test only if they must be held on some kernel.
        """
        return [*(self._line(kernels, row) for row in self._rows(kernels)),
                *self._planned(kernels)]

    def details(self, kernels):
        """The summary, and under each row its tests."""
        lines = []
        for row in self._rows(kernels):
            lines.append(self._line(kernels, row))
            for (program, name), places in sorted(self.tests[row].items()):
                where = " ".join(
                    place if passed else place + ":FAILED"
                    for place, passed in sorted(places.items()))
                lines.append(f"     {program}: {name} ({where})")
        return lines + self._planned(kernels)

    def _rows(self, kernels):
        return [row for row, tests in self.tests.items()
                if tests or (kernels and row[0] not in PLANNED)]

    def _planned(self, kernels):
        planned = [row for row in self.tests if row[0] in PLANNED]
        return ([f"{planned[0]} to {planned[-1]}: planned"]
                if kernels and planned else [])

    def _line(self, kernels, row):
        count = {}
        for program, _ in self.tests[row]:
            count[program] = count.get(program, 0) + 1
        by = ", ".join(f"{program} {number}"
                       for program, number in sorted(count.items()))
        return f"{row:3} {self._where(row, kernels)}: {by or 'no test'}"

    def _where(self, row, kernels):
        ran = sorted({place for places in self.tests[row].values()
                      for place in places})
        failed = [place for place in ran if self.failed(row, place)]
        held = [place for place in ran if place not in failed]
        absent = [kernel for kernel in kernels if kernel not in ran]
        state = "pending" if row in PENDING else "NOT HELD"
        parts = {"held": held, "FAILED": failed, state: absent}
        text = ", ".join(f"{verdict} on {' '.join(places)}"
                         for verdict, places in parts.items() if places)
        if row in PENDING and not absent:
            text += ", in part"
        return text
