"""Opening QUIC connections to one server: addresses, handshake, certificate (RFC 9000, RFC 9001).

As for TCP (RFC 8305), the next address is tried beside the first where that has not answered after
a quarter of a second, and the first that has shown who it is wins.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from ssl import CERT_NONE
from typing import Final

from qh3.quic.connection import QuicConnection
from qh3.quic.events import HandshakeCompleted, QuicEvent

from sinkhole.dns.quic.connection import End, configuration
from sinkhole.dns.upstream.links.addresses import Addresses
from sinkhole.dns.upstream.links.connect import ConnectionFacts
from sinkhole.dns.upstream.links.happy_eyeballs import MOST_ADDRESSES, NEXT_AFTER_S
from sinkhole.dns.upstream.links.quic_certificate import (
    Authorities,
    chain_of,
    check_certificate,
    sni_of,
)
from sinkhole.dns.upstream.links.quic_transport import QuicTransport, words_of_error
from sinkhole.dns.upstream.links.session import Exhausted, Session, SessionEvents
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import EXHAUSTED
from sinkhole.model.upstream_url import UpstreamUrl

IDLE_S: Final = 30.0
"""A connection that neither side uses for so long is over; servers may want less."""

STREAM_SIZE: Final = 128 * 1024
"""Bytes that a server may send on a stream before we have read them, and a fourth of what it may
on all streams; the longest answer has half of that."""

Speak = Callable[[QuicTransport, SessionEvents], Session]
"""Makes the session of a protocol on a connection that is ready."""


class QuicOpener:
    """An `OpenSession` for a server of `quic://` or `h3://`. Deadlines are those of `clock`."""

    def __init__(
        self,
        url: UpstreamUrl,
        addresses: Addresses,
        contexts: TlsContexts,
        clock: Callable[[], float],
        *,
        alpn: str,
        speak: Speak,
    ) -> None:
        self.url = url
        self.alpn = alpn
        self._addresses = addresses
        self._authorities = Authorities(contexts)
        self._speak = speak
        self._clock = clock
        self.facts: ConnectionFacts | None = None
        """Of the connection that was made last, even where its certificate was turned down."""

    async def __call__(self, events: SessionEvents, deadline: float) -> Session:
        """Connect by the deadline; raises UpstreamError in words, Exhausted where our own machine
        is the reason."""
        limit_s = max(deadline - self._clock(), 0.0)
        race: _Race | None = None
        late = f"has no address: {self.url.host} could not be looked up"
        try:
            async with asyncio.timeout(limit_s):
                authorities = b"" if self.url.pins else await self._authorities.get()
                ips = await self._addresses.find(deadline)
                late = f"did not answer by QUIC ({', '.join(ips)} UDP port {self.url.port})"
                race = _Race(self, ips, authorities, self._addresses.failed)
                transport = race.take(await race.won)
        except TimeoutError:
            for ip in race.underway if race else ():
                self._addresses.failed(ip)
            raise UpstreamError(str(self.url), f"{late} within {limit_s:.1f} s") from None
        except UpstreamError as error:
            raise type(error)(str(self.url), error.cause) from None
        finally:
            if race is not None:
                race.end()
        if transport.is_closed:
            raise UpstreamError(str(self.url), "closed the connection at once")
        self._addresses.worked(transport.ip)
        return self._speak(transport, events)


class _Race:
    """The handshakes underway for one session; `won` is the first connection that is ready, or
    UpstreamError when none can be had. The caller ends it."""

    def __init__(
        self,
        opener: QuicOpener,
        ips: Sequence[str],
        authorities: bytes,
        failed: Callable[[str], None],
    ) -> None:
        self.opener = opener
        self.authorities = authorities
        self.underway: dict[str, _Handshake] = {}
        self.won: asyncio.Future[QuicTransport] = asyncio.get_running_loop().create_future()
        self._waiting = list(dict.fromkeys(ips))[:MOST_ADDRESSES]
        self._failed = failed
        self._reasons: dict[str, UpstreamError] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._start_next()

    def lost(self, ip: str, why: UpstreamError) -> None:
        """An address is of no use; the next one is tried at once."""
        self.underway.pop(ip, None)
        self._reasons[ip] = why
        self._failed(ip)
        self._start_next()

    def take(self, transport: QuicTransport) -> QuicTransport:
        """What won is the caller's now."""
        self.underway.pop(transport.ip, None)
        return transport

    def end(self) -> None:
        """Close what is underway, and what won but was not taken."""
        self._stop_timer()
        for handshake in self.underway.values():
            handshake.give_up()
        self.underway.clear()

    def _start_next(self) -> None:
        self._stop_timer()
        while self._waiting and not self.won.done():
            ip = self._waiting.pop(0)
            try:
                self.underway[ip] = _Handshake(self, ip)
            except OSError as error:
                kind = Exhausted if error.errno in EXHAUSTED else UpstreamError
                self._reasons[ip] = kind("", words_of_error(error))
                self._failed(ip)
                continue
            if self._waiting:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(NEXT_AFTER_S, self._start_next)
            return
        if not self.underway and not self.won.done():
            self.won.set_exception(self._why())

    def _why(self) -> UpstreamError:
        """Why no address is of use; once where it is the same for all."""
        if not self._reasons:
            return UpstreamError("", "has no address that could be tried")
        causes = {ip: error.cause for ip, error in self._reasons.items()}
        kind = type(next(iter(self._reasons.values())))
        if len(set(causes.values())) == 1:
            return kind("", next(iter(causes.values())))
        return kind("", "; ".join(f"at {ip} {why}" for ip, why in causes.items()))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Handshake:
    """One address: a connection until its handshake is complete and its certificate checked."""

    def __init__(self, race: _Race, ip: str) -> None:
        """Raises OSError where the kernel knows at once that it leads nowhere."""
        self._race = race
        self._opener = race.opener
        url = self._opener.url
        settings = configuration(
            [self._opener.alpn], is_client=True, idle_s=IDLE_S, stream_size=STREAM_SIZE
        )
        settings.server_name = sni_of(url)
        settings.verify_mode = CERT_NONE  # `check_certificate` does, and says why
        self._began = time.monotonic()
        self._transport = QuicTransport(QuicConnection(configuration=settings), ip, url.port)
        self._transport.start(self)

    def give_up(self) -> None:
        """Nobody wants it any more."""
        self._transport.close()

    def happened(self, event: QuicEvent) -> None:
        """The handshake is complete: see whose it is."""
        if not isinstance(event, HandshakeCompleted) or self._race.won.done():
            return
        try:
            self._check(event.alpn_protocol)
        except UpstreamError as error:
            self._transport.close(_BAD_CERTIFICATE, "certificate")
            self._race.lost(self._transport.ip, error)
            return
        self._transport.detach()
        self._race.won.set_result(self._transport)

    def heard(self) -> None:
        """What came says nothing by itself."""

    def ended(self, what: str, end: End | None) -> None:
        """It came to nothing."""
        where = "" if end else f" ({self._transport.ip} UDP port {self._opener.url.port})"
        self._race.lost(self._transport.ip, UpstreamError("", what + where))

    def _check(self, alpn: str | None) -> None:
        native, opener = self._transport.connection.native, self._opener
        opener.facts = ConnectionFacts(
            self._transport.ip,
            connect_s=0.0,
            handshake_s=time.monotonic() - self._began,
            tls_version="TLSv1.3",
            alpn=alpn or "",
            certificate=chain_of(native).read(),
        )
        if alpn != opener.alpn:
            raise UpstreamError("", "speaks QUIC on this port, but not this protocol")
        check_certificate(native, opener.url, self._race.authorities)


_BAD_CERTIFICATE: Final = 0x12A
"""The alert of RFC 8446 §6.2 as an error of QUIC (RFC 9001 §4.8)."""
