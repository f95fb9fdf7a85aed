# SPDX-License-Identifier: GPL-2.0
"""DTLS 1.2 records by Python's cryptography, apart from the code under test.

RFC 6347 4.1 (header), RFC 5246 6.2.3.3 (AAD), RFC 5288 and RFC 6655 (explicit
nonces), RFC 7905 (ChaCha20-Poly1305).
"""

import struct
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import (
    AESCCM, AESGCM, ChaCha20Poly1305)

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
TLS12_CID = 25
TLS12_CID = 25
VERSION = 0xFEFD
VERSION_1_0 = 0xFEFF
HEADER_LEN = 13
MAX_PAYLOAD = 1 << 14
SEQ_END = 1 << 48

HEADER = struct.Struct("!BHHHIH")


class Cipher(NamedTuple):
    """What sets one AEAD of DTLS 1.2 apart; lengths in bytes."""
    key_len: int
    iv_len: int
    explicit_len: int
    tag_len: int
    make: object


CIPHERS = {
    "AES-128-GCM": Cipher(16, 4, 8, 16, AESGCM),
    "AES-256-GCM": Cipher(32, 4, 8, 16, AESGCM),
    "CHACHA20-POLY1305": Cipher(32, 12, 0, 16, ChaCha20Poly1305),
    "AES-128-CCM": Cipher(16, 4, 8, 16, AESCCM),
    "AES-256-CCM": Cipher(32, 4, 8, 16, AESCCM),
    "AES-128-CCM-8": Cipher(16, 4, 8, 8, lambda key: AESCCM(key, 8)),
    "AES-256-CCM-8": Cipher(32, 4, 8, 8, lambda key: AESCCM(key, 8)),
}


class Malformed(Exception):
    """Bytes that form no record."""


class Header(NamedTuple):
    """The 13 bytes before each record's fragment."""
    type: int
    version: int
    epoch: int
    seq: int
    length: int

    def pack(self):
        return HEADER.pack(self.type, self.version, self.epoch,
                           self.seq >> 32, self.seq & 0xFFFFFFFF, self.length)


def parse_header(data, cid_len=0):
    """@cid_len: of the connection ID in a record that has one."""
    if data[:1] == bytes([TLS12_CID]):
        data = data[:11] + data[11 + cid_len:]
    if len(data) < HEADER_LEN:
        raise Malformed(f"{len(data)} bytes are no header")
    kind, version, epoch, high, low, length = HEADER.unpack_from(data)
    return Header(kind, version, epoch, high << 32 | low, length)


def records(datagram, cid_len=0):
    """Cut a datagram into its records, by their lengths alone."""
    found = []
    while datagram:
        header = parse_header(datagram, cid_len)
        end = HEADER_LEN + header.length
        end += cid_len if header.type == TLS12_CID else 0
        if end > len(datagram):
            raise Malformed("length past the end")
        found.append(datagram[:end])
        datagram = datagram[end:]
    return found


def repeats(headers):
    """What a sender said again, as its timer told it to on a slow machine:
    records of a Finished beyond the first, and of the handshake in the clear.
    Whether its peer had handed over already by then, only its timer knows.
    """
    finished = sum(header.epoch > 0 and header.type == HANDSHAKE
                   for header in headers)
    return max(0, finished - 1), sum(not header.epoch for header in headers)


def plain(kind, epoch, seq, fragment, version=VERSION):
    """An unprotected record, as a handshake sends them in epoch 0."""
    return Header(kind, version, epoch, seq, len(fragment)).pack() + fragment


def additional_data(header):
    """It begins with what a header has in its middle."""
    packed = header.pack()
    return packed[3:11] + packed[:3] + packed[11:]


class Key:
    """One direction's key of one epoch."""

    def __init__(self, cipher, key, iv, epoch=1):
        self.cipher_name = cipher
        self.cipher = CIPHERS[cipher]
        self.key, self.iv, self.epoch = key, iv, epoch
        if (len(key), len(iv)) != (self.cipher.key_len, self.cipher.iv_len):
            raise ValueError("key or IV of a wrong length for " + cipher)
        self.aead = self.cipher.make(key)

    @property
    def overhead(self):
        """Bytes a record adds to its content."""
        return HEADER_LEN + self.cipher.explicit_len + self.cipher.tag_len

    def nonce(self, epoch_seq, explicit):
        if self.cipher.explicit_len:
            return self.iv + explicit
        padded = bytes(4) + epoch_seq
        return bytes(a ^ b for a, b in zip(self.iv, padded))

    def seal(self, seq, payload, kind=APPLICATION_DATA, explicit=None,
             version=VERSION, epoch=None, wrong=None):
        """A whole record; @explicit defaults to epoch || seq. @wrong: fields
        that the additional data has otherwise than it should."""
        epoch = self.epoch if epoch is None else epoch
        header = Header(kind, version, epoch, seq, len(payload))
        epoch_seq = header.pack()[3:11]
        explicit = epoch_seq if explicit is None else explicit
        sealed = self.aead.encrypt(self.nonce(epoch_seq, explicit), payload,
                                   additional_data(header._replace(**wrong or {})))
        if self.cipher.explicit_len:
            sealed = explicit + sealed
        return plain(kind, epoch, seq, sealed, version)

    def explicit_nonce(self, record):
        return record[HEADER_LEN:HEADER_LEN + self.cipher.explicit_len]

    def open(self, record):
        """Header and content; InvalidTag if it doesn't authenticate."""
        header = parse_header(record)
        fragment = record[HEADER_LEN:]
        if len(fragment) != header.length:
            raise Malformed("not one whole record")
        payload_len = header.length + HEADER_LEN - self.overhead
        if payload_len < 0:
            raise Malformed("fragment shorter than nonce and tag")
        epoch_seq = record[3:11]
        aad = epoch_seq + record[:3] + struct.pack("!H", payload_len)
        explicit = fragment[:self.cipher.explicit_len]
        sealed = fragment[self.cipher.explicit_len:]
        return header, self.aead.decrypt(self.nonce(epoch_seq, explicit),
                                         sealed, aad)

    def opens(self, record):
        try:
            self.open(record)
        except (InvalidTag, Malformed):
            return False
        return True
