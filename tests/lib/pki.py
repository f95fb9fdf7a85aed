# SPDX-License-Identifier: GPL-2.0
"""Certificates of a test, good and bad ones, in files."""

import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)


class Authority:
    """Who signs; @folder/@name.pem is its own certificate."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.now = datetime.datetime.utcnow()
        self.name = _name(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(self.name, self.key, -1, 2).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.file = self._store(f"{name}.pem", builder.sign(
            self.key, hashes.SHA256()))

    def _builder(self, name, key, first_day, last_day):
        return (x509.CertificateBuilder().subject_name(name)
                .issuer_name(self.name).public_key(key.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(self.now + first_day * _DAY)
                .not_valid_after(self.now + last_day * _DAY))

    def _store(self, name, thing):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as stream:
            stream.write(thing.public_bytes(serialization.Encoding.PEM))
        return path

    def issue(self, name, names=(), days=(-1, 2)):
        """@name.pem and @name.key; @names: DNS names and addresses besides.
        The certificate's serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(_name(name), key, *days)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [_general(other) for other in names]), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        self._store(f"{name}.pem", certificate)
        path = os.path.join(self.folder, f"{name}.key")
        with open(path, "wb") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()))
        return certificate.serial_number

    def revoke(self, name, *serials):
        """A list of those that are revoked: @name.pem"""
        builder = (x509.CertificateRevocationListBuilder()
                   .issuer_name(self.name).last_update(self.now - _DAY)
                   .next_update(self.now + _DAY))
        for serial in serials:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial)
                .revocation_date(self.now - _DAY).build())
        return self._store(f"{name}.pem",
                           builder.sign(self.key, hashes.SHA256()))


def _name(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
