# SPDX-License-Identifier: GPL-2.0
"""IP packets as they cross a tunnel, each made from its fields alone, and what a
device with IFF_VNET_HDR says of them. Nothing here is taken from a longer packet
or changed in place, as the programs under test do it."""

import collections
import socket
import struct

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
ICMP, TCP, UDP, FRAGMENT, ICMPV6, DSTOPTS = 1, 6, 17, 44, 58, 60
DF, MF = 0x4000, 0x2000

UNSUMMED = 0x80
CHECK_AT = {TCP: 16, UDP: 6, ICMPV6: 2, ICMP: 2}

NEEDS_CSUM = 1
GSO_NONE, GSO_TCPV4, GSO_UFO, GSO_TCPV6, GSO_UDP_L4, GSO_ECN = \
    0, 1, 3, 4, 5, 0x80

# struct virtio_net_hdr
Header = collections.namedtuple(
    "Header", "flags gso_type hdr_len gso_size csum_start csum_offset")
NO_HEADER = Header(0, 0, 0, 0, 0, 0)


def ones_sum(data):
    """RFC 1071, word by word."""
    data = bytes(data) + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def checksum(data):
    return ones_sum(data) ^ 0xffff


def ipv4(source, destination, protocol, payload, **fields):
    """@fields: tos, id, fragment (flags and offset), ttl, options"""
    options = fields.get("options", b"")
    length = 20 + len(options) + len(payload)
    header = [0x45 + len(options) // 4, fields.get("tos", 0), length,
              fields.get("id", 0x1234), fields.get("fragment", DF),
              fields.get("ttl", 64), protocol, 0,
              socket.inet_aton(source), socket.inet_aton(destination)]
    layout = "!BBHHHBBH4s4s"
    header[7] = checksum(struct.pack(layout, *header) + options)
    return struct.pack(layout, *header) + options + payload


def ipv6(source, destination, protocol, payload, **fields):
    """@fields: traffic_class, flow, hops, extensions: bytes, whose first one's
    number is extension"""
    extensions = fields.get("extensions", b"")
    first = (6 << 28 | fields.get("traffic_class", 0) << 20
             | fields.get("flow", 0x12345))
    return struct.pack(
        "!IHBB16s16s", first, len(extensions) + len(payload),
        fields.get("extension", protocol), fields.get("hops", 64),
        socket.inet_pton(socket.AF_INET6, source),
        socket.inet_pton(socket.AF_INET6, destination)) + extensions + payload


def tcp(content, **fields):
    """Without a checksum. @fields: seq, ack, flags, window, options, ports"""
    options = fields.get("options", b"")
    return struct.pack(
        "!HHIIBBHHH", *fields.get("ports", (40000, 443)),
        fields.get("seq", 1000) & 0xffffffff, fields.get("ack", 77),
        (20 + len(options)) // 4 << 4, fields.get("flags", ACK),
        fields.get("window", 501), 0, fields.get("urgent", 0)
    ) + options + content


def udp(content, ports=(40000, 53)):
    """Without a checksum."""
    return struct.pack("!HHHH", *ports, 8 + len(content), 0) + content


def pseudo(source, destination, protocol, length):
    if ":" in source:
        return (socket.inet_pton(socket.AF_INET6, source)
                + socket.inet_pton(socket.AF_INET6, destination)
                + struct.pack("!II", length, protocol))
    return (socket.inet_aton(source) + socket.inet_aton(destination)
            + struct.pack("!BBH", 0, protocol, length))


def with_check(segment, protocol, value):
    at = CHECK_AT[protocol]
    return segment[:at] + struct.pack("!H", value) + segment[at + 2:]


class Flow:
    """From one host to the other one. @ip are the fields of each IP header."""

    def __init__(self, source="10.9.0.2", destination="10.9.0.1", **ip):
        self.source, self.destination, self.ip = source, destination, ip
        self.version = 6 if ":" in source else 4
        self.headers = 40 + len(ip.get("extensions", b"")) \
            if self.version == 6 else 20 + len(ip.get("options", b""))

    def packet(self, protocol, payload, **ip):
        make = ipv6 if self.version == 6 else ipv4
        return make(self.source, self.destination, protocol, payload,
                    **{**self.ip, **ip})

    def _pseudo(self, protocol, segment):
        return pseudo(self.source, self.destination, protocol, len(segment))

    def summed(self, protocol, segment, **ip):
        """With its checksum."""
        value = checksum(self._pseudo(protocol, segment) + segment)
        if protocol == UDP and not value:
            value = 0xffff
        return self.packet(protocol, with_check(segment, protocol, value), **ip)

    def partial(self, protocol, segment, **ip):
        """As the kernel leaves it to a device: the pseudo-header is summed."""
        value = ones_sum(self._pseudo(protocol, segment))
        return self.packet(protocol, with_check(segment, protocol, value), **ip)

    def unsummed(self, protocol, segment, **ip):
        """As it's on the wire; the checksum means nothing, and is 0 here."""
        packet = self.packet(protocol, segment, **ip)
        return bytes([packet[0] | UNSUMMED]) + packet[1:]

    def header(self, protocol, headers=0, gso=GSO_NONE, size=0):
        return Header(NEEDS_CSUM, gso, headers, size, self.headers,
                      CHECK_AT[protocol])


def without_check(packet):
    """The packet, with 0 for a checksum that was left out."""
    if not packet[0] & UNSUMMED:
        return packet
    six = packet[0] >> 4 & 7 == 6
    start = 40 if six else (packet[0] & 15) * 4
    at = start + CHECK_AT[packet[6 if six else 9]]
    return packet[:at] + b"\0\0" + packet[at + 2:]
