"""The certificate that devices know this server by: read from its files, judged, and used.

Two files in PEM, as all tools for certificates write them: the certificate with its chain behind
it ("fullchain"), and its private key. What cannot be used is a CertificateError; what can, but not
by all or not for long, is said by `ServerCertificate.complaints`.
"""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from sinkhole.model.certificate import Certificate, read_certificate
from sinkhole.model.errors import CertificateError

MOST_BYTES: Final = 1 << 20
"""A larger file is none of these."""

MOST_CHAIN: Final = 10
"""Certificates in one file; every handshake sends all of them."""

SOON_S: Final = 7 * 86_400.0
"""How long before its end a certificate is complained of; a third of its time if that is less."""

_HAS_MEMORY_FILES: Final = hasattr(os, "memfd_create") and Path("/proc/self/fd").exists()
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
    def host_names(self) -> tuple[str, ...]:
        """The names it is for, without addresses and without those of wildcards."""
        return tuple(name for name in self.leaf.names if _is_host_name(name))

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
        late = f"expires in {int(left_s // _DAY_S)} days, and nothing has renewed it yet"
        return [*self.flaws(now), *([late] if is_late else [])]

    def context(self) -> ssl.SSLContext:
        """A new context for a server, of TLS 1.2 at least; protocols (ALPN) are its user's to set.

        Takes about a millisecond; no disk is asked.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with _in_memory(self.key_pem + b"\n" + self.chain_pem) as path:
            # A password in hand: OpenSSL would ask the terminal for it.
            context.load_cert_chain(path, password=b"none")
        return context


def read_pair(certificate: Path, key: Path) -> ServerCertificate:
    """Read both files. Waits for the disk: in a thread only.

    Raises CertificateError, saying which file and what is wrong with it, also when the two do not
    belong together.
    """
    chain_pem, chain, last_der = _read_chain(certificate)
    key_pem = _read_key(key)
    is_cut_off = len(chain) == 1 and chain[0].issuer != chain[0].subject
    lacks_chain = is_cut_off and _ISSUER_IS_THERE in last_der
    pair = ServerCertificate(chain_pem, key_pem, chain, lacks_chain)
    try:
        pair.context()
    except ssl.SSLError as error:
        if "KEY_VALUES_MISMATCH" in str(error):
            raise CertificateError(
                f"{key} is not the key of the first certificate in {certificate}: that must be "
                "the server's own, with those of its issuers behind it"
            ) from None
        reason = error.reason or error
        raise CertificateError(f"{certificate} and {key} cannot be used: {reason}") from None
    return pair


def _read_chain(path: Path) -> tuple[bytes, tuple[Certificate, ...], bytes]:
    """The certificates of a file: as PEM, as read, and the last one in DER."""
    blocks = _CERTIFICATE.findall(_read(path))
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


def _read_key(path: Path) -> bytes:
    text = _read(path)
    found = _KEY.search(text)
    if found is None:
        raise CertificateError(f'{path} has no private key in it ("-----BEGIN PRIVATE KEY-----")')
    if found[1].startswith(b"ENCRYPTED") or b"Proc-Type: 4,ENCRYPTED" in found[0]:
        raise CertificateError(
            f"the key in {path} is locked by a passphrase, which nobody could type at each start: "
            f'unlock it with "openssl pkey -in {path.name} -out unlocked.pem"'
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


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """A file with this data, for what reads nothing but files; on Linux it is on no disk."""
    if _HAS_MEMORY_FILES:
        handle = os.memfd_create("sinkhole", os.MFD_CLOEXEC)
        try:
            os.write(handle, data)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.name


def _is_host_name(name: str) -> bool:
    return not name.startswith("*") and ":" not in name and not name.replace(".", "").isdigit()


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"
