"""Sessions over QUIC, for servers of `quic://` and `h3://`, where its library may be missing.

Everything else about QUIC imports `qh3`, which takes a tenth of a second and 20 MB; so that is
left to the first connection, in a thread, and to those who have such servers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sinkhole.dns.upstream.links.addresses import Addresses
from sinkhole.dns.upstream.links.connect import ConnectionFacts
from sinkhole.dns.upstream.links.session import Session, SessionEvents
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import DEFAULT_PORTS, UpstreamUrl

if TYPE_CHECKING:
    from sinkhole.dns.upstream.links.quic_opening import QuicOpener


class QuicSessions:
    """An `OpenSession` for one server. Deadlines are those of `clock`."""

    def __init__(
        self,
        url: UpstreamUrl,
        addresses: Addresses,
        *,
        contexts: TlsContexts,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._addresses = addresses
        self._contexts = contexts
        self._clock = clock
        self._opener: QuicOpener | None = None

    async def __call__(self, events: SessionEvents, deadline: float) -> Session:
        """Connect by the deadline; raises UpstreamError in words, also without the library."""
        if self._opener is None:
            self._opener = await asyncio.to_thread(self._load)
        return await self._opener(events, deadline)

    @property
    def facts(self) -> ConnectionFacts | None:
        """Of the connection that was made last, even where its certificate was turned down."""
        return self._opener.facts if self._opener else None

    def _load(self) -> QuicOpener:
        try:
            from sinkhole.dns.upstream.links.http3 import http3_opener
            from sinkhole.dns.upstream.links.quic import quic_opener
        except ImportError as error:
            raise UpstreamError(
                str(self._url),
                "needs libraries for QUIC, which are not there: "
                f"`pip install 'sinkhole[encrypted]'` ({error})",
            ) from None
        make = http3_opener if self._url.kind == "h3" else quic_opener
        return make(self._url, self._addresses, self._contexts, self._clock)


def authority_of(url: UpstreamUrl) -> str:
    """A server as HTTP names it: with its port where that is not the usual one."""
    host = url.host.partition("%")[0]
    host = f"[{host}]" if ":" in host else host
    return host if url.port == DEFAULT_PORTS[url.kind] else f"{host}:{url.port}"
