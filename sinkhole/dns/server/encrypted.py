"""DNS over TLS, HTTPS and QUIC: which listeners there are, and the terms that all of a kind share.

These terms (`TlsTerms`, `QuicTerms`, `Service`) are made once and assigned to, so that listeners
that stay keep their connections.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from sinkhole.dns.quic.retry import RetryTokens
from sinkhole.dns.server.address import ListenAddress
from sinkhole.dns.server.doh import Service
from sinkhole.dns.server.https import PROTOCOLS, https_listener
from sinkhole.dns.server.listeners import Listeners
from sinkhole.dns.server.tls import DOT, tls_listener
from sinkhole.dns.server.tls_terms import TlsTerms
from sinkhole.model.faults import Faults
from sinkhole.model.own_secret import OWN_SECRET

if TYPE_CHECKING:
    from sinkhole.dns.server.quic_terms import QuicTerms

ALT_SVC_S: Final = 86_400
"""How long clients may remember that the same is served by HTTP/3 (RFC 7838 §3)."""

Places = tuple[tuple[str, int], ...]
"""Addresses to listen on, with their ports."""


class EncryptedTerms(NamedTuple):
    """Where DNS is spoken by what, and by which `names` devices reach us; lower-cased.

    With `http3` that is spoken on the UDP ports of `https`, too. With `has_page` whoever asks for
    anything but DNS at `https` gets the page. By the `secret` those who share it know the tokens of
    each other's clients (QUIC).
    """

    tls: Places = ()
    https: Places = ()
    quic: Places = ()
    http3: bool = True
    has_page: bool = False
    names: tuple[str, ...] = ()
    secret: bytes = OWN_SECRET

    @property
    def sockets(self) -> int:
        """How many are listened on, at most."""
        return len((*self.tls, *self.quic)) + len(self.https) * (1 + self.http3)

    @property
    def wants_quic(self) -> bool:
        """Whether anything is to be spoken over QUIC."""
        return bool(self.quic or (self.https and self.http3))

    @property
    def alt_svc(self) -> bytes:
        """What clients at `https` are told of HTTP/3 (RFC 7838)."""
        ports = dict.fromkeys(port for _, port in self.https if port)
        if not self.http3 or not ports:
            return b""
        return ", ".join(f'h3=":{port}"; ma={ALT_SVC_S}' for port in ports).encode()


class EncryptedListeners:
    """What of `dns` is encrypted. Until a certificate is shown, connections are closed at once.

    `page` makes what speaks HTTP/1.1 for the page. `lacks_quic` is whether that was wanted and what
    it takes is not installed. `by_quic` are its terms by protocol, "doq" and "h3".
    """

    def __init__(
        self, dns: Listeners, faults: Faults, page: Callable[[], asyncio.Protocol] | None = None
    ) -> None:
        self.lacks_quic = False
        self.by_quic: dict[str, QuicTerms] = {}
        self._names: tuple[str, ...] = ()
        self._tokens = RetryTokens(OWN_SECRET)
        self._dns, self._faults, self._page = dns, faults, page
        self._tls, self._https = TlsTerms([DOT]), TlsTerms(PROTOCOLS)
        self._service = Service()

    def addresses(self, terms: EncryptedTerms) -> list[ListenAddress]:
        """What these terms want listened to; imports what that takes."""
        door, other = self._dns.door, self._dns.other
        by_tls = partial(tls_listener, door, self._tls, faults=self._faults)
        by_https = partial(https_listener, door, self._https, self._service, self._faults)
        found = other(terms.tls, "TCP", by_tls, "TLS", "dns.tls")
        found += other(terms.https, "TCP", by_https, "HTTPS", "dns.https")
        if terms.quic:
            found += self._over_quic(terms.quic, "doq", "QUIC", "dns.quic")
        if terms.https and terms.http3:
            found += self._over_quic(terms.https, "h3", "HTTP/3", "dns.https")
        return found

    def use(self, terms: EncryptedTerms) -> None:
        """Go by these names and this secret from now on, and say this of HTTP/3 and the page."""
        self._service.page = self._page if terms.has_page else None
        self._service.alt_svc = terms.alt_svc
        self._names = self._tls.names = self._https.names = terms.names
        self._tokens = RetryTokens(terms.secret)
        for each in self.by_quic.values():
            each.names, each.tokens = terms.names, self._tokens

    def show(self, make_context: Callable[[], ssl.SSLContext | None]) -> None:
        """Show the certificate of a context by TLS and HTTPS from now on, each with one of its own;
        none where that is None."""
        self._tls.ssl_context, self._https.ssl_context = make_context(), make_context()

    def _over_quic(self, places: Places, protocol: str, over: str, key: str) -> list[ListenAddress]:
        try:
            from sinkhole.dns.server.quic import QuicListener
            from sinkhole.dns.server.quic_terms import QuicTerms
        except ImportError:
            self.lacks_quic = True
            return []
        terms = self.by_quic.get(protocol)
        if terms is None:
            terms = self.by_quic[protocol] = QuicTerms([protocol], self._names)
            terms.tokens = self._tokens
        make = partial(QuicListener, self._dns.door, terms)
        return self._dns.other(places, "UDP", make, over, key)
