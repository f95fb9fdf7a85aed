# SPDX-License-Identifier: GPL-2.0
"""What was measured, and what was aimed at."""

from dataclasses import dataclass

GCM, CHACHA = "AES-128-GCM", "CHACHA20-POLY1305"
SINGLE = ("64", "512", "1400", "16384")
BATCHED = ("1400x8", "1400x40")
SIZES = SINGLE + BATCHED


# In the order of the tables. First what the user chooses no cipher for.
WITHOUT_CIPHER = {
    "udp": "plain UDP, send() and recv()",
    "udp-mmsg": "plain UDP, sendmmsg() and recvmmsg()",
    "udp-gso": "plain UDP, UDP_SEGMENT and UDP_GRO",
    "wireguard": "WireGuard, plain UDP through it",
}
WITH_CIPHER = {
    "aead": "the kernel's AEAD alone, seal and open",
    "floor": "floor: plain UDP and the kernel's AEAD",
    "openssl": "OpenSSL, SSL_write() and SSL_read()",
    "evp-mmsg": "userspace EVP, sendmmsg() and recvmmsg()",
    "evp-gso": "userspace EVP, UDP_SEGMENT and UDP_GRO",
    "dtls": "kernel DTLS, send() and recv()",
    "dtls-mmsg": "kernel DTLS, sendmmsg() and recvmmsg()",
    "dtls-gso": "kernel DTLS, UDP_SEGMENT and UDP_GRO",
    "dtls-sendfile": "kernel DTLS, sendfile() and recv()",
    "dtls-sendfile-gso": "kernel DTLS, sendfile(), UDP_SEGMENT, UDP_GRO",
    "ktls": "kernel TLS over TCP, a record a send()",
    "ktls-large": "kernel TLS over TCP, a batch a send()",
    "ovpn": "ovpn, plain UDP through it",
}
# Through simulated network cards whose cryptography costs nothing.
ON_CARDS = {
    "card-udp": "plain UDP",
    "card-software": "kernel DTLS, encrypted in software",
    "card": "kernel DTLS, encrypted by the card",
}
# What's inside is cut into what the way takes, and joined again, or isn't.
TUNNELS = {
    "tunnel": "kdtls-tunnel, crypto in the kernel",
    "tunnel-user": "kdtls-tunnel, crypto in userspace",
    "wireguard": "WireGuard (ChaCha20-Poly1305)",
    "ovpn": "ovpn",
}
STREAM = "-stream"
THROUGH_TUNNELS = TUNNELS | {mode + STREAM: f"{name}, TCP"
                             for mode, name in TUNNELS.items()}
MODES = THROUGH_TUNNELS | WITHOUT_CIPHER | WITH_CIPHER | ON_CARDS
# Of all ciphers, whatever was to be measured.
OF_ALL_CIPHERS = "aead", "floor"


@dataclass(frozen=True)
class Cost:
    """Instructions a datagram; @rx None: @tx is both together."""
    tx: float
    rx: float = None

    @property
    def both(self):
        return self.tx + (self.rx or 0)


class Results:
    """The cost of each mode, cipher and size that was measured."""

    def __init__(self, rows, wall):
        """@rows: dictionaries, as csv.DictReader gives them"""
        self.wall = wall
        self.costs, self.unsupported, self.others = {}, set(), {}
        for row in rows:
            key = row["mode"], row["cipher"], row["size"]
            if row["mode"] not in MODES:
                self.others[key[0]] = row
            elif row["tx"]:
                self.costs[key] = Cost(
                    float(row["tx"]), float(row["rx"]) if row["rx"] else None)
            else:
                self.unsupported.add(key)
        for cipher in self.ciphers():
            for size in SIZES:
                self._add_floor(cipher, size)

    def ciphers(self):
        """In the order that they were measured."""
        return list(dict.fromkeys(
            cipher for mode, cipher, _ in self.costs
            if mode in WITH_CIPHER and mode not in OF_ALL_CIPHERS))

    def _add_floor(self, cipher, size):
        udp = self.get("udp-gso" if size in BATCHED else "udp", "-", size)
        aead = self.get("aead", cipher, size.partition("x")[0])
        if udp and aead:
            self.costs["floor", cipher, size] = Cost(udp.tx + aead.tx,
                                                     udp.rx + aead.rx)

    def get(self, mode, cipher, size):
        """Its Cost, or None. A mode without a choice has that of any."""
        for of in (cipher, "-"):
            if (mode, of, size) in self.costs:
                return self.costs[mode, of, size]
        # It has one only.
        if mode.removesuffix(STREAM) == "wireguard":
            return self.costs.get((mode, CHACHA, size))
        return None

    def memory(self):
        """(where, bytes a socket)"""
        for name, row in self.others.items():
            what, in_cache, cache = name.partition(" in ")
            if what == "memory" and in_cache:
                yield cache, float(row["tx"])

    def is_unsupported(self, mode, cipher, size):
        return any((mode, of, size) in self.unsupported
                   for of in (cipher, "-"))

    def other(self, name, column="tx"):
        """The figure of a row that's no mode's, or None."""
        row = self.others.get(name)
        return float(row[column]) if row and row[column] else None


@dataclass(frozen=True)
class Goal:
    """@value: a function of the Results that gives the figure, or a figure and
    what to say of it, or None"""
    case: str
    what: str
    limit: float
    value: object
    at_least: bool = False
    strict: bool = False

    def measured(self, results):
        """The figure, or None; and what there is to say of it."""
        value = self.value(results)
        if isinstance(value, tuple):
            return value[0], f"{self.judge(value[0])}, {value[1]}"
        return value, self.judge(value)

    def judge(self, value):
        """In a word or two."""
        if value is None:
            return "not measured"
        if self.at_least:
            met = value >= self.limit
        else:
            met = value < self.limit if self.strict else value <= self.limit
        return "met" if met else "not met"

    def limit_text(self):
        sign = ">=" if self.at_least else "<" if self.strict else "<="
        return f"{sign} {figure(self.limit, 2)}"


def figure(value, decimals=3):
    """Ratios are small numbers."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.{decimals}f}"


def in_text(rows):
    """Lines; the first column is left, the others right."""
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows)
              for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(text.rjust(width) if column else text.ljust(width)
                        for column, (text, width) in enumerate(
                            zip(row, widths))).rstrip()


def ratio(ours, other, size):
    """Of the sums of sending and receiving, AES-128-GCM's."""
    def value(results):
        one, two = (results.get(mode, GCM, size) for mode in (ours, other))
        return one.both / two.both if one and two else None
    return value


def worst(other, other_batch):
    """The greatest ratio over all sizes, and a text that says where; None
    unless all were measured."""
    pairs = [("dtls", other, size) for size in SINGLE] + [
        ("dtls-gso", other_batch, size) for size in BATCHED]

    def value(results):
        ratios = [(ratio(*pair)(results), f"at {pair[-1]}") for pair in pairs]
        return (None if any(None in entry for entry in ratios)
                else max(ratios))
    return value


def outside_crypto(results):
    ours = results.get("dtls-gso", GCM, "1400x40")
    aead = results.get("aead", GCM, "1400")
    return ours.both - aead.both if ours and aead else None


def replay_ratio(results):
    refused, accepted = (results.other(f"replay-{which}", "rx")
                         for which in ("refused", "accepted"))
    return refused / accepted if refused and accepted else None


def two_senders(results):
    """Both processors must have been free for it: what plain UDP makes of two
    senders tells whether they were."""
    ours = results.wall.ratio("dtls", GCM, "1400x1")
    udp = results.wall.ratio("udp", "-", "1400x1")
    return (ours, f"plain UDP {figure(udp)}") if ours and udp else ours


def single_goals(size, floor, openssl):
    case = f"{size} B, one by one"
    return (Goal(case, "x floor", floor, ratio("dtls", "floor", size)),
            Goal(case, "x OpenSSL", openssl, ratio("dtls", "openssl", size)))


BATCH = "40 x 1400 B batch"
LARGE = "1400x40"
THROUGH = "a TCP stream through a tunnel"

GOALS = (
    *single_goals("1400", 1.10, 0.80),
    *single_goals("64", 1.15, 0.75),
    Goal(BATCH, "x floor of the batch", 1.15, ratio("dtls-gso", "floor", LARGE)),
    Goal(BATCH, "x OpenSSL", 0.45, ratio("dtls-gso", "openssl", LARGE)),
    Goal(BATCH, "x EVP + UDP_SEGMENT + UDP_GRO", 0.85,
         ratio("dtls-gso", "evp-gso", LARGE)),
    Goal(BATCH, "instructions a datagram outside crypto", 2000, outside_crypto),
    Goal("any, the worst", "x WireGuard", 1.0, worst("wireguard", "wireguard"),
         strict=True),
    Goal("any, the worst", "x kernel TLS, a record a send()", 1.0,
         worst("ktls", "ktls"), strict=True),
    Goal(BATCH, "x kernel TLS, a batch a send()", 1.0,
         ratio("dtls-gso", "ktls-large", LARGE), strict=True),
    Goal("a replayed record refused, 1400 B", "x one accepted", 0.40,
         replay_ratio),
    Goal(THROUGH, "x crypto in userspace", 0.5,
         ratio("tunnel-stream", "tunnel-user-stream", LARGE)),
    Goal(THROUGH, "x WireGuard", 1.0,
         ratio("tunnel-stream", "wireguard-stream", LARGE), strict=True),
    Goal("memory a socket", "bytes beyond the plain UDP socket", 4096,
         lambda results: results.other("memory")),
    Goal("two senders on one socket, two CPUs (wall)", "x one", 1.7,
         two_senders, at_least=True),
)
