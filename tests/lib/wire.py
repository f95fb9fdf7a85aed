# SPDX-License-Identifier: GPL-2.0
"""Frames on the veth pair: made, changed and sent by scapy."""

import socket

from scapy.arch.linux import L2Socket
from scapy.layers.inet import IP, UDP, defragment
from scapy.layers.inet6 import IPv6, defragment6, IPv6ExtHdrFragment
from scapy.layers.l2 import Ether
from scapy.packet import Raw

UDP_HEADER_LEN = 8


class Datagram:
    """A UDP datagram as scapy sees it: a template for others like it."""

    def __init__(self, source, target, family, source_side, target_side):
        network = IP if family == socket.AF_INET else IPv6
        self.packet = (Ether(src=source_side.mac, dst=target_side.mac)
                       / network(src=source[0], dst=target[0])
                       / UDP(sport=source[1], dport=target[1]))

    def frame(self, payload, **changed):
        """A frame with @payload; src, dst, sport and dport may differ."""
        packet = self.packet.copy()
        for name, value in changed.items():
            layer = packet[UDP] if name.endswith("port") else packet[1]
            setattr(layer, name, value)
        return bytes(packet / Raw(payload))


def with_payload(frame, payload):
    """A captured UDP frame, as if it had carried @payload."""
    packet = Ether(frame)
    packet[UDP].remove_payload()
    for layer, names in ((1, ("len", "chksum", "plen")),
                         (UDP, ("len", "chksum"))):
        for name in names:
            if name in packet[layer].fields:
                delattr(packet[layer], name)
    return bytes(packet / Raw(payload))


class Injector:
    """Puts frames on the wire at one side."""

    def __init__(self, side):
        with side.entered():
            self.socket = L2Socket(iface=side.device, promisc=False)

    def send(self, frames):
        for frame in frames:
            self.socket.outs.send(frame)

    def close(self):
        self.socket.close()


def is_fragment(frame):
    packet = Ether(frame)
    if packet.haslayer(IPv6ExtHdrFragment):
        return True
    return packet.haslayer(IP) and (packet[IP].flags.MF
                                    or packet[IP].frag > 0)


def reassembled_payload(frames):
    """The UDP payload that the fragments of one datagram carry."""
    packets = [Ether(frame) for frame in frames if is_fragment(frame)]
    if packets[0].haslayer(IP):
        whole = defragment([packet[IP] for packet in packets])[0]
    else:
        whole = defragment6([packet[IPv6] for packet in packets])
    return bytes(whole.payload)[UDP_HEADER_LEN:]
