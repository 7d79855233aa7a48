"""DNS over HTTPS for one connection, whatever version of HTTP brings it: from request to response.

What is spoken (`http1`, `http2`, HTTP/3) only frames: it gives heads of requests, then bodies, and
gets responses, each once, now or later.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sinkhole.dns.http.request import (
    NO_SUCH_PATH,
    QUERY_SIZE,
    TOO_LARGE,
    Asked,
    Refusal,
    read_request,
)
from sinkhole.dns.http.response import Response, answer, date, refusal
from sinkhole.dns.pipeline.channel import Channel
from sinkhole.dns.server.client_id import read_client_id
from sinkhole.dns.server.door import Door
from sinkhole.dns.wire.question import HEADER_SIZE
from sinkhole.model.errors import WireError
from sinkhole.model.forwarded import client_behind

MAX_REQUESTS: Final = 10_000
"""Requests on one connection before the client is sent to a new one. More than over TCP by far: a
browser keeps one for hours, and a handshake costs as much as some twenty answers."""
IDLE_S: Final = 60.0
BUSY_IDLE_S: Final = 5.0
"""Idle time allowed when more than half of the places are taken."""
REQUEST_S: Final = 5.0
"""Time to send one whole request from its first byte on."""
WRITE_BUFFER: Final = 128 * 1024
"""Unread responses in bytes before a client that does not read is cut off."""

Respond = Callable[[Response], None]


@dataclass(slots=True)
class Service:
    """What is served on the port beside DNS, looked up for each request.

    `page` makes what speaks HTTP/1.1 for all paths but that of DNS; None: these are not found.
    `alt_svc` is told with each answer (RFC 7838): `h3=":443"; ma=86400`.
    """

    page: Callable[[], asyncio.Protocol] | None = None
    alt_svc: bytes = b""


class Doh:
    """Requests of one connection. `packed` is its client's address, `channel` how it came.

    Behind a proxy that the Door trusts the headers of each request say whose it is.
    """

    def __init__(self, service: Service, door: Door, channel: Channel, packed: bytes) -> None:
        self.service: Final = service
        self.door: Final = door
        self.channel: Final = channel
        self.packed: Final = packed
        self.is_proxied: Final = door.is_proxy(packed)

    def begin(self, method: bytes, target: bytes, content_type: bytes) -> Asked | Refusal:
        """What the head of a request asks. With a Refusal there is no need for its body."""
        asked = read_request(method, target, content_type)
        if isinstance(asked, Asked) and asked.client_id:
            client_id = read_client_id(asked.client_id)
            return asked._replace(client_id=client_id) if client_id else NO_SUCH_PATH
        return asked

    def refuse(self, refused: Refusal, method: bytes = b"") -> Response:
        """The response to a request that is not answered by DNS."""
        response = _dated(refusal(refused))
        return response._replace(body=b"") if method == b"HEAD" else response

    def answer(
        self,
        asked: Asked,
        body: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        arrived: float,
        respond: Respond,
    ) -> None:
        """Answer a whole request; `respond` is called once, perhaps before this returns."""
        query = body if asked.query is None else asked.query
        if len(query) > QUERY_SIZE:
            respond(self.refuse(TOO_LARGE))
            return
        packed, channel = self.packed, self.channel
        if self.is_proxied:
            try:
                packed = client_behind(packed, headers, self.door.is_proxy)
            except WireError as error:
                unclear = Refusal(400, f"It is not clear whose request this is: {error}.")
                respond(self.refuse(unclear))
                return
        if asked.client_id:
            channel = replace(channel, client_id=asked.client_id)
        if not self.door.serve(query, packed, channel, arrived, partial(self._answered, respond)):
            respond(self.refuse(_why_unanswered(query)))

    def may_see_page(self, headers: Iterable[tuple[bytes, bytes]], arrived: float) -> bool:
        """Whether who asks may have the page; a proxy brings requests of strangers as well."""
        if not self.is_proxied:
            return True
        try:
            packed = client_behind(self.packed, headers, self.door.is_proxy)
        except WireError:
            return False
        return self.door.lets_in(self.door.client_at(packed, self.channel), self.channel, arrived)

    def close_batch(self, arrived: float) -> None:
        """What came with one wake-up is answered as far as it can be."""
        self.door.close_batch(self.channel, arrived)

    def _answered(self, respond: Respond, reply: bytes) -> None:
        respond(_dated(answer(reply, self.service.alt_svc)))


def _dated(response: Response) -> Response:
    return response._replace(headers=(*response.headers, date(int(time.time()))))


def _why_unanswered(query: bytes) -> Refusal:
    if len(query) < HEADER_SIZE or query[2] & 0x80:
        return Refusal(400, "This is no DNS query.")
    return Refusal(503, "Too many queries wait for their answers; try again in a moment.")
