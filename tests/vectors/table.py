#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Print the records of a JSON file as a table of struct vector (vector.h)."""

import json
import sys


def octets(text):
    """A string literal of these bytes."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in bytes.fromhex(text)) + '"'


def row(vector):
    """One initialiser."""
    fields = {
        "id": vector["id"],
        "aead": json.dumps(vector["aead"]),
        "epoch": vector["epoch"],
        "seq": f'{vector["seq"]}ULL',
        "type": vector["type"],
        "tag_len": vector["taglen"],
    }
    fields["inner_len"] = vector["inner_len"]
    for field in ("key", "fixed_iv", "aad", "nonce", "explicit_nonce", "cid",
                  "plaintext", "record"):
        fields[field] = octets(vector[field])
        fields[field + "_len"] = len(vector[field]) // 2
    return ", ".join(f".{name} = {value}" for name, value in fields.items())


def main():
    """Table to standard output."""
    if len(sys.argv) != 3:
        sys.exit("usage: table.py NAME FILE.json")
    name = sys.argv[1]
    with open(sys.argv[2], encoding="utf-8") as file:
        vectors = json.load(file)
    print('#include "vector.h"')
    print(f"const struct vector {name}[] = {{")
    for vector in vectors:
        print(f"\t{{ {row(vector)} }},")
    print("};")
    print(f"const unsigned int {name}_count = {len(vectors)};")


main()
