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
import sys
import traceback

_cases = []


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
    for line in text.splitlines():
        print("# " + line)


def _run_case(number, name, function, variant, fixture):
    try:
        with fixture(*variant) as given:
            function(given)
    except Skip as reason:
        print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        return True
    except Exception:  # a failed case must not keep the others from running
        diagnose(traceback.format_exc())
        print(f"not ok {number} - {name}", flush=True)
        return False
    print(f"ok {number} - {name}", flush=True)
    return True


def main(fixture=no_fixture):
    """Run all cases whose name has each word of the command line."""
    wanted = sys.argv[1:]
    chosen = [c for c in _cases if all(word in c[0] for word in wanted)]
    print("TAP version 13")
    print(f"1..{len(chosen)}", flush=True)
    results = [_run_case(number, *chosen_case, fixture)
               for number, chosen_case in enumerate(chosen, 1)]
    sys.exit(0 if results and all(results) else 1)


def equal(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what or 'value'}: got {_short(got)}, "
                             f"expected {_short(expected)}")


def _short(value, limit=600):
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "..."
