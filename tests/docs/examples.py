# SPDX-License-Identifier: GPL-2.0
"""The examples of the documentation: where each stands, and its text as a
reader would type it.

    README.md, *.md   ```c, ```sh
    *.rst             .. code-block:: c
    man pages         between .EX and .EE, which is C unless the line before
                      says .\\" sh
"""

import os
import re
import textwrap

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
DIRECTIVE = re.compile(r"^( *)\.\. code-block:: (\w+)\n\n((?:\1 +.*\n|\n)+)",
                       re.M)
DISPLAY = re.compile(r'^(?:\.\\" (\w+)\n)?\.EX\n(.*?)^\.EE', re.M | re.S)
# What roff writes with a backslash here, and what it shows.
ESCAPES = {r"\-": "-", r"\e": "\\", r"\(aq": "'", r"\(ha": "^", r"\(ti": "~",
           r"\&": ""}


class Block:
    """One example: file, line, language and text."""

    def __init__(self, file, line, language, text):
        self.file, self.line, self.language = file, line, language
        self.text = textwrap.dedent(text).strip("\n") + "\n"

    def __str__(self):
        return f"{self.file}:{self.line}"


def unroff(text):
    """What a display of a man page shows."""
    return re.sub(r"\\(\(..|.)",
                  lambda match: ESCAPES.get(match[0], "@" + match[0]), text)


def find(name, text):
    """(position, language, text) of each block of a file."""
    if name.endswith(".md"):
        return [(m.start(), m[1], m[2]) for m in FENCED.finditer(text)]
    if name.endswith(".rst"):
        return [(m.start(), m[2], m[3]) for m in DIRECTIVE.finditer(text)]
    return [(m.start(), m[1] or "c", unroff(m[2]))
            for m in DISPLAY.finditer(text)]


def files():
    """All that users read, by its path from the top of the tree."""
    names = ["README.md"]
    for folder, _, found in os.walk(os.path.join(TOP, "Documentation")):
        names += [os.path.relpath(os.path.join(folder, name), TOP)
                  for name in found if re.search(r"\.(md|rst|[1-8])$", name)]
    return sorted(names)


def blocks(*languages, names=None):
    """Those in @languages, if some are given, of all files, or of @names."""
    found = []
    for name in names or files():
        with open(os.path.join(TOP, name), encoding="utf-8") as stream:
            text = stream.read()
        found += [Block(name, text.count("\n", 0, start) + 1, language, block)
                  for start, language, block in find(name, text)
                  if language in languages or not languages]
    return found
