"""The certificate that devices know this server by: read from its files, judged, and used.

Two files in PEM, as all tools for certificates write them: the certificate with its chain behind
it ("fullchain"), and its private key. What cannot be used is a CertificateError; what can, but not
by all or not for long, is said by `ServerCertificate.complaints`.
"""

from __future__ import annotations

import os
import re
import ssl
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from sinkhole.model.certificate import Certificate, read_certificate
from sinkhole.model.counted import counted
from sinkhole.model.errors import CertificateError
from sinkhole.model.server_context import server_context

MOST_BYTES: Final = 1 << 20
"""A larger file is none of these."""

MOST_CHAIN: Final = 10
"""Certificates in one file; every handshake sends all of them."""

SOON_S: Final = 7 * 86_400.0
"""How long before its end a certificate is complained of; a third of its time if that is less."""

GIVEN_CERTIFICATE: Final = "the certificate that was given"
GIVEN_KEY: Final = "the key that was given"
"""What errors call a text that was given and is in no file."""

_DAY_S: Final = 86_400.0
_CERTIFICATE: Final = re.compile(
    b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL
)
_KEY: Final = re.compile(
    b"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL
)
_ISSUER_IS_THERE: Final = bytes.fromhex("06082b06010505073002")
"""The object identifier of "CA Issuers" (RFC 5280 §4.2.2.1): where the issuer's certificate can be
fetched. Public authorities say so, whose certificates are of no use without the chain."""


class ServerCertificate(NamedTuple):
    """A certificate with its chain and key, which OpenSSL takes: `chain` is never empty.

    `chain_pem` and `key_pem` are for libraries that want them as they are in files.
    """

    chain_pem: bytes
    key_pem: bytes
    chain: tuple[Certificate, ...]
    lacks_chain: bool

    @property
    def leaf(self) -> Certificate:
        """The server's own, which comes first."""
        return self.chain[0]

    @property
    def leaf_der(self) -> bytes:
        """The same in DER."""
        return ssl.PEM_cert_to_DER_cert(_CERTIFICATE.findall(self.chain_pem)[0].decode("ascii"))

    @property
    def host_names(self) -> tuple[str, ...]:
        """The names it is for, without addresses and without those of wildcards."""
        return tuple(name for name in self.leaf.names if _is_host_name(name))

    @property
    def authority(self) -> bytes:
        """In DER the authority behind it which nobody vouches for, so that devices have to be told
        of it; b"" where that is one that they know."""
        last = self.chain[-1]
        if last.issuer != last.subject:
            return b""
        return ssl.PEM_cert_to_DER_cert(_CERTIFICATE.findall(self.chain_pem)[-1].decode("ascii"))

    def left_s(self, now: float) -> float:
        """For how long it is still valid, by the wall clock; below 0 when it is not any more."""
        return min(each.not_after for each in self.chain).timestamp() - now

    def flaws(self, now: float) -> list[str]:
        """Why devices refuse it, as ends of a sentence; for none it is as good as can be."""
        found = []
        if self.left_s(now) <= 0:
            found.append(f"has expired on {_day(min(each.not_after for each in self.chain))}")
        if self.leaf.not_before.timestamp() > now:
            found.append(f"is not valid before {_day(self.leaf.not_before)}: look at the clock")
        if not self.leaf.names:
            found.append("is for no name (no subjectAltName)")
        if self.lacks_chain:
            found.append(
                f"comes without the certificate of its issuer, {self.leaf.issuer}: write the file "
                'with the whole chain, often called "fullchain.pem"'
            )
        return found

    def complaints(self, now: float) -> list[str]:
        """The same, and that it expires soon."""
        lifetime_s = (self.leaf.not_after - self.leaf.not_before).total_seconds()
        left_s = self.left_s(now)
        is_late = 0 < left_s < min(SOON_S, lifetime_s / 3)
        late = f"expires in {counted(int(left_s // _DAY_S), 'day')}, and nothing has renewed it yet"
        return [*self.flaws(now), *([late] if is_late else [])]

    def context(self) -> ssl.SSLContext:
        """A new context for a server, of TLS 1.2 at least; protocols (ALPN) are its user's to set.

        Takes about a millisecond; no disk is asked.
        """
        return server_context(self.chain_pem, self.key_pem)


def read_pair(certificate: Path, key: Path) -> ServerCertificate:
    """Read both files. Waits for the disk: in a thread only.

    Raises CertificateError, saying which file and what is wrong with it, also when the two do not
    belong together.
    """
    return pair_of(_read(certificate), _read(key), str(certificate), str(key))


def pair_of(
    chain_text: bytes,
    key_text: bytes,
    certificate: str = GIVEN_CERTIFICATE,
    key: str = GIVEN_KEY,
) -> ServerCertificate:
    """What stands in two texts in PEM; `certificate` and `key` are what errors call them.

    Raises CertificateError as `read_pair` does.
    """
    chain_pem, chain, last_der = _chain_in(chain_text, certificate)
    key_pem = _key_in(key_text, key)
    is_cut_off = len(chain) == 1 and chain[0].issuer != chain[0].subject
    lacks_chain = is_cut_off and _ISSUER_IS_THERE in last_der
    pair = ServerCertificate(chain_pem, key_pem, chain, lacks_chain)
    try:
        pair.context()
    except ssl.SSLError as error:
        # Where the two are of different kinds, OpenSSL has nothing to compare.
        if any(each in str(error) for each in ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED")):
            raise CertificateError(
                f"{key} is not the key of the first certificate in {certificate}: that must be "
                "the server's own, with those of its issuers behind it"
            ) from None
        reason = error.reason or error
        raise CertificateError(f"{certificate} and {key} cannot be used: {reason}") from None
    return pair


def _chain_in(text: bytes, path: str) -> tuple[bytes, tuple[Certificate, ...], bytes]:
    """The certificates of a text: as PEM, as read, and the last one in DER."""
    blocks = _CERTIFICATE.findall(text)
    if not blocks:
        raise CertificateError(f'{path} has no certificate in it ("-----BEGIN CERTIFICATE-----")')
    if len(blocks) > MOST_CHAIN:
        raise CertificateError(f"{path} has {len(blocks)} certificates, at most {MOST_CHAIN} fit")
    chain = []
    for number, block in enumerate(blocks, 1):
        try:
            der = ssl.PEM_cert_to_DER_cert(block.decode("ascii"))
            chain.append(read_certificate(der))
        except ValueError as error:
            raise CertificateError(f"certificate {number} in {path} is damaged: {error}") from None
    for one, behind in pairwise(chain):
        if one.issuer != behind.subject:
            raise CertificateError(
                f"the certificates in {path} are no chain: that of {one.subject} was issued by "
                f"{one.issuer}, and behind it comes that of {behind.subject}"
            )
    return b"\n".join(blocks) + b"\n", tuple(chain), der


def _key_in(text: bytes, path: str) -> bytes:
    found = _KEY.search(text)
    if found is None:
        raise CertificateError(f'{path} has no private key in it ("-----BEGIN PRIVATE KEY-----")')
    if found[1].startswith(b"ENCRYPTED") or b"Proc-Type: 4,ENCRYPTED" in found[0]:
        if path == GIVEN_KEY:
            raise CertificateError(
                "the key that was given is locked by a passphrase, which nobody could type at each "
                'start: unlock it with "openssl pkey -in key.pem -out unlocked.pem"'
            )
        raise CertificateError(
            f"the key in {path} is locked by a passphrase, which nobody could type at each start: "
            f'unlock it with "openssl pkey -in {os.path.basename(path)} -out unlocked.pem"'
        )
    return found[0] + b"\n"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CertificateError(f"{path} cannot be read: {error.strerror or error}") from None
    if len(data) > MOST_BYTES:
        raise CertificateError(f"{path} has more than {MOST_BYTES >> 20} MiB")
    return data


def _is_host_name(name: str) -> bool:
    return not name.startswith("*") and ":" not in name and not name.replace(".", "").isdigit()


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"
