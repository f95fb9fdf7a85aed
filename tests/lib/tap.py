# SPDX-License-Identifier: GPL-2.0
"""What a test program said, in TAP, and whether to believe it."""

import re
from dataclasses import dataclass, field

_PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*SKIP\b\s*(.*))?$", re.IGNORECASE)
_TEST = re.compile(r"(not )?ok\b\s*\d*\s*(?:- )?(.*)$")
_SKIP = re.compile(r"#\s*SKIP\b", re.IGNORECASE)

# kselftest's exit status of a program that skipped all it had.
_KSFT_SKIP = 4

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass
class Result:
    """Counts, and why tests failed that have no line of their own."""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problems: list = field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def problem(self, text):
        """Something wrong with the program itself: a failed test more."""
        self.failed += 1
        self.problems.append(text)

    def __str__(self):
        return (f"{self.passed} passed, {self.failed} failed, "
                f"{self.skipped} skipped")


def tests(text):
    """(outcome, name) of each test that @text has a line for."""
    for line in text.splitlines():
        test = _TEST.match(line)
        if test and test[1]:
            yield FAILED, test[2]
        elif test and _SKIP.search(test[2]):
            yield SKIPPED, test[2]
        elif test:
            yield PASSED, test[2]


def parse(text, status):
    """The Result of a program that printed @text and ended with @status."""
    result = Result()
    plans = []
    for outcome, _ in tests(text):
        setattr(result, outcome, getattr(result, outcome) + 1)
    for line in text.splitlines():
        plan = _PLAN.match(line)
        if plan:
            plans.append(int(plan[1]))
            if plan[2] is not None:
                result.skipped += 1
        elif line.startswith("Bail out!"):
            result.problem(line)
    _check_plan(result, plans)
    _check_status(result, status)
    return result


def _check_plan(result, plans):
    seen = result.passed + result.failed + result.skipped
    seen -= len(result.problems)
    if len(plans) != 1:
        result.problem(f"{len(plans) or 'no'} plans")
    elif plans[0] == 0 and result.skipped:
        pass
    elif plans[0] == 0:
        result.problem("no tests")
    elif plans[0] != seen:
        result.problem(f"planned {plans[0]} tests, saw {seen}")


def _check_status(result, status):
    if status == 0 or result.failed:
        return
    if status == _KSFT_SKIP and result.skipped and not result.passed:
        return
    result.problem(f"ended with status {status}")
