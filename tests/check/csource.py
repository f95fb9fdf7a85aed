# SPDX-License-Identifier: GPL-2.0
"""C sources as text: enough of the language for code in the kernel's style,
where a function's body begins and ends with a brace in the first column."""

import collections
import re

Function = collections.namedtuple(
    "Function", "name header first last static body_at body_end")

TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
BODY = re.compile(r"^\{[^\n]*$(.*?)^\}", re.M | re.S)
ONE_LINE = re.compile(r"^[A-Za-z_][^\n;={}]*\)\s*(\{[^\n]*\})[ \t]*$", re.M)
NAME = re.compile(r"(\w+)\s*\(")
CONTROL = {"__attribute__", "__acquires", "__releases", "__must_hold"}


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def strip_comments(text):
    """Comments become blanks; lines and columns stay."""
    return TOKEN.sub(lambda match: _blank(match[0])
                     if match[0].startswith("/") else match[0], text)


def strip(text):
    """Comments, and what stands in strings, become blanks."""
    return TOKEN.sub(lambda match: _blank(match[0])
                     if match[0].startswith("/")
                     else match[0][0] + _blank(match[0][1:-1]) + match[0][0],
                     text)


def line_of(text, position):
    """The line number, from 1, of a position in text."""
    return text.count("\n", 0, position) + 1


def _header_start(text, end):
    """Where the declaration that ends at @end begins: after the last line that
    ends a statement, a block, a directive, or is empty."""
    start = end
    while start > 0:
        previous = text.rfind("\n", 0, start - 1) + 1
        line = text[previous:start].strip()
        if not line or line[0] in "#}" or line[-1] in ";}\\:":
            break
        start = previous
    return start


def _function(text, start, body_at, end):
    header = text[start:body_at]
    names = [match for match in NAME.finditer(header)
             if match[1] not in CONTROL]
    if not names or "=" in header.split("(")[0]:
        return None
    words = header[:names[0].start()].split()
    return Function(names[0][1], " ".join(header.split()),
                    line_of(text, start), line_of(text, end - 1),
                    "static" in words, body_at, end)


def functions(text):
    """The functions that @text, stripped, defines."""
    found = []
    for match in BODY.finditer(text):
        start = _header_start(text, match.start())
        found.append(_function(text, start, match.start(), match.end()))
    for match in ONE_LINE.finditer(text):
        found.append(_function(text, match.start(), match.start(1),
                               match.end()))
    return sorted((function for function in found if function),
                  key=lambda function: function.first)
