# SPDX-License-Identifier: GPL-2.0
"""What the plugin counted, by function."""

import bisect
import collections
import os

KERNEL_BEGINS = 1 << 63
LEAST_SHARE = 0.001


class Symbols:
    """What is at an address."""

    def __init__(self, kallsyms, maps):
        self.functions = sorted(self._functions(kallsyms))
        self.addresses = [address for address, _ in self.functions]
        self.maps = list(self._maps(maps))

    @staticmethod
    def _functions(lines):
        for line in lines:
            address, kind, name, *module = line.split()
            if kind in "tTwW" and int(address, 16) >= KERNEL_BEGINS:
                yield int(address, 16), " ".join([name, *module])

    @staticmethod
    def _maps(lines):
        for line in lines:
            addresses, *_, path = line.rstrip("\n").split(" ")
            begin, end = (int(part, 16) for part in addresses.split("-"))
            yield begin, end, os.path.basename(path) or "memory"

    def name(self, address):
        if address >= KERNEL_BEGINS:
            place = bisect.bisect(self.addresses, address) - 1
            return self.functions[place][1] if place >= 0 else "kernel"
        for begin, end, name in self.maps:
            if begin <= address < end:
                return f"<{name}>"
        return "<unknown>"


def by_function(lines, symbols):
    """Function: instructions to send and to receive, of all rounds."""
    sums = collections.defaultdict(lambda: [0, 0])
    for line in lines:
        address, *counts = line.split()
        entry = sums[symbols.name(int(address, 16))]
        for column, count in enumerate(counts):
            entry[column] += int(count)
    return sums


def table(sums, datagrams):
    """Lines, those with most first."""
    total = [sum(counts[column] for counts in sums.values())
             for column in (0, 1)]
    yield f"{'share':>6} {'tx':>9} {'rx':>9}  function"
    rows = sorted(sums.items(), key=lambda row: -sum(row[1]))
    for name, counts in [("total", total), *rows]:
        share = sum(counts) / max(1, sum(total))
        if share < LEAST_SHARE:
            break
        yield (f"{share:6.1%} {counts[0] / datagrams:9.1f} "
               f"{counts[1] / datagrams:9.1f}  {name}")
