"""DNS over HTTPS (RFC 8484): over TLS HTTP/2 is spoken, or HTTP/1.1 where the client can't.

`https_listener` is all that a caller needs; `http2` and `http1` frame, `doh` answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from sinkhole.dns.pipeline.channel import HTTPS, Channel
from sinkhole.dns.server.doh import Doh, Service
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.http1 import Http1Requests
from sinkhole.dns.server.http2 import Http2Requests
from sinkhole.dns.server.stream import StreamListener
from sinkhole.dns.server.tls import tls_listener
from sinkhole.dns.server.tls_terms import TlsTerms
from sinkhole.model.faults import Faults

H2: Final = "h2"
PROTOCOLS: Final = (H2, "http/1.1")
"""For the ALPN of TlsTerms; a client that has none speaks HTTP/1.1."""


def https_listener(
    door: Door, terms: TlsTerms, service: Service, faults: Faults | None = None
) -> StreamListener:
    """A listener for DNS over HTTPS; `terms` must be for PROTOCOLS."""
    return tls_listener(door, terms, HTTPS, partial(HttpsConnection, service), faults)


class HttpsConnection(asyncio.Protocol):
    """A connection until its version of HTTP is known, which is when it is made."""

    def __init__(self, service: Service, door: Door, channel: Channel, packed: bytes) -> None:
        self._service = service
        self._door = door
        self._channel = channel
        self._packed = packed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have it speak what was agreed on."""
        assert isinstance(transport, asyncio.Transport)
        spoken = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        speaking: Callable[[Doh], asyncio.Protocol] = (
            Http2Requests if spoken == H2 else Http1Requests
        )
        protocol = speaking(Doh(self._service, self._door, self._channel, self._packed))
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
