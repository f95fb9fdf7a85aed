# SPDX-License-Identifier: GPL-2.0
"""Who isn't wanted at a tunnel: a host that sends what it makes up or has
overheard, in anybody's name, and a client that says what it likes."""

import ipaddress
import multiprocessing
import random
import socket
import struct
import subprocess

from netns import readable
from tunnel import PORT

_RANDOM_LEN = 2 + 32


def packet(source, target, payload, port=PORT, source_port=PORT):
    """An IPv4 packet with a UDP datagram, both of whatever length."""
    udp = struct.pack("!HHHH", source_port, port, 8 + len(payload), 0)
    return struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64,
        socket.IPPROTO_UDP, 0, ipaddress.ip_address(source).packed,
        ipaddress.ip_address(target).packed) + udp + payload


def packet6(source, target, payload, port=PORT, source_port=PORT):
    """Likewise of IPv6, whose UDP must have its checksum."""
    ends = b"".join(ipaddress.ip_address(end).packed
                    for end in (source, target))
    length = 8 + len(payload)
    udp = struct.pack("!HHHH", source_port, port, length, 0) + payload
    pseudo = ends + struct.pack("!IHBB", length, 0, 0, socket.IPPROTO_UDP)
    total = sum(struct.unpack(f"!{(length + 1) // 2 + 20}H",
                              pseudo + udp + b"\0" * (length & 1)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    udp = udp[:6] + struct.pack("!H", ~total & 0xFFFF or 0xFFFF) + udp[8:]
    return struct.pack("!IHBB", 6 << 28, length, socket.IPPROTO_UDP,
                       64) + ends + udp


def with_sums(bare):
    """An IPv4 packet of packet() with its header's checksum."""
    total = sum(struct.unpack("!10H", bare[:20]))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return bare[:10] + struct.pack("!H", ~total & 0xFFFF) + bare[12:]


class Raw:
    """Sends whole IPv4 packets from @host, by its routes or by @device."""

    def __init__(self, host, device=None):
        self.sock = host.socket(socket.AF_INET, socket.SOCK_RAW,
                                socket.IPPROTO_RAW)
        if device:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                                 device.encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, packets):
        for one in packets:
            self.sock.sendto(one, (socket.inet_ntoa(one[16:20]), 0))

    def flood(self, packets):
        """Again and again, by another process."""
        return Flood(self, packets)


class Flood:
    """Until it's left; .rounds is how often all were sent."""

    def __init__(self, raw, packets):
        self.raw, self.packets = raw, packets
        self.count = multiprocessing.Value("Q", 0)

    def __enter__(self):
        self.process = multiprocessing.Process(target=self._run)
        self.process.start()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.join()

    @property
    def sent(self):
        return self.count.value * len(self.packets)

    def _run(self):
        while True:
            self.raw.send(self.packets)
            self.count.value += 1


def sources(count):
    """Addresses that nobody has here."""
    first = int(ipaddress.ip_address("100.64.0.1"))
    return [str(ipaddress.ip_address(first + number))
            for number in range(count)]


def with_cookie(hello, cookie):
    """@hello, a datagram with a ClientHello without one, has @cookie then."""
    body = 13 + 12
    place = body + _RANDOM_LEN
    place += 1 + hello[place]
    content = hello[body:place] + bytes([len(cookie)]) + cookie + \
        hello[place + 1:]
    length = struct.pack("!I", len(content))[1:]
    message = hello[13:14] + length + hello[17:19] + b"\0\0\0" + length + \
        content
    return hello[:11] + struct.pack("!H", len(message)) + message


def forged(seed, records):
    """Records as if they were next, and others, none of them authentic."""
    chance = random.Random(seed)
    for record in records:
        number = int.from_bytes(record[5:11], "big")
        for ahead in (0, 1, 64, 5000):
            head = record[:5] + (number + ahead).to_bytes(6, "big")
            yield head + record[11:13] + chance.randbytes(len(record) - 13)
        yield record[:-1] + bytes([record[-1] ^ 1])
        yield chance.randbytes(len(record))
        yield record[:3] + b"\0\2" + record[5:]


class FreeClient:
    """OpenSSL's own client with a good certificate: it says what it's told,
    a record a call."""

    def __init__(self, bed, host, name):
        at = bed.server_host.address[socket.AF_INET]
        # What's written at once is read at once.
        self.ours, its = socket.socketpair(socket.AF_UNIX,
                                           socket.SOCK_SEQPACKET)
        with host.entered(), its:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(
                ["openssl", "s_client", "-dtls1_2", "-quiet", "-connect",
                 f"{at}:{PORT}", "-cert", f"{name}.pem", "-key",
                 f"{name}.key", "-CAfile", "ca.pem"], cwd=bed.folder,
                stdin=its, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, bufsize=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.ours.close()

    def say(self, *records):
        for record in records:
            self.ours.send(record)

    def hear(self):
        """What came, one record or several."""
        readable(self.process.stdout, "a record")
        return self.process.stdout.read(65536)

    def fence(self):
        """What it has said was heard."""
        probe = bytes([3]) + b"\0\0\0\7" + bytes(40)
        self.say(probe)
        heard = b""
        while bytes([4]) + probe[1:] not in heard:
            heard += self.hear()


def request(*addresses):
    """REQUEST of message.h, of one who says to have had these."""
    body = b"".join(bytes([len(packed)]) + packed for packed in (
        ipaddress.ip_address(address).packed for address in addresses))
    return bytes([1, 1, len(addresses)]) + body


def given_addresses(config):
    """What a CONFIG of message.h gives."""
    if config[0] != 2:
        raise AssertionError(f"no CONFIG: {config[:40].hex()}")
    found, place = [], 5
    for _ in range(config[4]):
        length = config[place]
        found.append(str(ipaddress.ip_address(
            config[place + 2:place + 2 + length])))
        place += 2 + length
    return found
