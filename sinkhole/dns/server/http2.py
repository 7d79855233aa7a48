"""DNS over HTTP/2: a query on each stream of a connection, answered in any order (RFC 9113).

Clients are not trusted: streams, frames that ask for nothing, requests that take their time and
responses that nobody reads are all bounded (CVE-2023-44487, and the floods of CVE-2019-9511 to
9518).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from functools import partial
from math import inf
from typing import Final

from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)

from sinkhole.dns.http.connection import Goaway, Http2Connection, HttpError, goaway_frame
from sinkhole.dns.http.request import NO_SUCH_PATH, QUERY_SIZE, TOO_LARGE, Asked
from sinkhole.dns.http.response import Response
from sinkhole.dns.server.doh import (
    BUSY_IDLE_S,
    IDLE_S,
    MAX_REQUESTS,
    REQUEST_S,
    WRITE_BUFFER,
    Doh,
)

MOST_STREAMS: Final = 100
"""Requests underway on one connection, those that were reset and still wait among them."""
FREE_FRAMES: Final = 500
"""Frames that a client may send without getting an answer; more end the connection."""
FRAMES_A_REQUEST: Final = 20
"""So many more it may with each answer, up to FREE_FRAMES."""
MAX_IGNORED: Final = 16 * 1024
"""Bytes of a body that are let come in though its request was refused by its head."""
MAX_UNSENT: Final = 256 * 1024
"""Bytes of responses that wait for the client's windows; more end the connection."""


class _Incoming:
    """A request whose end has not come yet."""

    __slots__ = ("asked", "began", "body", "headers")

    def __init__(self, asked: Asked, headers: Iterable[tuple[bytes, bytes]], began: float) -> None:
        self.asked = asked
        self.headers = headers
        self.began = began
        self.body = b""


class Http2Requests(asyncio.Protocol):
    """One HTTP/2 connection of a client, behind TLS; it holds a place of the Door."""

    def __init__(self, doh: Doh) -> None:
        self.channel = doh.channel
        self.client = doh.door.client_at(doh.packed, doh.channel)
        self._doh = doh
        self._http = Http2Connection(client_side=False, most_streams=MOST_STREAMS)
        self._http.frames_left = FREE_FRAMES
        self._incoming: dict[int, _Incoming] = {}
        self._unsent: dict[int, bytes] = {}
        self._refused: dict[int, int] = {}  # and how much of its body came
        self._answering = 0
        self._requests = 0
        self._used = time.monotonic()
        self._midway_since = inf
        self._is_ending = False
        self._is_reading = False
        self._will_flush = False

    # ---- the connection's life, called by the transport --------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place among the connections, or close at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        if not self._doh.door.admit(self):
            transport.abort()
            return
        self._http.initiate_connection()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._doh.door.leave(self)

    def pause_writing(self) -> None:
        """The client does not read its responses: cut it off."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Answer what came whole; the rest waits for more bytes."""
        arrived = time.monotonic()
        self._is_reading = True
        try:
            events = self._http.receive(data)
            for event in events:
                self._take(event, arrived)
        except HttpError:
            self._flush()
            self._transport.close()
        else:
            if not self._http.is_midway:
                self._midway_since = inf
            elif events or self._midway_since == inf:
                self._midway_since = arrived
            self._flush()
        self._is_reading = False
        self._doh.close_batch(arrived)

    # ---- what comes --------------------------------------------------------------------------

    def _take(self, event: Event | Goaway, arrived: float) -> None:
        if isinstance(event, RequestReceived):
            self._take_head(event, arrived)
        elif isinstance(event, DataReceived):
            self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self._take_data(event.stream_id, event.data)
        elif isinstance(event, StreamEnded):
            self._take_end(event.stream_id, arrived)
        elif isinstance(event, StreamReset):
            self._refused.pop(event.stream_id, None)
            self._incoming.pop(event.stream_id, None)
            self._unsent.pop(event.stream_id, None)
        elif isinstance(event, RemoteSettingsChanged | WindowUpdated):
            self._push_all()
        elif isinstance(event, Goaway):
            self._is_ending = True

    def _take_head(self, event: RequestReceived, arrived: float) -> None:
        stream, headers = event.stream_id, event.headers
        underway = self._answering + len(self._incoming) + len(self._refused)
        if self._is_ending or underway >= MOST_STREAMS:
            self._http.give_up(stream, ErrorCodes.REFUSED_STREAM)
            return
        values = dict(headers)
        method, target = values.get(b":method", b""), values.get(b":path", b"")
        asked = self._doh.begin(method, target, values.get(b"content-type", b""))
        if isinstance(asked, Asked):
            self._incoming[stream] = _Incoming(asked, headers, arrived)
        elif asked is NO_SUCH_PATH and self._doh.service.page is not None:
            self._http.give_up(stream, ErrorCodes.HTTP_1_1_REQUIRED)  # where there is a page
        else:
            # Its body is on the way: clients take a reset now for the end of everything.
            self._refused[stream] = 0
            self._respond(stream, self._doh.refuse(asked, method))

    def _take_data(self, stream: int, data: bytes) -> None:
        if stream in self._refused:
            self._refused[stream] += len(data)
            if self._refused[stream] > MAX_IGNORED:
                del self._refused[stream]
                self._http.give_up(stream, ErrorCodes.NO_ERROR)
            return
        incoming = self._incoming.get(stream)
        if incoming is None:
            return
        incoming.body += data
        if len(incoming.body) > QUERY_SIZE:
            del self._incoming[stream]
            self._respond(stream, self._doh.refuse(TOO_LARGE))

    def _take_end(self, stream: int, arrived: float) -> None:
        self._refused.pop(stream, None)
        incoming = self._incoming.pop(stream, None)
        if incoming is None or self._http.has_ended(stream):  # reset by what came behind it
            return
        self._used = arrived
        self._requests += 1
        self._answering += 1
        self._doh.door.touched(self)
        respond = partial(self._answered, stream)
        self._doh.answer(incoming.asked, incoming.body, incoming.headers, arrived, respond)
        if self._requests >= MAX_REQUESTS and not self._is_ending:
            self._transport.write(self._http.data_to_send() + goaway_frame(stream))
            self._is_ending = True

    # ---- what goes ---------------------------------------------------------------------------

    def _answered(self, stream: int, response: Response) -> None:
        """Send a response; it comes within `data_received`, or later when an upstream was asked."""
        self._answering -= 1
        if self._transport.is_closing():
            return
        if not self._http.has_ended(stream):
            left = self._http.frames_left + FRAMES_A_REQUEST
            self._http.frames_left = min(left, FREE_FRAMES)
        self._respond(stream, response)
        if not self._is_reading:
            self._used = time.monotonic()
            self._flush_soon()

    def _respond(self, stream: int, response: Response) -> None:
        if self._http.has_ended(stream):
            return
        status = (b":status", b"%d" % response.status)
        is_all = not response.body
        self._http.send_headers(stream, (status, *response.headers), end_stream=is_all)
        self._push(stream, response.body)

    def _push(self, stream: int, body: bytes) -> None:
        """Send as much of a body as the client takes now."""
        size = min(self._http.local_flow_control_window(stream), self._http.max_outbound_frame_size)
        while body and size > 0:
            part, body = body[:size], body[size:]
            self._http.send_data(stream, part, end_stream=not body)
            size = min(self._http.local_flow_control_window(stream), size)
        if body:
            self._unsent[stream] = body
            if sum(map(len, self._unsent.values())) > MAX_UNSENT:
                self._transport.abort()
        else:
            self._unsent.pop(stream, None)
            if stream not in self._refused:
                self._http.give_up(stream, ErrorCodes.NO_ERROR)  # of a request that is not whole

    def _push_all(self) -> None:
        for stream, body in list(self._unsent.items()):
            if not self._http.has_ended(stream):
                self._push(stream, body)

    def _flush_soon(self) -> None:
        if not self._will_flush:
            self._will_flush = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Send what h2 has to say, and close behind the last response of all."""
        self._will_flush = False
        if self._transport.is_closing():
            return
        if data := self._http.data_to_send():
            self._transport.write(data)
        if self._is_ending and self.is_idle and not self._unsent:
            self._transport.close()

    # ---- a holder of a place -----------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nobody would miss an answer if it were closed now."""
        return not self._answering

    def is_overdue(self, now: float, *, busy: bool) -> bool:
        """Whether it has been idle, or busy with one incoming request, for too long."""
        oldest = next((each.began for each in self._incoming.values()), inf)
        if now - min(oldest, self._midway_since) > REQUEST_S:
            return True
        return self.is_idle and now - self._used > (BUSY_IDLE_S if busy else IDLE_S)

    def close(self) -> None:
        """Close; responses that the kernel has taken are still sent."""
        if self._transport.get_write_buffer_size():
            self._transport.abort()
            return
        if not self._transport.is_closing():
            self._transport.write(goaway_frame(self._http.highest_inbound_stream_id))
        self._transport.close()
