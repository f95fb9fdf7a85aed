# SPDX-License-Identifier: GPL-2.0
"""Test programs that speak TAP: one behaviour a case, its name the function's.

    @case("A13", variants=CIPHERS)
    def duplicate_is_refused_and_counted(assoc):
        ...

    if __name__ == "__main__":
        main(fixture)

@fixture is a context manager that makes what a case gets from one variant.
"""

import contextlib
import itertools
import multiprocessing
import os
import sys
import traceback

_cases = []

# A kernel that checks each access to memory and each lock takes ten times as
# long. tests/guest says so, and what only repeats is done less often there: what
# it would find the stock kernels' runs find.
SLOW = "KDTLS_SLOW" in os.environ


class Skip(Exception):
    """Raised by a case or fixture that lacks a feature; names it."""


def case(rows="", variants=((),)):
    """Register a test for rows of the conformance table, one a variant."""
    def register(function):
        for variant in variants:
            name = " ".join(filter(None, (rows, function.__name__)))
            shown = " ".join(str(part) for part in variant)
            if shown:
                name += f" [{shown}]"
            _cases.append((name, function, variant))
        return function
    return register


@contextlib.contextmanager
def no_fixture(*variant):
    yield variant


def diagnose(text):
    _say(_comment(text))


def _comment(text):
    return "".join(f"# {line}\n" for line in text.splitlines())


def _say(text):
    """In one piece, whoever else is writing."""
    sys.stdout.flush()
    os.write(sys.stdout.fileno(), text.encode())


def _run_case(number, name, function, variant, fixture):
    try:
        with fixture(*variant) as given:
            function(given)
    except Skip as reason:
        _say(f"ok {number} - {name} # SKIP {reason}\n")
        return True
    except Exception:  # a failed case must not keep the others from running
        _say(_comment(traceback.format_exc()) + f"not ok {number} - {name}\n")
        return False
    _say(f"ok {number} - {name}\n")
    return True


def _in_turn(cases, option):
    """Of variants with the same @option(*variant) each case gets one, the
    next one the next."""
    for turn, (_, variants) in enumerate(
            itertools.groupby(cases, lambda one: one[1])):
        alike = {}
        for one in variants:
            alike.setdefault(tuple(option(*one[2])), []).append(one)
        for place, group in enumerate(alike.values()):
            yield group[(turn + place) % len(group)]


def _chosen(option=None):
    """Numbered, those whose name has each word of the command line."""
    wanted = sys.argv[1:]
    cases = _cases
    if SLOW and option and not wanted:
        cases = list(_in_turn(_cases, option))
    chosen = [c for c in cases if all(word in c[0] for word in wanted)]
    _say(f"TAP version 13\n1..{len(chosen)}\n")
    return [(number, *rest) for number, rest in enumerate(chosen, 1)]


def main(fixture=no_fixture, option=None):
    """@option(*variant): what of a variant is no mere repetition of the same,
    if something is."""
    results = [_run_case(*chosen, fixture) for chosen in _chosen(option)]
    sys.exit(0 if results and all(results) else 1)


def main_in_parallel(place, fixture, together, workers):
    """As main(), by so many processes, each with a place of its own: @fixture
    gets it before the variant. Cases of the same @together(*variant) that
    follow each other are run in one place, one after another.
    """
    groups = [list(group) for _, group in itertools.groupby(
        _chosen(), lambda chosen: (chosen[2], together(*chosen[3])))]
    taken = multiprocessing.Value("i", 0)
    processes = [multiprocessing.Process(
        target=_work, args=(place, fixture, groups, taken))
        for _ in range(min(workers, len(groups)))]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    sys.exit(0 if processes and not any(process.exitcode
                                        for process in processes) else 1)


def _work(place, fixture, groups, taken):
    with place() as here:
        results = [_run_case(*chosen, lambda *variant: fixture(here, *variant))
                   for group in _taken(groups, taken) for chosen in group]
    sys.exit(0 if all(results) else 1)


def _taken(groups, taken):
    while True:
        with taken.get_lock():
            number = taken.value
            taken.value += 1
        if number >= len(groups):
            return
        yield groups[number]


def equal(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what or 'value'}: got {_short(got)}, "
                             f"expected {_short(expected)}")


def _short(value, limit=600):
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "..."
