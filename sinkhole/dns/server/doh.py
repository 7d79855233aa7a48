"""DNS over HTTPS for one connection, whatever version of HTTP brings it: from request to response.

What is spoken (`http1`, `http2`, HTTP/3) only frames: it gives heads of requests, then bodies, and
gets responses, each once, now or later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from sinkhole.dns.http.forwarded import client_behind
from sinkhole.dns.http.request import (
    NO_SUCH_PATH,
    QUERY_SIZE,
    TOO_LARGE,
    Asked,
    Refusal,
    read_request,
)
from sinkhole.dns.http.response import Response, answer, refusal
from sinkhole.dns.pipeline.channel import Channel
from sinkhole.dns.server.client_id import read_client_id
from sinkhole.dns.server.door import Door
from sinkhole.dns.wire.question import HEADER_SIZE
from sinkhole.model.errors import WireError

Respond = Callable[[Response], None]


class Doh:
    """Requests of one connection. `packed` is its client's address, `channel` how it came.

    Behind a proxy that the Door trusts the headers of each request say whose it is. `alt_svc` is
    told with each answer (RFC 7838).
    """

    def __init__(self, door: Door, channel: Channel, packed: bytes, alt_svc: bytes = b"") -> None:
        self._door = door
        self._channel = channel
        self._packed = packed
        self._alt_svc = alt_svc
        self._is_proxied = door.is_proxy(packed)

    def begin(self, method: bytes, target: bytes, content_type: bytes) -> Asked | Refusal:
        """What the head of a request asks. With a Refusal there is no need for its body."""
        asked = read_request(method, target, content_type)
        if isinstance(asked, Asked) and asked.client_id:
            client_id = read_client_id(asked.client_id)
            return asked._replace(client_id=client_id) if client_id else NO_SUCH_PATH
        return asked

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
            respond(refusal(TOO_LARGE))
            return
        packed, channel = self._packed, self._channel
        if self._is_proxied:
            try:
                packed = client_behind(packed, headers, self._door.is_proxy)
            except WireError as error:
                respond(refusal(Refusal(400, f"It is not clear whose request this is: {error}.")))
                return
        if asked.client_id:
            channel = replace(channel, client_id=asked.client_id)
        if not self._door.serve(query, packed, channel, arrived, partial(self._answered, respond)):
            respond(refusal(_why_unanswered(query)))

    def close_batch(self, arrived: float) -> None:
        """What came with one wake-up is answered as far as it can be."""
        self._door.close_batch(self._channel, arrived)

    def _answered(self, respond: Respond, reply: bytes) -> None:
        respond(answer(reply, self._alt_svc))


def _why_unanswered(query: bytes) -> Refusal:
    if len(query) < HEADER_SIZE or query[2] & 0x80:
        return Refusal(400, "This is no DNS query.")
    return Refusal(503, "Too many queries wait for their answers; try again in a moment.")
