"""DNS over HTTPS to a server: each question is a POST on a stream of its own (RFC 8484, RFC 9113).

What is to be sent leaves once at the end of a turn of the event loop, however many questions there
were in it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)

from sinkhole.dns.http.connection import Goaway, Http2Connection, HttpError, code_text
from sinkhole.dns.http.media import DNS_MESSAGE, fault_of
from sinkhole.dns.upstream.links.connect import Connector
from sinkhole.dns.upstream.links.session import Asking, OpenSession, Session, SessionEvents
from sinkhole.dns.wire.query import render_query
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import DEFAULT_PORTS, UpstreamUrl

ALPN: Final = "h2"

MOST_STREAMS: Final = 100
"""Questions underway on one connection, or fewer where the server says so."""
MAX_ANSWER: Final = 65535
"""Bytes of an answer, as over TCP."""
WRITE_BUFFER: Final = 64 * 1024
"""Bytes that a server has not read before it is given up."""
RECEIVE_WINDOW: Final = 1 << 20
"""Bytes that may come before we have looked at them, of all streams together."""

_FIRST_WINDOW: Final = 65535
_LAST_STREAM: Final = 2**31 - 1
_NOTHING_MORE: Final = "takes no more questions on this connection"


def http2_sessions(connector: Connector, url: UpstreamUrl) -> OpenSession:
    """Makes sessions of the connector's connections, which must offer ALPN "h2"."""
    authority = authority_of(url)

    async def open_session(events: SessionEvents, deadline: float) -> Session:
        make = partial(Http2Session, events, authority, url.path)
        transport, session = await connector.open(make, deadline)
        spoken = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        if spoken != ALPN:
            session.close()
            only = f", only {spoken}" if spoken else ""
            raise UpstreamError(str(url), f"speaks TLS on this port, but not HTTP/2{only}")
        if session.is_over:
            raise UpstreamError(str(url), "closed the connection at once")
        return session

    return open_session


def authority_of(url: UpstreamUrl) -> str:
    """Whom requests are for: the server's name, with the port where it is another than usual."""
    name = url.tls_name.partition("%")[0]
    host = f"[{name}]" if ":" in name else name
    return host if url.port == DEFAULT_PORTS[url.kind] else f"{host}:{url.port}"


class _Exchange:
    """One question on its stream: what of the answer is there, what of the query is not sent."""

    __slots__ = ("answer", "asking", "is_begun", "unsent")

    def __init__(self, asking: Asking, query: bytes) -> None:
        self.asking = asking
        self.unsent = query
        self.answer = b""
        self.is_begun = False


class Http2Session(asyncio.Protocol):
    """One HTTP/2 connection to a server: a `session.Session`, and the protocol of its transport.

    `authority` is the server's name as in its URL, with the port where that is not 443.
    """

    def __init__(self, events: SessionEvents, authority: str, path: str) -> None:
        self.address = ""
        self.room = MOST_STREAMS
        self.is_over = False
        self._events = events
        self._path = path
        self._head = (
            (b":method", b"POST"),
            (b":scheme", b"https"),
            (b":authority", authority.encode()),
            (b":path", path.encode()),
            (b"accept", DNS_MESSAGE),
            (b"content-type", DNS_MESSAGE),
        )
        self._http = Http2Connection(client_side=True, most_streams=0)
        self._underway: dict[int, _Exchange] = {}
        self._next_stream = 1
        self._farewell = ""  # why it takes no more questions, if so
        self._is_full = False
        self._will_flush = False

    # ---- the link's side ---------------------------------------------------------------------

    def send(self, asking: Asking) -> None:
        """Ask on a new stream; leaves at the end of this turn of the loop."""
        stream = asking.key = self._next_stream
        # Id 0: the stream tells answers apart (RFC 8484 §4.1).
        query = render_query(asking.question, 0, edns=asking.edns, padded=True)
        length = (b"content-length", str(len(query)).encode())
        self._http.send_headers(stream, (*self._head, length))
        self._next_stream += 2
        if self._next_stream > _LAST_STREAM:
            self._farewell = _NOTHING_MORE
        self._underway[stream] = exchange = _Exchange(asking, query)
        self._count_room()
        self._push(stream, exchange)
        self._flush_soon()

    def cancel(self, asking: Asking) -> None:
        """Reset the question's stream."""
        exchange = self._underway.get(asking.key)
        if exchange is not None and exchange.asking is asking:
            self._give_up(asking.key)
            self._flush_soon()

    def close(self) -> None:
        """Close at once, with nothing said to the link."""
        self.is_over = True
        self.room = 0
        self._underway.clear()
        self._transport.abort()

    # ---- the connection's life, called by asyncio --------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what begins a connection; questions need not wait for the server's part of it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._http.initiate_connection()
        self._http.increment_flow_control_window(RECEIVE_WINDOW - _FIRST_WINDOW)
        self._flush_soon()

    def data_received(self, data: bytes) -> None:
        """Take what the server says."""
        if self.is_over:
            return
        if self._underway:
            self._events.heard(self)
        try:
            for event in self._http.receive(data):
                self._take(event)
        except HttpError as error:
            self._end(str(error))
        else:
            self._flush_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the link, if it does not know yet."""
        self._end(self._farewell or _why_lost(exc))

    def pause_writing(self) -> None:
        """The server reads nothing of what it is sent: enough."""
        self._end("does not read what it is sent")

    # ---- what comes --------------------------------------------------------------------------

    def _take(self, event: Event | Goaway) -> None:
        if isinstance(event, DataReceived):
            self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self._take_data(event.stream_id, event.data)
        elif isinstance(event, ResponseReceived):
            self._take_head(event.stream_id, dict(event.headers))
        elif isinstance(event, StreamEnded):
            self._take_end(event.stream_id)
        elif isinstance(event, StreamReset):
            self._take_reset(event.stream_id, int(event.error_code))
        elif isinstance(event, RemoteSettingsChanged | WindowUpdated):
            self._push_all()
        elif isinstance(event, Goaway):
            self._take_goaway(event)

    def _take_head(self, stream: int, headers: dict[bytes, bytes]) -> None:
        exchange = self._underway.get(stream)
        if exchange is None:
            return
        status, kind = headers.get(b":status", b"none"), headers.get(b"content-type", b"")
        if fault := fault_of(status, kind, self._path):
            self._refuse(stream, fault, retry=False)
        exchange.is_begun = True

    def _take_data(self, stream: int, data: bytes) -> None:
        exchange = self._underway.get(stream)
        if exchange is None:
            return
        exchange.answer += data
        if len(exchange.answer) > MAX_ANSWER:
            self._refuse(stream, f"gave an answer of more than {MAX_ANSWER} bytes", retry=False)

    def _take_end(self, stream: int) -> None:
        exchange = self._underway.get(stream)
        if exchange is None:
            return
        if not exchange.is_begun:
            self._refuse(stream, "ended its response before it began", retry=False)
            return
        self._give_up(stream)
        self._events.answered(exchange.asking, exchange.answer)

    def _take_reset(self, stream: int, code: int) -> None:
        if stream in self._underway:
            what = f"gave up the question ({code_text(code)})"
            self._refuse(stream, what, retry=code == ErrorCodes.REFUSED_STREAM)

    def _take_goaway(self, goaway: Goaway) -> None:
        """Go on with what the server has begun; it may say so twice, the first time for a start."""
        self._farewell = _NOTHING_MORE
        if goaway.code:
            self._farewell += f" ({code_text(goaway.code)})"
        self._count_room()
        for stream in [each for each in self._underway if each > goaway.last_stream]:
            self._refuse(stream, self._farewell, retry=True)

    def _refuse(self, stream: int, what: str, *, retry: bool) -> None:
        asking = self._underway[stream].asking
        self._give_up(stream)
        self._events.refused(asking, what, retry=retry)

    # ---- what goes ---------------------------------------------------------------------------

    def _push(self, stream: int, exchange: _Exchange) -> None:
        """Send as much of a query as the server takes now."""
        window = self._http.local_flow_control_window(stream)
        size = min(len(exchange.unsent), window, self._http.max_outbound_frame_size)
        if size <= 0:
            return
        part, exchange.unsent = exchange.unsent[:size], exchange.unsent[size:]
        self._http.send_data(stream, part, end_stream=not exchange.unsent)

    def _push_all(self) -> None:
        for stream, exchange in self._underway.items():
            if exchange.unsent and not self._http.has_ended(stream):
                self._push(stream, exchange)
        self._count_room()

    def _give_up(self, stream: int) -> None:
        """Forget a question, and have the server forget it if it has not done with it."""
        del self._underway[stream]
        self._http.give_up(stream)
        self._count_room()

    def _flush_soon(self) -> None:
        if not self._will_flush:
            self._will_flush = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._will_flush = False
        if self.is_over:
            return
        if data := self._http.data_to_send():
            self._transport.write(data)
        if self._farewell and not self._underway:
            self._end(self._farewell)
        elif self._is_full and self.room:
            self._is_full = False
            self._events.has_room(self)

    def _count_room(self) -> None:
        if self._farewell or self.is_over:
            self.room = 0
        else:
            # As h2 knows it: it has read all that arrived, also what we have not come to yet.
            most = min(MOST_STREAMS, self._http.remote_settings.max_concurrent_streams)
            self.room = max(0, most - len(self._underway))
        self._is_full = self._is_full or not self.room

    def _end(self, what: str) -> None:
        if not self.is_over:
            self.close()
            self._events.ended(self, what)


def _why_lost(error: Exception | None) -> str:
    if error is None:
        return "closed the connection"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "reset the connection"
    return f"broke the connection ({getattr(error, 'strerror', None) or type(error).__name__})"
