# SPDX-License-Identifier: GPL-2.0
"""What was measured by the clock (BENCH=wall)."""

import collections
import csv
import os
import statistics

SENDER, SENDERS, TRANSFER = "sender", "senders", "transfer"


def _kernel(folder):
    with open(os.path.join(folder, "wall.machine"),
              encoding="utf-8") as stream:
        return stream.readline().rstrip("\n")


class Wall:
    """Medians over the rounds, by what, mode, cipher and size."""

    def __init__(self, rows):
        self.rounds = collections.defaultdict(list)
        for row in rows:
            key = tuple(row[name] for name in ("what", "mode", "cipher",
                                               "size"))
            self.rounds[key].append(row)

    @classmethod
    def of(cls, folder, kernel=None):
        """What is in FOLDER; nothing if it was never measured, or with another
        kernel than what a machine's first line says."""
        path = os.path.join(folder, "wall.csv")
        if not os.path.exists(path) or kernel not in (None, _kernel(folder)):
            return cls([])
        with open(path, encoding="utf-8") as stream:
            return cls(csv.DictReader(stream))

    def median(self, key, column):
        values = [float(row[column]) for row in self.rounds.get(key, ())
                  if row[column]]
        return statistics.median(values) if values else None

    def modes(self):
        """(mode, cipher, size), in the order that they were measured."""
        return list(dict.fromkeys(key[1:] for key in self.rounds))

    def ratio(self, *mode):
        """Two senders against one, round by round, since load comes and goes:
        the median."""
        ratios = [float(two["a_second"]) / float(one["a_second"])
                  for one, two in zip(self.rounds.get((SENDER, *mode), ()),
                                      self.rounds.get((SENDERS, *mode), ()))]
        return statistics.median(ratios) if ratios else None
