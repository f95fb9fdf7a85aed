# SPDX-License-Identifier: GPL-2.0
"""What a receiver must do with a datagram, after dtls.rst and RFC 6347.

Written for clearness, from the text: no ring, no shifts.
"""

from cryptography.exceptions import InvalidTag

import dtls12
import kdtls

_TYPES = (dtls12.ALERT, dtls12.HANDSHAKE, dtls12.APPLICATION_DATA)


class Window:
    """Replay window of one epoch: RFC 6347, 4.1.2.6."""

    def __init__(self, width, next_seq=0):
        self.width, self.next, self.seen = width, next_seq, set()
        self.floor = next_seq

    def verdict(self, seq):
        if seq < self.next - self.width:
            return "rx_too_old"
        if seq in self.seen or seq < self.floor:
            return "rx_replayed"
        return None

    def accept(self, seq):
        self.seen.add(seq)
        self.next = max(self.next, seq + 1)


class Receiver:
    """One association's receiving direction."""

    def __init__(self, window_bits=kdtls.WINDOW_DEFAULT):
        self.window_bits = window_bits
        self.epochs = {}
        self.counts = dict.fromkeys(kdtls.STATS, 0)
        self.delivered = []

    def install(self, key, next_seq=0):
        self.epochs[key.epoch] = (key, Window(self.window_bits, next_seq))
        for epoch in sorted(self.epochs)[:-2]:
            del self.epochs[epoch]

    def datagram(self, datagram):
        """Take one datagram, as the kernel must."""
        malformed = not datagram
        while datagram:
            record, datagram = _first_record(datagram)
            verdict = self._record(record) if record else "rx_malformed"
            if verdict == "rx_malformed":
                malformed = True
            else:
                self.counts[verdict] += 1
        self.counts["rx_malformed"] += malformed

    def _record(self, record):
        header = dtls12.parse_header(record)
        if header.version != dtls12.VERSION:
            return "rx_malformed"
        # Which types and lengths are right is a matter of the epoch: a
        # ChangeCipherSpec of epoch 0 is a record, of a wrong epoch.
        if header.epoch not in self.epochs:
            newest = max(self.epochs, default=0)
            return ("rx_no_key" if header.epoch > newest
                    else "rx_wrong_epoch")
        key, window = self.epochs[header.epoch]
        payload_len = len(record) - key.overhead
        # Nobody here agreed on connection IDs.
        if header.type == dtls12.TLS12_CID:
            return "rx_wrong_cid"
        if header.type not in _TYPES \
                or not 0 <= payload_len <= dtls12.MAX_PAYLOAD:
            return "rx_malformed"
        return (window.verdict(header.seq)
                or self._protected(key, window, record))

    def _protected(self, key, window, record):
        try:
            header, payload = key.open(record)
        except InvalidTag:
            return "rx_bad_tag"
        window.accept(header.seq)
        self.delivered.append(kdtls.Record(header.type, payload))
        return "rx_delivered"


def _first_record(datagram):
    """The first record and the rest; no record if it has no end here."""
    try:
        end = (dtls12.HEADER_LEN
               + dtls12.parse_header(datagram).length)
    except dtls12.Malformed:
        return None, b""
    if end > len(datagram):
        return None, b""
    return datagram[:end], datagram[end:]
