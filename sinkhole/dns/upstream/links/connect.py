"""Connections to a server, for all transports over TCP: plain, TLS, and through a proxy.

An address is found, connected to (the next one beside it where the first is slow), a proxy is
talked into letting us through, and TLS is set up and checked before the first byte of ours: all
by one deadline, and whatever goes wrong in words that say what to do.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from sinkhole.dns.upstream.links.addresses import Addresses
from sinkhole.dns.upstream.links.happy_eyeballs import ConnectionsFailed, connect_first
from sinkhole.dns.upstream.links.proxy import proxy_handshake
from sinkhole.dns.upstream.links.session import Exhausted
from sinkhole.dns.upstream.links.tls import (
    Chain,
    TlsContexts,
    chain_of,
    check_pins,
    server_certificate,
    words_of,
)
from sinkhole.model.certificate import Certificate
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import EXHAUSTED
from sinkhole.model.proxy_url import ProxyUrl
from sinkhole.model.upstream_url import UpstreamUrl

P = TypeVar("P", bound=asyncio.BaseProtocol)

_NO_ROUTE: Final = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
)
_READ_SIZE: Final = 4096


class ConnectionFacts(NamedTuple):
    """What people are told of a connection that was made.

    `address` is the IP address connected to, which is the proxy's where there is one; the way
    through that is part of `connect_s`. `handshake_s` and all behind it are None or "" without TLS.
    """

    address: str
    connect_s: float
    handshake_s: float | None = None
    tls_version: str = ""
    alpn: str = ""
    certificate: Certificate | None = None


class Proxy(NamedTuple):
    """A proxy to go through, and where it is found."""

    url: ProxyUrl
    addresses: Addresses


class Connector:
    """Makes connections to the server of a URL, one after the other or several at once.

    With TLS for every kind but tcp. `addresses` are the server's; with a proxy they are not asked,
    as it looks names up itself. `alpn` are the protocols offered. Deadlines are those of `clock`.
    """

    def __init__(
        self,
        url: UpstreamUrl,
        addresses: Addresses,
        *,
        contexts: TlsContexts,
        alpn: tuple[str, ...] = (),
        proxy: Proxy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._addresses = proxy.addresses if proxy else addresses
        self._contexts = contexts
        self._alpn = alpn
        self._proxy = proxy
        self._clock = clock
        self.facts: ConnectionFacts | None = None
        """Of the connection that was made last, even where its certificate was turned down."""

    async def open(self, make: Callable[[], P], deadline: float) -> tuple[asyncio.Transport, P]:
        """A connection and its protocol, which `make` made and which was told of it.

        A certificate that is turned down never gets as far as the protocol. Raises UpstreamError in
        words, and Exhausted where this machine had no descriptor or memory left.
        """
        attempt = _Attempt(self._url, self._addresses)
        limit_s = max(deadline - self._clock(), 0.0)
        try:
            async with asyncio.timeout(limit_s):
                context = await self._context()
                sock = await self._connected(attempt, deadline)
                if context is None:
                    self._addresses.worked(attempt.ips[0])
                    return await asyncio.get_running_loop().create_connection(make, sock=sock)
                return await self._shake_hands(sock, attempt, make, context)
        except TimeoutError:
            raise attempt.error(f"{attempt.late} within {limit_s:.1f} s") from None
        except UpstreamError as error:
            raise attempt.error(error.cause) from None
        except ssl.SSLError as error:
            raise attempt.error(words_of(error, self._url)) from None
        except OSError as error:
            if error.errno in EXHAUSTED:
                raise Exhausted(str(self._url), f"could not be asked ({error.strerror})") from None
            raise attempt.error("closed the connection during the handshake") from None

    async def _context(self) -> ssl.SSLContext | None:
        """What TLS is spoken by; None for the kind that speaks none."""
        if not self._url.is_encrypted:
            return None
        return await self._contexts.get(self._alpn, pinned=bool(self._url.pins))

    async def _connected(self, attempt: _Attempt, deadline: float) -> socket.socket:
        """A socket whose every byte from now on is the server's."""
        port = self._proxy.url.port if self._proxy else self._url.port
        began = self._clock()
        sock, ip = await self._first_connected(attempt, port, deadline)
        attempt.ips = (ip,)
        if self._proxy:
            attempt.late = f"could not be reached by the proxy {self._proxy.url}"
            try:
                await self._pass_proxy(sock, self._proxy.url)
            except BaseException:
                sock.close()
                raise
        self.facts = ConnectionFacts(ip, self._clock() - began)
        return sock

    async def _first_connected(
        self, attempt: _Attempt, port: int, deadline: float
    ) -> tuple[socket.socket, str]:
        """The first connection to one of the addresses; when all have failed, to one of those that
        are found then, as the server may have moved."""
        known: tuple[str, ...] = tuple(await self._addresses.find(deadline))
        tried: set[str] = set()
        while True:
            attempt.ips = tuple(ip for ip in known if ip not in tried)
            attempt.late = f"could not be connected to ({', '.join(attempt.ips)})"
            try:
                return await connect_first(attempt.ips, port, self._addresses.failed)
            except ConnectionsFailed as error:
                tried |= {*attempt.ips}
                attempt.ips = ()  # each was told of already
                known = tuple(await self._addresses.find(deadline))
                if tried.issuperset(known):
                    raise self._unconnected(error, port) from None

    def _unconnected(self, error: ConnectionsFailed, port: int) -> Exception:
        """Why there is no connection; an OSError where this machine is the reason."""
        for reason in error.reasons.values():
            if reason.errno in EXHAUSTED:
                return reason
        why = _why_unreachable(error.reasons, port)
        if self._proxy:
            why = f"could not be reached, as the proxy {self._proxy.url} {why}"
        return UpstreamError("", why)

    async def _pass_proxy(self, sock: socket.socket, proxy: ProxyUrl) -> None:
        """Have the proxy open the way to the server."""
        loop = asyncio.get_running_loop()
        handshake = proxy_handshake(proxy, self._url.host, self._url.port)
        send = handshake.begin()
        while not handshake.done:
            if send:
                await loop.sock_sendall(sock, send)
            data = await loop.sock_recv(sock, _READ_SIZE)
            if not data:
                cause = f"could not be reached, as the proxy {proxy} closed the connection"
                raise UpstreamError("", cause)
            send = handshake.feed(data)

    async def _shake_hands(
        self,
        sock: socket.socket,
        attempt: _Attempt,
        make: Callable[[], P],
        context: ssl.SSLContext,
    ) -> tuple[asyncio.Transport, P]:
        """The protocol behind TLS, on a connected socket."""
        began = self._clock()
        attempt.late = "took the connection, but did not finish the TLS handshake"

        def check(tls: ssl.SSLObject) -> None:
            self._note(tls, attempt.ips[0], self._clock() - began)
            own = tls.getpeercert(binary_form=True)
            chain = Chain((own,) if own else ()) if self._url.pins else chain_of(tls)
            check_pins(self._url, chain)

        name = self._url.tls_name.partition("%")[0]
        gate = _Gate(make, check)
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: gate, sock=sock, ssl=context, server_hostname=name
        )
        if gate.refused is not None:
            transport.abort()
            raise gate.refused
        self._addresses.worked(attempt.ips[0])
        return transport, gate.protocol

    def _note(self, tls: ssl.SSLObject, ip: str, handshake_s: float) -> None:
        """Remember what the handshake showed."""
        known = self.facts or ConnectionFacts(ip, 0.0)
        self.facts = known._replace(
            handshake_s=handshake_s,
            tls_version=tls.version() or "",
            alpn=tls.selected_alpn_protocol() or "",
            certificate=server_certificate(tls),
        )


class _Attempt:
    """One connection in the making: which addresses it is about, and what a timeout means now."""

    def __init__(self, url: UpstreamUrl, addresses: Addresses) -> None:
        self._url = url
        self._addresses = addresses
        self.ips: tuple[str, ...] = ()
        self.late = f"has no address: {url.host} could not be looked up"

    def error(self, cause: str) -> UpstreamError:
        """It came to nothing; the addresses hear of it."""
        for ip in self.ips:
            self._addresses.failed(ip)
        return UpstreamError(str(self._url), cause)


class _Gate(asyncio.Protocol, Generic[P]):
    """Stands before a protocol until the certificate was looked at."""

    def __init__(self, make: Callable[[], P], check: Callable[[ssl.SSLObject], None]) -> None:
        self._make = make
        self._check = check
        self.protocol: P
        self.refused: UpstreamError | None = UpstreamError("", "met an error of sinkhole's own")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection over, or leave it to be ended."""
        assert isinstance(transport, asyncio.Transport)
        try:
            self._check(transport.get_extra_info("ssl_object"))
        except UpstreamError as error:
            self.refused = error
            return
        self.refused = None
        self.protocol = self._make()
        transport.set_protocol(self.protocol)
        self.protocol.connection_made(transport)


def _why_unreachable(reasons: dict[str, OSError], port: int) -> str:
    """Why no address could be connected to; once where it is the same for all."""
    if not reasons:
        return "has no address that could be tried"
    words = {ip: _words(error) for ip, error in reasons.items()}
    if len(set(words.values())) == 1:
        return f"{next(iter(words.values()))} ({', '.join(words)} port {port})"
    said = "; ".join(f"{ip} {why}" for ip, why in words.items())
    return f"could not be connected to on port {port}: {said}"


def _words(error: OSError) -> str:
    if error.errno == errno.ECONNREFUSED:
        return "refused the connection"
    if error.errno in _NO_ROUTE:
        return "cannot be reached from here: no route"
    if error.errno == errno.ETIMEDOUT:
        return "did not answer"
    return f"could not be connected to: {error.strerror or os.strerror(error.errno or 0)}"
