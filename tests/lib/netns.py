# SPDX-License-Identifier: GPL-2.0
"""Two network namespaces with a veth pair between them, and taps on it."""

import contextlib
import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess

CLONE_NEWNET = 0x40000000
MTU = 1500
TIMEOUT = 60

_ETH_P_ALL = 3
_SIOCETHTOOL = 0x8946
_ETHTOOL_STXCSUM = 0x17
_SO_RCVBUFFORCE = 33
_UDP_HEADER_LEN = 8
_libc = ctypes.CDLL(None, use_errno=True)


class Timeout(Exception):
    """What was waited for did not come."""


def readable(sock, what):
    if not select.select([sock], [], [], TIMEOUT)[0]:
        raise Timeout(what)


def udp_payload(frame):
    """The payload of an unfragmented UDP frame, else None; cheap."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and frame[23] == socket.IPPROTO_UDP \
            and not (frame[20] & 0x3F or frame[21]):
        start = 14 + 4 * (frame[14] & 15)
    elif kind == b"\x86\xdd" and frame[20] == socket.IPPROTO_UDP:
        start = 14 + 40
    else:
        return None
    length = int.from_bytes(frame[start + 4:start + 6], "big")
    return frame[start + _UDP_HEADER_LEN:start + length]


def udp_payloads(frames):
    """The payloads of those frames that carry whole UDP datagrams."""
    return [payload for payload in map(udp_payload, frames)
            if payload is not None]


class Namespace:
    """A network namespace, by its name."""

    def __init__(self, name):
        self.name = name

    @contextlib.contextmanager
    def entered(self):
        """The calling thread is in this namespace meanwhile."""
        with open("/proc/thread-self/ns/net", "rb") as before, \
                open(f"/run/netns/{self.name}", "rb") as inside:
            _setns(inside)
            try:
                yield self
            finally:
                _setns(before)

    def socket(self, family, kind=socket.SOCK_DGRAM, protocol=0):
        with self.entered():
            return socket.socket(family, kind, protocol)

    def ip(self, *lines):
        """Commands for ip -batch."""
        _ip("-n", self.name, "-batch", "-", given="\n".join(lines) + "\n")


class Side(Namespace):
    """One namespace and its end of the veth pair."""

    def __init__(self, name, number, other):
        super().__init__(name)
        self.device = f"veth{number}"
        self.mac = f"02:00:00:00:00:0{number}"
        self.address = {socket.AF_INET: f"192.0.2.{number}",
                        socket.AF_INET6: f"2001:db8::{number}"}
        self.spare = {socket.AF_INET: f"192.0.2.{number + 10}",
                      socket.AF_INET6: f"2001:db8::{number + 10}"}
        self.other_number = other

    def udp(self, family, port=0):
        """A UDP socket on this side's address."""
        sock = self.socket(family)
        sock.bind((self.address[family], port))
        return sock

    def configuration(self):
        other = self.other_number
        mac = f"02:00:00:00:00:0{other}"
        lines = ["link set lo up",
                 f"link set {self.device} address {self.mac} mtu {MTU} up"]
        # Nothing is sent from the spare ones unless it's bound there.
        for four, six in ((self.address, "nodad"),
                          (self.spare, "nodad preferred_lft 0")):
            lines += [f"addr add {four[socket.AF_INET]}/24"
                      f" dev {self.device}",
                      f"addr add {four[socket.AF_INET6]}/64"
                      f" dev {self.device} {six}"]
        for peer in (f"192.0.2.{other}", f"2001:db8::{other}"):
            lines.append(f"neigh replace {peer} lladdr {mac}"
                         f" dev {self.device} nud permanent")
        return lines


class Pair:
    """@left and @right; a context manager that takes both down again."""

    def __init__(self):
        tag = f"kdtls-{os.getpid()}"
        self.left = Side(tag + "-left", 1, 2)
        self.right = Side(tag + "-right", 2, 1)
        self.sides = (self.left, self.right)

    def __enter__(self):
        for side in self.sides:
            _ip("netns", "add", side.name)
        try:
            self._configure()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for side in self.sides:
            _ip("netns", "del", side.name)

    def _configure(self):
        left, right = self.sides
        _ip("-n", left.name, "link", "add", left.device, "type", "veth",
            "peer", "name", right.device, "netns", right.name)
        for side in self.sides:
            side.ip(*side.configuration())
            _checksum_in_software(side)

    def fence(self, family=socket.AF_INET):
        """Return once the left side's frames so far were received.

        A datagram follows them through the same queues: per-CPU queues, so
        callers that need it stay on one CPU.
        """
        with self.right.udp(family) as sink, self.left.udp(family) as source:
            source.sendto(b"fence", sink.getsockname()[:2])
            readable(sink, "fence")


def _setns(stream):
    if _libc.setns(stream.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*words, given=None):
    subprocess.run(["ip", *words], check=True, input=given, text=True)


def _checksum_in_software(side):
    """A tap's frames shall carry the checksum that goes on a real wire."""
    off = ctypes.create_string_buffer(
        struct.pack("=II", _ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP", side.device.encode(),
                          ctypes.addressof(off))
    with side.socket(socket.AF_INET) as sock:
        fcntl.ioctl(sock, _SIOCETHTOOL, request)


class Tap:
    """AF_PACKET on one side's device: frames as they were on the wire.

    Nothing is read before frames() or wait(), so that the receiving socket
    works on buffers that the tap shares.
    """

    def __init__(self, side):
        self.sock = side.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 256 << 20)
        self.sock.bind((side.device, _ETH_P_ALL))
        self.seen = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def frames(self):
        """All frames since the tap was opened."""
        while True:
            try:
                self.seen.append(self.sock.recv(65536, socket.MSG_DONTWAIT))
            except BlockingIOError:
                return self.seen

    def wait(self, count):
        """The frames, once there are @count of them."""
        while len(self.frames()) < count:
            readable(self.sock, f"{len(self.seen)} of {count} frames")
        return self.seen

    def drops(self):
        """Frames the tap had no room for (PACKET_STATISTICS)."""
        return struct.unpack("=II", self.sock.getsockopt(263, 6, 8))[1]
