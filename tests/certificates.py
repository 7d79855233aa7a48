"""Certificates by an authority of the tests' own, right ones and wrong in each way there is.

    good = leaf("dns.example.org", "127.1.2.3")       # names and addresses
    context = server_context(good, alpn=["h2"])       # for a server of ours
    chain, key = good.write(folder)                   # PEM files, for anybody's
    trusting = client_context()                       # trusts the authority and nobody else
    expired("dns.example.org"), self_signed("dns.example.org"), behind_intermediate(...)

Keys are EC, so that all of it takes milliseconds, and whatever was made is kept for the session.
"""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PEM: Final = serialization.Encoding.PEM
NOW: Final = datetime.now(UTC).replace(microsecond=0)
DAY: Final = timedelta(days=1)


class Certificate:
    """A certificate with its key, and the intermediate ones that a server sends behind it."""

    def __init__(
        self,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
        behind: Sequence[x509.Certificate] = (),
    ) -> None:
        self.x509 = certificate
        self.key = key
        self.behind = tuple(behind)

    @cached_property
    def chain_pem(self) -> bytes:
        """What a server sends: the certificate, then those behind it."""
        return b"".join(each.public_bytes(PEM) for each in (self.x509, *self.behind))

    @cached_property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @cached_property
    def pin(self) -> bytes:
        """The SHA-256 digest of its public key (SPKI), as pins have it (RFC 7858 §4.2)."""
        spki = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return hashlib.sha256(spki).digest()

    @cached_property
    def tbs_hash(self) -> bytes:
        """The SHA-256 digest of what was signed of it, as DNS stamps have it."""
        return hashlib.sha256(self.x509.tbs_certificate_bytes).digest()

    def write(self, folder: Path, name: str = "server") -> tuple[Path, Path]:
        """The files of chain and key, `name`.pem and `name`.key; written anew where they are."""
        chain, key = folder / f"{name}.pem", folder / f"{name}.key"
        chain.write_bytes(self.chain_pem)
        key.write_bytes(self.key_pem)
        return chain, key


# -- who signs -------------------------------------------------------------------------------


@cache
def authority(name: str = "Authority of the tests") -> Certificate:
    """The root that the tests trust; by another name one that nobody trusts."""
    key = _new_key()
    return Certificate(_signed(_authority_form(name, key, 1), _named(name), key), key)


@cache
def intermediate() -> Certificate:
    """Signed by the authority, and may sign leafs."""
    key = _new_key()
    form, root = _authority_form("Intermediate of the tests", key, 0), authority()
    return Certificate(_signed(form, root.x509.subject, root.key), key)


# -- for servers -----------------------------------------------------------------------------


@cache
def leaf(
    *names: str,
    begins: timedelta = -DAY,
    ends: timedelta = 30 * DAY,
    issuer: Certificate | None = None,
) -> Certificate:
    """For a server of these names and addresses, valid between two moments seen from now.

    Signed by the authority, or by `issuer`; different arguments make different keys.
    """
    key = _new_key()
    signer = issuer or authority()
    form = _leaf_form(names, key, begins, ends)
    return Certificate(_signed(form, signer.x509.subject, signer.key), key)


def expired(*names: str) -> Certificate:
    """Was right until yesterday."""
    return leaf(*names, begins=-30 * DAY, ends=-DAY)


def not_yet_valid(*names: str) -> Certificate:
    """Will be right tomorrow."""
    return leaf(*names, begins=DAY, ends=30 * DAY)


@cache
def self_signed(*names: str) -> Certificate:
    """Signed by nobody but itself."""
    key = _new_key()
    return Certificate(_signed(_leaf_form(names, key, -DAY, 30 * DAY), _named(names[0]), key), key)


def by_strangers(*names: str) -> Certificate:
    """Signed by an authority that nobody trusts."""
    return leaf(*names, issuer=authority("Stranger"))


@cache
def behind_intermediate(*names: str) -> Certificate:
    """Signed by the intermediate one, which comes with it."""
    signed = leaf(*names, issuer=intermediate())
    return Certificate(signed.x509, signed.key, [intermediate().x509])


def without_intermediate(*names: str) -> Certificate:
    """Signed by the intermediate one, which is missing."""
    return leaf(*names, issuer=intermediate())


# -- contexts --------------------------------------------------------------------------------


def server_context(certificate: Certificate, alpn: Sequence[str] = ()) -> ssl.SSLContext:
    """For a server with this certificate, which speaks these protocols."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # ssl reads them from files only
        context.load_cert_chain(*certificate.write(Path(folder)))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def client_context(alpn: Sequence[str] = ()) -> ssl.SSLContext:
    """For a client that trusts the authority of the tests and checks names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority().chain_pem.decode())
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def write_authority(folder: Path) -> Path:
    """The file that others trust the authority by."""
    return authority().write(folder, "authority")[0]


# -- making them -----------------------------------------------------------------------------


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _form(
    name: str, key: ec.EllipticCurvePrivateKey, begins: timedelta, ends: timedelta
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begins)
        .not_valid_after(NOW + ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _authority_form(
    name: str, key: ec.EllipticCurvePrivateKey, below: int
) -> x509.CertificateBuilder:
    """Of one that may sign others, so many deep."""
    return (
        _form(name, key, -365 * DAY, 365 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(_may(sign_others=True), critical=True)
    )


def _leaf_form(
    names: Sequence[str], key: ec.EllipticCurvePrivateKey, begins: timedelta, ends: timedelta
) -> x509.CertificateBuilder:
    return (
        _form(names[0], key, begins, ends)
        .add_extension(
            x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_may(sign_others=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def _signed(
    form: x509.CertificateBuilder, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """By this issuer, whose key it is."""
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    form = form.issuer_name(issuer).add_extension(identifier, critical=False)
    return form.sign(key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _may(*, sign_others: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_others, key_cert_sign=sign_others, crl_sign=sign_others,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
