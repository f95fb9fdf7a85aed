# SPDX-License-Identifier: GPL-2.0
"""Hosts, each in a network namespace, and the router between them."""

import os
import socket
import subprocess

from netns import Namespace

ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}


class Host(Namespace):
    """Network @number is its own: it's there as eth0, the router as to@number.
    """

    def __init__(self, name, number):
        super().__init__(name)
        self.number = number
        self.device = "eth0"
        self.address = self.at(2)

    def at(self, place):
        """Addresses of its network, by family; the router is at 1."""
        return {socket.AF_INET: f"198.18.{self.number}.{place}",
                socket.AF_INET6: f"2001:db8:{self.number:x}::{place:x}"}

    def start(self):
        self.ip("link set lo up", "link set eth0 addrgenmode none up",
                *self._add_addresses())

    def _add_addresses(self):
        """And the way to the other networks."""
        router = self.at(1)
        return [f"addr add {self.address[family]}/{bits} dev eth0 {options}"
                for family, bits, options in _FAMILIES] + [
            f"route replace default via {router[family]}"
            for family in router]

    def move(self, place):
        """To other addresses of its network: what was bound to its own is
        left with those that are gone."""
        old = [f"addr del {self.address[family]}/{bits} dev eth0"
               for family, bits, _ in _FAMILIES]
        self.address = self.at(place)
        self.ip(*old, *self._add_addresses())


_FAMILIES = ((socket.AF_INET, 24, ""), (socket.AF_INET6, 64, "nodad"))


class Routed:
    """A router, and hosts that are added; all is taken down at the end."""

    def __init__(self):
        self.tag = f"kdtls-{os.getpid()}"
        self.router = Namespace(f"{self.tag}-router")
        self.hosts = []

    def __enter__(self):
        _ip("netns add", self.router)
        self.router.ip("link set lo up")
        with self.router.entered():
            for switch in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
                _write(f"/proc/sys/net/{switch}", "1")
        return self

    def __exit__(self, *_):
        _ip("netns del", self.router, *self.hosts)

    def add(self, count=1):
        """So many more hosts, in few steps; a list of them."""
        first = len(self.hosts) + 1
        new = [Host(f"{self.tag}-{number}", number)
               for number in range(first, first + count)]
        _ip("netns add", *new)
        self.hosts += new
        # The kernel takes its time to notice that a link is up whose ends have
        # the same index: a host's first one is 2.
        self.router.ip(*(
            f"link add to{host.number} index {100 + host.number} type veth"
            f" peer name eth0 netns {host.name}" for host in new))
        self.router.ip(*(line for host in new
                         for line in self._router_end(host)))
        for host in new:
            host.start()
        return new

    @staticmethod
    def _router_end(host):
        yield f"link set to{host.number} addrgenmode none up"
        # What it asks neighbours from, for packets of others.
        yield f"addr add fe80::1/64 dev to{host.number} nodad"
        for family, bits, options in _FAMILIES:
            yield (f"addr add {host.at(1)[family]}/{bits}"
                   f" dev to{host.number} {options}")

    def degrade(self, *words, hosts):
        """On the way to each of @hosts, as netem has it: "loss 2%" """
        for host in hosts:
            self._tc("replace", host, "netem", *words)

    def restore(self, hosts):
        for host in hosts:
            self._tc("del", host)

    def _tc(self, verb, host, *words):
        with self.router.entered():
            subprocess.run(["tc", "qdisc", verb, "dev", f"to{host.number}",
                            "root", *" ".join(words).split()], check=True)

    def filter(self, rules):
        """What the router forwards and sends passes these lines of nft; none:
        all is as before."""
        text = "table inet test\ndelete table inet test\n"
        if rules:
            text += "table inet test {\n" + "".join(
                f"chain {chain} {{ type filter hook {chain} priority 0;\n"
                + "\n".join(lines) + "\n}\n"
                for chain, lines in rules.items()) + "}\n"
        with self.router.entered():
            subprocess.run(["nft", "-f", "-"], check=True, input=text,
                           text=True)


def _write(path, text):
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


def _ip(verb, *spaces):
    subprocess.run(["ip", "-batch", "-"], check=True, text=True,
                   input="".join(f"{verb} {space.name}\n"
                                 for space in spaces))
