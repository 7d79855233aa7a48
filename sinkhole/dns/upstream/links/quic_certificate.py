"""Whether the certificate of a QUIC handshake is to be trusted, by the rules of all links.

QUIC has its TLS from another library than the rest, whose words for what is wrong are few. What is
checked is the same (`tls`), and so are the words.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from qh3 import tls
from qh3.quic.connection import QuicConnection

from sinkhole.dns.upstream.links.tls import Chain, TlsContexts, check_pins, turned_down
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import UpstreamUrl

_NOT_YET, _EXPIRED, _SELF_SIGNED, _NO_ISSUER, _OTHER_NAME, _OTHER = 9, 10, 18, 20, 62, 1
"""Numbers of OpenSSL for what is wrong with a certificate (X509_V_ERR), as `turned_down` takes."""

MOST_LINKS: Final = 8
"""Certificates of a chain that are followed upwards."""


class Authorities:
    """The authorities that OpenSSL was given for all links, as QUIC's library wants them: PEM."""

    def __init__(self, contexts: TlsContexts) -> None:
        self._contexts = contexts
        self._pem: bytes | None = None

    async def get(self) -> bytes:
        """All of them; made in a thread the first time, as that takes 10 ms.

        Raises UpstreamError when they cannot be read.
        """
        if self._pem is None:
            self._pem = await asyncio.to_thread(self._load)
        return self._pem

    def _load(self) -> bytes:
        found = self._contexts.load((), pinned=False).get_ca_certs(binary_form=True)
        return "".join(map(ssl.DER_cert_to_PEM_cert, found)).encode()


def chain_of(connection: QuicConnection) -> Chain:
    """The certificates that the server sent, its own first."""
    own = connection.get_peercert()
    sent = [own, *connection.get_issuercerts()] if own is not None else []
    return Chain(tuple(part.public_bytes() for part in sent))


def check_certificate(connection: QuicConnection, url: UpstreamUrl, authorities: bytes) -> None:
    """Raise UpstreamError, in words, unless the server is who it should be.

    The handshake must have proven that it has the certificate's key. `authorities` are not needed
    where the settings have pins. Cost: 2 ms.
    """
    chain = chain_of(connection)
    if url.pins:
        check_pins(url, chain)
        return
    own = connection.get_peercert()
    if own is None:
        raise UpstreamError(str(url), "showed no certificate")
    try:
        tls.verify_certificate(
            own, connection.get_issuercerts(), cadata=authorities, server_name=_name(url)
        )
    except tls.AlertBadCertificate as error:
        code = _what_is_wrong(chain, _name(url), error)
        raise UpstreamError(str(url), turned_down(code, str(error), chain, url)) from None
    if url.hashes:
        check_pins(url, _verified(chain, authorities))


def sni_of(url: UpstreamUrl) -> str | None:
    """The name to send with the first message: never an address (RFC 6066 §3)."""
    name = _name(url)
    try:
        ip_address(name)
    except ValueError:
        return name
    return None


def _name(url: UpstreamUrl) -> str:
    """What the certificate must be for: a name, or an address without its interface."""
    return url.tls_name.partition("%")[0]


def _what_is_wrong(chain: Chain, name: str, error: tls.Alert) -> int:
    """The library tells apart who issued a certificate from all else, and no more."""
    own = chain.read()
    if own is None:
        return _OTHER
    now = datetime.now(UTC)
    if now > own.not_after:
        return _EXPIRED
    if now < own.not_before:
        return _NOT_YET
    if "issuer" not in str(error):
        return _OTHER if _is_for(own.names, name) else _OTHER_NAME
    return _SELF_SIGNED if own.issuer == own.subject else _NO_ISSUER


def _is_for(names: Sequence[str], name: str) -> bool:
    return name in names or f"*.{name.partition('.')[2]}" in names


def _verified(chain: Chain, authorities: bytes) -> Chain:
    """The server's certificate and those above it that really signed one another.

    What else a server sends along proves nothing.
    """
    parts = [x509.load_der_x509_certificate(part) for part in chain.certificates]
    above = [*parts[1:], *x509.load_pem_x509_certificates(authorities)]
    path = parts[:1]
    while len(path) < MOST_LINKS:
        issuer = next((each for each in above if _signed(path[-1], each)), None)
        if issuer is None or issuer in path:
            break
        path.append(issuer)
    return Chain(tuple(part.public_bytes(_DER) for part in path))


_DER: Final = Encoding.DER


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
