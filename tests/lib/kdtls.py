# SPDX-License-Identifier: GPL-2.0
"""include/uapi/linux/dtls.h and linux/tls.h for Python's sockets."""

import ctypes
import errno
import socket
import struct
from typing import NamedTuple

SOL_TLS = 282
TLS_TX, TLS_RX = 1, 2
TLS_SET_RECORD_TYPE, TLS_GET_RECORD_TYPE = 1, 2
DTLS_PARAMS, DTLS_RX_WINDOW, DTLS_STATS, DTLS_INFO = 64, 65, 66, 67
DTLS_SO_ULP = 0x4454
UDP_ULP = 131
DTLS_1_2_VERSION = 0xFEFD
WINDOW_DEFAULT = 1024
PARAM_CCM_8, PARAM_SOFT_LIMITS = 1, 2

# Not in Python's socket module.
SOL_IP, SOL_IPV6, SOL_UDP = 0, 41, 17
SO_RCVBUFFORCE = 33

STATS = ("rx_delivered", "rx_replayed", "rx_too_old", "rx_bad_tag",
         "rx_wrong_epoch", "rx_malformed", "rx_no_key", "rx_error",
         "tx_records", "tx_error", "rx_wrong_cid", "rx_expired", "rx_epoch0",
         "tx_device", "tx_fallback", "tx_device_drop", "rx_device",
         "rx_wrong_mark")
GAUGES = ("DtlsCurrAttached", "DtlsCurrTx", "DtlsCurrRx")
STAT_FILE = "/proc/thread-self/net/dtls_stat"


class CryptoInfo(NamedTuple):
    """One tls12_crypto_info_*: its cipher_type and the lengths inside."""
    cipher_type: int
    iv_len: int
    key_len: int
    salt_len: int

    def pack(self, key, version=DTLS_1_2_VERSION, seq=0):
        """@key is a dtls12.Key; its fixed IV goes where the uapi has it."""
        salt, explicit = key.iv[:self.salt_len], bytes(self.iv_len)
        if not self.salt_len:
            explicit = key.iv
        rec_seq = struct.pack("!Q", key.epoch << 48 | seq)
        return (struct.pack("=HH", version, self.cipher_type) + explicit
                + key.key + salt + rec_seq)


CRYPTO_INFO = {
    "AES-128-GCM": CryptoInfo(51, 8, 16, 4),
    "AES-256-GCM": CryptoInfo(52, 8, 32, 4),
    "CHACHA20-POLY1305": CryptoInfo(54, 12, 32, 0),
    "AES-128-CCM": CryptoInfo(53, 8, 16, 4),
    "AES-256-CCM": CryptoInfo(0x4401, 8, 32, 4),
    "AES-128-CCM-8": CryptoInfo(0x4402, 8, 16, 4),
    "AES-256-CCM-8": CryptoInfo(0x4403, 8, 32, 4),
}


class Record(NamedTuple):
    """What one recvmsg() gave."""
    type: int
    data: bytes
    flags: int = 0


class Info(NamedTuple):
    """struct dtls_info"""
    version: int
    tx_cipher: int
    rx_cipher: int
    tx_epoch: int
    rx_epoch: int
    tx_overhead: int
    tx_next: int


class Window(NamedTuple):
    """struct dtls_window; bit i of @received is number @next - 1 - i."""
    epoch: int
    window_bits: int
    next: int
    received: int


def attach(sock):
    try:
        sock.setsockopt(SOL_UDP, UDP_ULP, b"tls\0")
    except OSError as error:
        if error.errno != errno.ENOPROTOOPT:
            raise
        level = SOL_IP if sock.family == socket.AF_INET else SOL_IPV6
        sock.setsockopt(level, DTLS_SO_ULP, b"tls\0")


def install(sock, direction, key, seq=0):
    """TLS_TX or TLS_RX with a dtls12.Key; @seq is the next number."""
    info = CRYPTO_INFO[key.cipher_name]
    sock.setsockopt(SOL_TLS, direction, info.pack(key, seq=seq))


def set_params(sock, window_bits=WINDOW_DEFAULT, flags=0):
    sock.setsockopt(SOL_TLS, DTLS_PARAMS,
                    struct.pack("=II", window_bits, flags))


def set_rx_window(sock, epoch, next_seq, received, words):
    bitmap = received.to_bytes(8 * words, "little")
    sock.setsockopt(SOL_TLS, DTLS_RX_WINDOW,
                    struct.pack("=HHIQ", epoch, 0, 0, next_seq) + bitmap)


def get_rx_window(sock, epoch):
    data = getsockopt(sock, DTLS_RX_WINDOW, struct.pack("=H", epoch), 1040)
    epoch, _, window_bits, next_seq = struct.unpack_from("=HHIQ", data)
    return Window(epoch, window_bits, next_seq,
                  int.from_bytes(data[16:], "little"))


def getsockopt(sock, option, given, length):
    """Python's own getsockopt() can't say which epoch is wanted."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(given, length)
    size = ctypes.c_uint32(length)
    if libc.getsockopt(sock.fileno(), SOL_TLS, option, buffer,
                       ctypes.byref(size)):
        raise OSError(ctypes.get_errno(), "getsockopt")
    return buffer.raw[:size.value]


def stats(sock):
    data = sock.getsockopt(SOL_TLS, DTLS_STATS, 8 * len(STATS))
    return dict(zip(STATS, struct.unpack(f"={len(STATS)}Q", data)))


def info(sock):
    data = sock.getsockopt(SOL_TLS, DTLS_INFO, 24)
    fields = struct.unpack("=6HIQ", data)
    return Info(*fields[:6], fields[7])


def namespace_stats():
    """The calling thread's namespace, by the names of struct dtls_stats."""
    with open(STAT_FILE, encoding="ascii") as stream:
        lines = [line.split() for line in stream]
    found = {name: int(value) for name, value in lines}
    return {name: found[namespace_name(name)] for name in STATS} | {
        name: found[name] for name in GAUGES}


def namespace_name(name):
    """rx_too_old is DtlsRxTooOld there."""
    return "Dtls" + "".join(word.capitalize() for word in name.split("_"))


def send(sock, data, record_type=None, flags=0):
    control = []
    if record_type is not None:
        control = [(SOL_TLS, TLS_SET_RECORD_TYPE, bytes([record_type]))]
    return sock.sendmsg([data], control, flags)


def receive(sock, size=65536, flags=0):
    data, control, got_flags, _ = sock.recvmsg(size, socket.CMSG_SPACE(1),
                                               flags)
    types = [value[0] for level, kind, value in control
             if (level, kind) == (SOL_TLS, TLS_GET_RECORD_TYPE)]
    return Record(types[0] if types else None, data, got_flags)


def receive_all(sock):
    """What recv() gives until it would block."""
    found = []
    while True:
        try:
            found.append(receive(sock, flags=socket.MSG_DONTWAIT))
        except BlockingIOError:
            return found
