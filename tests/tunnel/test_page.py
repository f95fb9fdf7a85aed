#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the tunnel's page says is what works: its files are written and its
commands typed, as they stand, in one shell, on a machine of this kernel.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.realpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

# pylint: disable=wrong-import-position
from harness import case, diagnose, equal, main  # noqa: E402
from programs import BUILT, Program  # noqa: E402
from tunnel import make_tun_known  # noqa: E402

PAGE = os.path.join(TOP, "Documentation", "networking", "dtls-tunnel.rst")
SBIN = "/usr/local/sbin"
END = "this command ended: "
# What a command in the background has said when the next one may be typed.
READY = {"server.conf": "listening on 192.0.2.1 port 4433",
         "laptop.conf": "laptop: connected from "}


def page():
    with open(PAGE, encoding="utf-8") as stream:
        return stream.read()


def indented(text, after):
    """Blocks that follow the pattern @after, without their indentation."""
    return [re.sub(r"^ {2,6}", "", block, flags=re.M).strip() + "\n"
            for block in re.findall(
                rf"^{after}\n\n((?: +.*\n|\n)+)", text, re.M)]


def files():
    """name -> text"""
    text = page()
    return {name: indented(text, rf"``{name}``\n    ::")[0]
            for name in re.findall(r"^``(\w+\.conf)``$", text, re.M)}


def commands():
    return [line for block in indented(page(), r"\.\. code-block:: sh")
            for line in block.splitlines() if line]


class Here:
    """The namespace that we're in, for programs.Program."""

    @staticmethod
    def entered():
        return contextlib.nullcontext()


class Shell(Program):
    """One that all commands are typed into."""

    def __init__(self):
        super().__init__(Here, "bash")
        self.folder = tempfile.mkdtemp()
        self.say(f"cd {self.folder}\n")
        for name, text in files().items():
            with open(os.path.join(self.folder, name), "w",
                      encoding="utf-8") as stream:
                stream.write(text)

    def type(self, command):
        """As it stands; its exit status, and wait until it's in effect."""
        begin = self.read_to
        self.say(f'{command}\necho "{END}$?"\n')
        status = int(self.expect(END))
        for name, text in READY.items():
            if name in command and command.endswith("&"):
                self.expect_anywhere(text, begin)
        if status:
            diagnose(self.said[begin:].decode(errors="replace"))
        equal(status, 0, "exit status")

    def expect_anywhere(self, text, begin):
        """Whether it was said before the command's end or comes later."""
        self.read_to = begin
        self.expect(text)


@case()
def hosts_are_joined_in_less_than_ten_commands(_):
    number = next(number for number, line in enumerate(commands(), 1)
                  if " ping " in line)
    equal(number < 10, True, f"{number} commands, the first ping included")


@case(variants=[(line,) for line in commands()])
def tunnel_command_works(command):
    SHELL.type(*command)


@case()
def both_ends_said_what_the_page_has(_):
    said = SHELL.said.decode()
    for text in ("device kdtls0, crypto in the kernel",
                 "connected to 192.0.2.1 port 4433: 10.9.0.2/24 fd09::2/64, ",
                 "laptop: connected from 192.0.2.2 port "):
        equal(text in said, True, f"{text!r} in {said}")


@case()
def certificates_of_the_page_join_too(_):
    """With the options that it names in place of psk."""
    folder = SHELL.folder
    for name, text in files().items():
        end = name.removesuffix(".conf")
        text = text.replace("psk = keys", f"cert = {end}.pem\n"
                            f"key = {end}.key\nca = ca.pem")
        text = text.replace("[client]", "[client]\nserver-name = vpn.example")
        with open(os.path.join(folder, name), "w",
                  encoding="utf-8") as stream:
            stream.write(text)
    for command in commands():
        if command.startswith("sudo") and " -USR1 " not in command:
            SHELL.type(command)


@case()
def nothing_of_the_tunnel_is_left(_):
    SHELL.type("wait")
    for path in ("/sys/class/net/kdtls0", "/sys/class/net/wire",
                 "/run/netns/laptop"):
        equal(os.path.exists(path), False, f"{path} is still there")


if __name__ == "__main__":
    make_tun_known()
    shutil.copy(os.path.join(BUILT, "kdtls-tunnel"), SBIN)
    with Shell() as SHELL:
        main()
    subprocess.run(["rm", os.path.join(SBIN, "kdtls-tunnel")], check=True)
