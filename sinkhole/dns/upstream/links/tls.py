"""TLS towards upstreams: whom we trust, and in words why not (RFC 8446, RFC 8310).

A certificate must come from an authority of this machine and be for the server's name. Where the
settings have pins, one of them decides in place of the authorities, so a server at home may have
made its certificate itself; hashes, which DNS stamps have, must fit besides.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import certifi

from sinkhole.model.certificate import Certificate, read_certificate
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import UpstreamUrl

BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)
"""Where machines keep their authorities in one file. OpenSSL's default may be a folder, of which it
reads a file for each handshake: on the event loop."""

NAMES_SHOWN: Final = 4
"""Names of a certificate for other names that an error tells."""

_PEER_CHAIN: Final = "get_unverified_chain"
_VERIFIED_CHAIN: Final = "get_verified_chain"
_DER: Final = 2  # _ssl.ENCODING_DER


class Chain(NamedTuple):
    """The certificates of a handshake, in DER, the server's own first; empty where not known."""

    certificates: tuple[bytes, ...] = ()

    def read(self) -> Certificate | None:
        """The server's own; None where it is not known or cannot be read."""
        try:
            return read_certificate(self.certificates[0]) if self.certificates else None
        except ValueError:
            return None


class TlsContexts:
    """The settings of TLS that all connections to upstreams share.

    Each takes 30 ms to make, and memory: 2.4 MB the first with the authorities in it, 0.9 MB each
    further one. So there is one for each ALPN list, and one more where pins decide.
    `authorities` is a file of PEM certificates to trust in place of the machine's.
    """

    def __init__(self, authorities: Path | None = None) -> None:
        self._authorities = authorities
        self._made: dict[tuple[tuple[str, ...], bool], ssl.SSLContext] = {}
        self._lock = threading.Lock()

    async def get(self, alpn: tuple[str, ...], *, pinned: bool) -> ssl.SSLContext:
        """The context, made in a thread where it is new.

        Raises UpstreamError when the authorities cannot be read.
        """
        known = self._made.get((alpn, pinned))
        if known is not None:
            return known
        return await asyncio.to_thread(self.load, alpn, pinned=pinned)

    def load(self, alpn: tuple[str, ...], *, pinned: bool) -> ssl.SSLContext:
        """As `get`, for where waiting is allowed: it reads files."""
        with self._lock:
            known = self._made.get((alpn, pinned))
            if known is None:
                known = self._made[alpn, pinned] = self._make(alpn, pinned)
            return known

    def _make(self, alpn: tuple[str, ...], pinned: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslobject_class = _TellingObject
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if pinned:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        else:
            self._trust_authorities(context)
        return context

    def _trust_authorities(self, context: ssl.SSLContext) -> None:
        path = self._authorities or _bundle() or Path(certifi.where())
        try:
            context.load_verify_locations(cafile=path)
        except (OSError, ssl.SSLError) as error:
            said = error.strerror or str(error)
            cause = f"cannot be trusted, as the authorities in {path} cannot be read ({said})"
            raise UpstreamError("", cause) from None


def _bundle() -> Path | None:
    """The file with this machine's authorities, if it has one; SSL_CERT_FILE says another."""
    paths = ssl.get_default_verify_paths()
    named = os.environ.get(paths.openssl_cafile_env)
    for path in [named] if named else [paths.cafile, *BUNDLES]:
        if path and Path(path).is_file():
            return Path(path)
    return None


class _TellingObject(ssl.SSLObject):
    """Tells with a certificate that OpenSSL turned down what it was: nobody else could."""

    def do_handshake(self) -> None:
        """As of SSLObject; the error has `chain` then."""
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            error.chain = chain_of(self, _PEER_CHAIN)  # type: ignore[attr-defined]  # ours
            raise


def chain_of(tls: ssl.SSLObject, which: str = _VERIFIED_CHAIN) -> Chain:
    """The certificates of a handshake: those that were verified, or those that the server sent.

    Python 3.13 has a method for either; before, only the object within does.
    """
    inner = tls if hasattr(tls, which) else getattr(tls, "_sslobj", None)
    found = cast("Sequence[Any] | None", getattr(inner, which, list)())
    parts = (part if isinstance(part, bytes) else part.public_bytes(_DER) for part in found or ())
    return Chain(tuple(parts))


def server_certificate(tls: ssl.SSLObject) -> Certificate | None:
    """What the server showed of itself; None where it cannot be read."""
    leaf = tls.getpeercert(binary_form=True)
    return Chain((leaf,) if leaf else ()).read()


def check_pins(url: UpstreamUrl, chain: Chain) -> None:
    """Compare the digests of the settings with a chain: pins with its first certificate.

    With pins nobody has verified the others, so anyone could have put them there; without, the
    chain must be the verified one. Raises UpstreamError, saying what was found instead.
    """
    own = chain.read()
    if url.pins and (own is None or own.key_sha256 not in url.pins):
        found = own.key_sha256.hex() if own else "none that can be read"
        raise UpstreamError(str(url), f"has another key than the pinned one: sha256 {found}")
    if url.hashes and not url.pins:
        digests = {part.tbs_sha256 for part in map(_readable, chain.certificates) if part}
        if not digests & set(url.hashes):
            raise UpstreamError(str(url), "has none of the certificates that its stamp asks for")


def _readable(der: bytes) -> Certificate | None:
    return Chain((der,)).read()


# -- in words --------------------------------------------------------------------------------------

_EXPIRED, _NOT_YET = 10, 9
_SELF_SIGNED, _SELF_SIGNED_ABOVE, _NO_ISSUER = 18, 19, (2, 20, 21)
_OTHER_NAME: Final = (62, 64)
"""X509_V_ERR numbers of OpenSSL, which Python gives as `verify_code`."""

_REASONS: Final = {
    "WRONG_VERSION_NUMBER": "does not speak TLS on this port",
    "UNSUPPORTED_PROTOCOL": "knows only TLS older than 1.2",
    "TLSV1_ALERT_PROTOCOL_VERSION": "knows only TLS older than 1.2",
    "TLSV1_UNRECOGNIZED_NAME": "does not know the name that it was asked for",
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": "speaks TLS on this port, but not this protocol",
    "NO_APPLICATION_PROTOCOL": "speaks TLS on this port, but not this protocol",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "refused the TLS handshake",
    "UNEXPECTED_EOF_WHILE_READING": "closed the connection during the TLS handshake",
}


def words_of(error: ssl.SSLError, url: UpstreamUrl) -> str:
    """What went wrong in a handshake, to be read behind the server's name."""
    if isinstance(error, ssl.SSLCertVerificationError):
        chain = getattr(error, "chain", Chain())
        return turned_down(error.verify_code, error.verify_message, chain, url)
    reason = error.reason or ""
    said = reason.replace("_", " ").lower() or error.strerror or str(error)
    return _REASONS.get(reason) or f"broke the TLS handshake ({said})"


def turned_down(code: int, message: str, chain: Chain, url: UpstreamUrl) -> str:
    """Why a certificate is not trusted, to be read behind the server's name."""
    own = chain.read()
    if code == _EXPIRED:
        since = f" on {own.not_after:%Y-%m-%d}" if own else ""
        return f"has a certificate that expired{since}, unless this machine's clock is wrong"
    if code == _NOT_YET:
        when = f" before {own.not_before:%Y-%m-%d}" if own else ""
        return f"has a certificate that is not valid{when}: is this machine's clock right?"
    if code in _OTHER_NAME:
        return f"has no certificate for {url.tls_name}{_other_names(own)}"
    if code == _SELF_SIGNED:
        pin = f": pin its key, sha256 {own.key_sha256.hex()}, if it is yours" if own else ""
        return f"has a certificate that it signed itself{pin}"
    if code in (_SELF_SIGNED_ABOVE, *_NO_ISSUER):
        issuer = f", {own.issuer}" if own and own.issuer else ""
        return f"has a certificate of an authority that this machine does not know{issuer}"
    return f"has a certificate that is not trusted ({message})"


def _other_names(own: Certificate | None) -> str:
    if own is None:
        return ""
    if not own.names:
        return ", and the one it has names nobody"
    more = len(own.names) - NAMES_SHOWN
    shown = ", ".join(own.names[:NAMES_SHOWN])
    return f", but one for {shown}" + (f" and {more} more" if more > 0 else "")
