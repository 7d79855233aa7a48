"""DNS over HTTP/3: a request on each stream that the client opens (RFC 8484, RFC 9114)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Final

from qh3.h3.connection import ErrorCode, H3Connection
from qh3.h3.events import DataReceived, H3Event, HeadersReceived
from qh3.quic.events import QuicEvent, StopSendingReceived, StreamDataReceived, StreamReset

from sinkhole.dns.http.request import QUERY_SIZE, TOO_LARGE, Asked
from sinkhole.dns.http.response import Response, refusal
from sinkhole.dns.server.doh import Doh, Service
from sinkhole.dns.server.quic_connection import QuicClient

# The library warns of what its peer does wrong; what is worth saying we say ourselves.
logging.getLogger("http3").setLevel(logging.CRITICAL)

MAX_REQUEST: Final = 10 * 1024
"""Bytes of one request with its headers, as they come; the library would keep a megabyte."""

MAX_CONTROL: Final = 64 * 1024
"""Bytes that a client may send besides requests (settings, QPACK) on one connection."""

_NO_ERROR, _LOAD = int(ErrorCode.H3_NO_ERROR), int(ErrorCode.H3_EXCESSIVE_LOAD)
_REJECTED: Final = int(ErrorCode.H3_REQUEST_REJECTED)


class _Incoming:
    """A request whose end has not come yet; `asked` is None until its head has."""

    __slots__ = ("asked", "began", "body", "headers", "size")

    def __init__(self, began: float) -> None:
        self.asked: Asked | None = None
        self.headers: Iterable[tuple[bytes, bytes]] = ()
        self.body = b""
        self.size = 0
        self.began = began


class Http3Connection:
    """What is spoken on a connection of HTTP/3."""

    no_error: Final = _NO_ERROR

    def __init__(self, client: QuicClient, service: Service | None = None) -> None:
        self._client = client
        self._doh = Doh(service or Service(), client.door, client.channel, client.client.packed)
        self._incoming: dict[int, _Incoming] = {}
        self._open: set[int] = set()  # streams that a response is still to be sent on
        self._control_left = MAX_CONTROL
        guarded = client.connection.guarded
        self._http: H3Connection | None = guarded(H3Connection, client.connection.native)

    @property
    def message_began(self) -> float | None:
        """When the oldest of the requests that are not whole began."""
        return next((each.began for each in self._incoming.values()), None)

    def happened(self, event: QuicEvent) -> None:
        """Give it to the library, which knows the frames, unless it is too much."""
        if self._http is None or not self._may_keep(event):
            return
        for each in self._client.connection.guarded(self._http.handle_event, event) or ():
            self._take(each)
        if isinstance(event, StreamReset | StopSendingReceived):
            self._open.discard(event.stream_id)
            self._client.forget(event.stream_id)
            if isinstance(event, StreamReset):
                self._incoming.pop(event.stream_id, None)

    # ---- what comes --------------------------------------------------------------------------

    def _may_keep(self, event: QuicEvent) -> bool:
        """Count what comes, before anything is kept of it."""
        if not isinstance(event, StreamDataReceived):
            return True
        stream, size = event.stream_id, len(event.data)
        if stream & 3:
            self._control_left -= size
            if self._control_left < 0:
                self._client.end(_LOAD, "too much besides requests")
            return self._control_left >= 0
        incoming = self._incoming.get(stream)
        if incoming is None:
            incoming = self._incoming[stream] = _Incoming(self._client.arrived)
            self._open.add(stream)
            self._client.count += 1
        incoming.size += size
        if incoming.size > MAX_REQUEST and stream in self._open:
            self._give_up(stream, _LOAD)
        if event.end_stream and stream not in self._open:
            del self._incoming[stream]
        return stream in self._open  # what follows a refusal is not looked at

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            self._take_head(event.stream_id, event.headers)
        elif isinstance(event, DataReceived):
            self._take_data(event.stream_id, event.data)
        if isinstance(event, HeadersReceived | DataReceived) and event.stream_ended:
            self._take_end(event.stream_id)

    def _take_head(self, stream: int, headers: list[tuple[bytes, bytes]]) -> None:
        incoming = self._incoming.get(stream)
        if incoming is None or incoming.asked is not None:  # what follows the body are trailers
            return
        values = dict(headers)
        method, target = values.get(b":method", b""), values.get(b":path", b"")
        asked = self._doh.begin(method, target, values.get(b"content-type", b""))
        if isinstance(asked, Asked):
            incoming.asked, incoming.headers = asked, headers
        else:
            self._respond(stream, self._doh.refuse(asked, method))

    def _take_data(self, stream: int, data: bytes) -> None:
        incoming = self._incoming.get(stream)
        if incoming is None or stream not in self._open:
            return
        incoming.body += data
        if len(incoming.body) > QUERY_SIZE:
            self._respond(stream, refusal(TOO_LARGE))

    def _take_end(self, stream: int) -> None:
        incoming = self._incoming.pop(stream, None)
        if incoming is None or incoming.asked is None or stream not in self._open:
            return
        client = self._client
        if not client.begin(stream):
            self._give_up(stream, _REJECTED)
            return
        respond = partial(self._answered, stream)
        self._doh.answer(incoming.asked, incoming.body, incoming.headers, client.arrived, respond)

    # ---- what goes ---------------------------------------------------------------------------

    def _answered(self, stream: int, response: Response) -> None:
        if self._client.finish(stream):
            self._respond(stream, response)

    def _respond(self, stream: int, response: Response) -> None:
        if stream not in self._open or self._http is None:
            return
        self._open.discard(stream)
        guarded, is_all = self._client.connection.guarded, not response.body
        head = [(b":status", b"%d" % response.status), *response.headers]
        guarded(self._http.send_headers, stream, head, is_all)
        if not is_all:
            guarded(self._http.send_data, stream, response.body, True)
        self._client.sent()

    def _give_up(self, stream: int, code: int) -> None:
        self._open.discard(stream)
        self._client.connection.abandon(stream, code)
        self._client.sent()
