"""DNS over HTTP/3 towards a server (RFC 8484, RFC 9114): a POST for each question.

The id of every query is 0 (RFC 8484 §4.1), as answers are told apart by their streams.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from qh3.h3.connection import ErrorCode, H3Connection
from qh3.h3.events import DataReceived, GoawayReceived, H3Event, HeadersReceived
from qh3.quic.events import QuicEvent, StreamDataReceived, StreamReset

from sinkhole.dns.http.media import DNS_MESSAGE, fault_of
from sinkhole.dns.quic.connection import End
from sinkhole.dns.upstream.links.addresses import Addresses
from sinkhole.dns.upstream.links.quic import LONGEST_MESSAGE, MOST_QUESTIONS, is_ours
from sinkhole.dns.upstream.links.quic_opening import QuicOpener
from sinkhole.dns.upstream.links.quic_sessions import authority_of
from sinkhole.dns.upstream.links.quic_transport import QuicTransport
from sinkhole.dns.upstream.links.session import Asking, SessionEvents
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.wire.query import render_query
from sinkhole.model.upstream_url import UpstreamUrl

# The library warns of what its peer does wrong; what is worth saying we say ourselves.
logging.getLogger("http3").setLevel(logging.CRITICAL)

MOST_OVERHEAD: Final = 16 * 1024
"""Bytes of headers and frames around an answer; the library would keep a megabyte of them."""

MOST_CONTROL: Final = 256 * 1024
"""Bytes that a server may send on streams of its own (settings, QPACK) until the connection is made
anew: they have nothing to do with one question, so nothing else bounds what is kept of them."""

ALPN: Final = "h3"

_NO_ERROR, _CANCELLED = int(ErrorCode.H3_NO_ERROR), int(ErrorCode.H3_REQUEST_CANCELLED)
_REJECTED, _LOAD = int(ErrorCode.H3_REQUEST_REJECTED), int(ErrorCode.H3_EXCESSIVE_LOAD)
_NOTHING_MORE: Final = "takes no more questions on this connection"


def http3_opener(
    url: UpstreamUrl, addresses: Addresses, contexts: TlsContexts, clock: Callable[[], float]
) -> QuicOpener:
    """Opens sessions with a server of `h3://`."""
    speak = partial(Http3Session, authority=authority_of(url), path=url.path)
    return QuicOpener(url, addresses, contexts, clock, alpn=ALPN, speak=speak)


class _Exchange:
    """One question on its stream: `size` counts all bytes of the stream that came."""

    __slots__ = ("answer", "asking", "is_begun", "size")

    def __init__(self, asking: Asking) -> None:
        self.asking = asking
        self.answer = b""
        self.is_begun = False
        self.size = 0


class Http3Session:
    """A `Session` of DoH on a connection whose handshake is complete.

    `authority` is the server's name as in its URL, with the port where that is not 443.
    """

    def __init__(
        self, transport: QuicTransport, events: SessionEvents, authority: str, path: str
    ) -> None:
        self.address = transport.ip
        self.room = 0
        self._transport = transport
        self._events = events
        self._path = path
        self._head = [
            (b":method", b"POST"),
            (b":scheme", b"https"),
            (b":authority", authority.encode()),
            (b":path", path.encode()),
            (b"accept", DNS_MESSAGE),
            (b"content-type", DNS_MESSAGE),
        ]
        self._underway: dict[int, _Exchange] = {}
        self._left = MOST_QUESTIONS
        self._control_left = MOST_CONTROL
        self._farewell = ""  # why it takes no more questions, if so
        guarded = transport.connection.guarded
        self._http: H3Connection | None = guarded(H3Connection, transport.connection.native)
        self._count_room()
        transport.attach(self)

    # ---- what the link wants -----------------------------------------------------------------

    def send(self, asking: Asking) -> None:
        """Ask on a new stream; where that fails the end of the session is told soon."""
        query = render_query(asking.question, 0, edns=asking.edns, padded=True)
        connection = self._transport.connection
        stream = asking.key = connection.native.get_next_available_stream_id()
        self._underway[stream] = _Exchange(asking)
        self._left -= 1
        if self._http is not None and connection.end is None:
            head = [*self._head, (b"content-length", str(len(query)).encode())]
            connection.guarded(self._http.send_headers, stream, head)
            connection.guarded(self._http.send_data, stream, query, True)
        self._count_room()
        self._transport.flush_soon()

    def cancel(self, asking: Asking) -> None:
        """Tell the server that its answer is of no use (RFC 9114 §4.1.1)."""
        exchange = self._underway.get(asking.key)
        if exchange is not None and exchange.asking is asking:
            self._give_up(asking.key, _CANCELLED)

    def close(self) -> None:
        """Say good-bye, in one datagram."""
        self.room = 0
        self._underway.clear()
        self._transport.close(_NO_ERROR)

    # ---- what the connection tells -----------------------------------------------------------

    def happened(self, event: QuicEvent) -> None:
        """Something came on one of the streams: give it to the library, which knows the frames."""
        if self._http is None or not self._may_keep(event):
            return
        handle = self._http.handle_event
        for each in self._transport.connection.guarded(handle, event) or ():
            self._take(each)
        if isinstance(event, StreamReset):
            self._take_reset(event.stream_id, event.error_code)

    def heard(self) -> None:
        """The server is alive, and may have made room."""
        self._events.heard(self)
        if not self.room and not self._transport.is_closed:
            self._count_room()
            if self.room:
                self._events.has_room(self)
            elif self._farewell and not self._underway:
                self._end(self._farewell, _NO_ERROR)

    def ended(self, what: str, end: End | None) -> None:
        """Whatever was asked goes to the next session."""
        self.room = 0
        self._underway.clear()
        self._events.ended(self, self._farewell or what)

    # ---- what comes --------------------------------------------------------------------------

    def _may_keep(self, event: QuicEvent) -> bool:
        """Count what comes, before anything is kept of it; False where it is too much."""
        if not isinstance(event, StreamDataReceived):
            return True
        size = len(event.data)
        if not is_ours(event.stream_id):
            self._control_left -= size
            if self._control_left < 0:
                self._end("sent too much besides answers", _LOAD)
            return self._control_left >= 0
        exchange = self._underway.get(event.stream_id)
        if exchange is None:
            return False  # the rest of what was cancelled
        exchange.size += size
        if exchange.size > LONGEST_MESSAGE + MOST_OVERHEAD:
            self._refuse(event.stream_id, "gave an answer that is too long", retry=False)
            return False
        return True

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            self._take_head(event.stream_id, dict(event.headers))
            if event.stream_ended:
                self._take_end(event.stream_id)
        elif isinstance(event, DataReceived):
            exchange = self._underway.get(event.stream_id)
            if exchange is not None:
                exchange.answer += event.data
            if event.stream_ended:
                self._take_end(event.stream_id)
        elif isinstance(event, GoawayReceived):
            self._take_goaway(event.stream_id)

    def _take_head(self, stream: int, headers: dict[bytes, bytes]) -> None:
        exchange = self._underway.get(stream)
        if exchange is None or exchange.is_begun:  # what comes behind an answer are its trailers
            return
        exchange.is_begun = True
        status, kind = headers.get(b":status", b"none"), headers.get(b"content-type", b"")
        if fault := fault_of(status, kind, self._path):
            self._refuse(stream, fault, retry=False)

    def _take_end(self, stream: int) -> None:
        exchange = self._underway.pop(stream, None)
        if exchange is not None:
            self._events.answered(exchange.asking, exchange.answer)

    def _take_reset(self, stream: int, code: int) -> None:
        if stream in self._underway:
            what = f"gave up the question (HTTP/3 error {code:#x})"
            self._refuse(stream, what, retry=code == _REJECTED)

    def _take_goaway(self, first: int) -> None:
        """Go on with what the server has begun: all below this stream (RFC 9114 §5.2)."""
        self._farewell = _NOTHING_MORE
        self._count_room()
        for stream in [each for each in self._underway if each >= first]:
            self._refuse(stream, self._farewell, retry=True)

    # ---- what becomes of it ------------------------------------------------------------------

    def _refuse(self, stream: int, what: str, *, retry: bool) -> None:
        asking = self._underway[stream].asking
        self._give_up(stream, _CANCELLED)
        self._events.refused(asking, what, retry=retry)

    def _give_up(self, stream: int, code: int) -> None:
        del self._underway[stream]
        self._transport.connection.abandon(stream, code)
        self._transport.flush_soon()

    def _count_room(self) -> None:
        left = 0 if self._farewell else self._transport.connection.streams_left
        self.room = max(min(left, self._left), 0)

    def _end(self, what: str, code: int) -> None:
        if not self._transport.is_closed:
            self._transport.close(code)
            self.ended(what, None)
