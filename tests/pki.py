"""Certificates for tests: an authority of our own, and whatever certificates are wanted of it.

authority = Authority(folder)
server = authority.issue("dns.example.org", "127.0.0.1")
server.context()  # for a server;  authority.path is what a client has to trust
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)
YEAR = timedelta(days=365)


class Issued(NamedTuple):
    """A certificate with its key, in a file as servers want them, and in DER."""

    path: Path
    der: bytes

    def context(self, *alpn: str) -> ssl.SSLContext:
        """What a server speaks TLS by."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


class Authority:
    """Issues certificates, and writes all of its files into a folder."""

    def __init__(self, folder: Path, called: str = "Example authority") -> None:
        self._folder = folder
        self._numbers = count()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(called)
        basic = x509.BasicConstraints(ca=True, path_length=None)
        builder = _builder(self._name, self._key, NOW - YEAR, NOW + YEAR)
        builder = builder.issuer_name(self._name).add_extension(basic, critical=True)
        self.certificate = builder.sign(self._key, hashes.SHA256())
        self.path = folder / f"{called}.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        *names: str,
        not_before: datetime = NOW - timedelta(days=1),
        not_after: datetime = NOW + YEAR,
        self_signed: bool = False,
    ) -> Issued:
        """A certificate for host names and IP addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _named(names[0] if names else "nobody")
        builder = _builder(name, key, not_before, not_after)
        builder = builder.issuer_name(name if self_signed else self._name)
        if names:
            general = [_general(one) for one in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
        certificate = builder.sign(key if self_signed else self._key, hashes.SHA256())
        path = self._folder / f"issued{next(self._numbers)}.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return Issued(path, certificate.public_bytes(serialization.Encoding.DER))


def _named(called: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])


def _builder(
    name: x509.Name, key: ec.EllipticCurvePrivateKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
