# SPDX-License-Identifier: GPL-2.0
"""The cipher suites whose AEADs the kernel has: one a row for each way to
exchange keys, named as each library names it.
"""

from typing import NamedTuple


class Aead(NamedTuple):
    """@name: ours and GnuTLS's, but for one; the others name it in a suite."""
    name: str
    openssl: str
    mbedtls: str


AEADS = (
    Aead("AES-128-GCM", "AES128-GCM-SHA256", "AES-128-GCM-SHA256"),
    Aead("AES-256-GCM", "AES256-GCM-SHA384", "AES-256-GCM-SHA384"),
    Aead("ChaCha20-Poly1305", "CHACHA20-POLY1305", "CHACHA20-POLY1305-SHA256"),
    Aead("AES-128-CCM", "AES128-CCM", "AES-128-CCM"),
    Aead("AES-256-CCM", "AES256-CCM", "AES-256-CCM"),
    Aead("AES-128-CCM-8", "AES128-CCM8", "AES-128-CCM-8"),
    Aead("AES-256-CCM-8", "AES256-CCM8", "AES-256-CCM-8"),
)


class Suite(NamedTuple):
    """A way to exchange keys, and an AEAD."""
    exchange: str
    aead: Aead

    def __str__(self):
        return f"{self.exchange} {self.aead.name}"

    @property
    def key(self):
        """Of the server: "RSA", "ECDSA" or "PSK"."""
        return self.exchange.rpartition("-")[2]

    @property
    def short_tag(self):
        return self.aead.name.endswith("-8")

    @property
    def openssl(self):
        """A cipher list; its default level has no tags of 8 bytes."""
        name = f"{self.exchange}-{self.aead.openssl}"
        return name + ":@SECLEVEL=0" if self.short_tag else name

    @property
    def mbedtls(self):
        return f"TLS-{self.exchange}-WITH-{self.aead.mbedtls}"

    @property
    def gnutls(self):
        return gnutls_priority([self])


def gnutls_priority(suites):
    """What lets GnuTLS have these."""
    words = [name for suite in suites
             for name in (suite.exchange, suite.aead.name.upper())]
    return "NONE:+VERS-DTLS1.2:+AEAD:+SIGN-ALL:+GROUP-ALL:+COMP-NULL:" \
        "+CTYPE-X509:+" + ":+".join(dict.fromkeys(words))


# No suite has ECDHE-RSA and CCM (RFC 6655, RFC 7251).
SUITES = tuple(Suite(exchange, aead) for exchange in (
    "ECDHE-ECDSA", "ECDHE-RSA", "DHE-RSA", "PSK") for aead in AEADS
    if exchange != "ECDHE-RSA" or "CCM" not in aead.name)

# One an AEAD, and each way to exchange keys among them.
ONE_EACH = tuple(suite for suite in SUITES if str(suite) in (
    "ECDHE-ECDSA AES-128-GCM", "ECDHE-RSA AES-256-GCM",
    "DHE-RSA ChaCha20-Poly1305", "PSK AES-128-CCM", "ECDHE-ECDSA AES-256-CCM",
    "DHE-RSA AES-128-CCM-8", "PSK AES-256-CCM-8"))
