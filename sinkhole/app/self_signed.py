"""A certificate to try encrypted DNS out with, by an authority that exists for it alone.

The key of that authority is forgotten as soon as it has signed, and what it may sign for are the
names of this one certificate. So a device that is told to trust it trusts nothing else by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SKEW: Final = timedelta(days=1)
"""Clocks of devices may be behind."""

_LONGEST_NAME: Final = 64
"""Of a common name, RFC 5280 appendix A.1."""


class SelfSigned(NamedTuple):
    """PEM files: the certificate with its authority behind it, its key, the authority alone."""

    chain_pem: bytes
    key_pem: bytes
    authority_pem: bytes


def self_signed(names: Sequence[str], days: int) -> SelfSigned:
    """Make one for lower-cased host names and IP addresses, and for one label before each name."""
    signing, key = (generate_private_key(SECP256R1()) for _ in range(2))
    began = datetime.now(UTC).replace(microsecond=0) - _SKEW
    period = began, began + timedelta(days=days) + _SKEW
    authority = _authority(names, signing, period)
    leaf = _leaf(names, key, signing, authority, period)
    authority_pem = authority.public_bytes(Encoding.PEM)
    return SelfSigned(
        leaf.public_bytes(Encoding.PEM) + authority_pem,
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        authority_pem,
    )


def _authority(
    names: Sequence[str], key: EllipticCurvePrivateKey, period: tuple[datetime, datetime]
) -> x509.Certificate:
    called = _called(f"sinkhole, for {names[0]} only")
    return (
        _form(called, called, key, period)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_others=True), critical=True)
        .add_extension(
            x509.NameConstraints([_constraint(name) for name in names], None), critical=True
        )
        .sign(key, hashes.SHA256())
    )


def _leaf(
    names: Sequence[str],
    key: EllipticCurvePrivateKey,
    signing: EllipticCurvePrivateKey,
    authority: x509.Certificate,
    period: tuple[datetime, datetime],
) -> x509.Certificate:
    alternatives = [each for name in names for each in _alternatives(name)]
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    return (
        _form(_called(names[0]), authority.subject, key, period)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_others=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(by, critical=False)
        .sign(signing, hashes.SHA256())
    )


def _form(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    period: tuple[datetime, datetime],
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_LONGEST_NAME])])


def _alternatives(name: str) -> list[x509.GeneralName]:
    """What devices may call it: a name also with the id of a client in front."""
    if _is_address(name):
        return [x509.IPAddress(ip_address(name))]
    return [x509.DNSName(name), x509.DNSName(f"*.{name}")]


def _constraint(name: str) -> x509.GeneralName:
    return x509.IPAddress(ip_network(name)) if _is_address(name) else x509.DNSName(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _usage(*, signs_others: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_others,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
