"""DNS over QUIC towards a server (RFC 9250): a stream for each question, nothing waits for another.

The id of every query is 0, and names are not spelled at random: nobody can forge an answer here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qh3.quic.events import QuicEvent, StreamDataReceived, StreamReset

from sinkhole.dns.quic import doq
from sinkhole.dns.quic.connection import End
from sinkhole.dns.upstream.links.addresses import Addresses
from sinkhole.dns.upstream.links.quic_opening import QuicOpener
from sinkhole.dns.upstream.links.quic_transport import QuicTransport
from sinkhole.dns.upstream.links.session import Asking, SessionEvents
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.wire.query import render_query
from sinkhole.model.upstream_url import UpstreamUrl

MOST_QUESTIONS: Final = 10_000
"""Questions on one connection before it is made anew, as the library keeps a little of each that
was cancelled."""

LONGEST_MESSAGE: Final = 0xFFFF


def quic_opener(
    url: UpstreamUrl, addresses: Addresses, contexts: TlsContexts, clock: Callable[[], float]
) -> QuicOpener:
    """Opens sessions with a server of `quic://`."""
    return QuicOpener(url, addresses, contexts, clock, alpn=doq.ALPN, speak=QuicSession)


class QuicSession:
    """A `Session` of DoQ on a connection whose handshake is complete."""

    def __init__(self, transport: QuicTransport, events: SessionEvents) -> None:
        self.address = transport.ip
        self.room = 0
        self._transport = transport
        self._events = events
        self._asked: dict[int, Asking] = {}
        self._messages = doq.Messages(LONGEST_MESSAGE)
        self._left = MOST_QUESTIONS
        self._count_room()
        transport.attach(self)

    # ---- what the link wants -----------------------------------------------------------------

    def send(self, asking: Asking) -> None:
        """Open a stream for the question; where that fails the end of the session is told soon."""
        query = render_query(asking.question, 0, edns=asking.edns, padded=True)
        asking.key = self._transport.connection.ask(doq.framed(query))
        self._asked[asking.key] = asking
        self._left -= 1
        self._count_room()
        self._transport.flush_soon()

    def cancel(self, asking: Asking) -> None:
        """Tell the server that its answer is of no use (RFC 9250 §4.3.1)."""
        if self._asked.pop(asking.key, None) is asking:
            self._messages.forget(asking.key)
            self._transport.connection.abandon(asking.key, doq.REQUEST_CANCELLED)
            self._transport.flush_soon()

    def close(self) -> None:
        """Say good-bye, in one datagram."""
        self._asked.clear()
        self._transport.close(doq.NO_ERROR)

    # ---- what the connection tells -----------------------------------------------------------

    def happened(self, event: QuicEvent) -> None:
        """Something came on one of the streams."""
        if isinstance(event, StreamDataReceived):
            self._arrived(event.stream_id, event.data, event.end_stream)
        elif isinstance(event, StreamReset):
            self._refused(event.stream_id, event.error_code)

    def heard(self) -> None:
        """The server is alive, and may have made room."""
        self._events.heard(self)
        if not self.room:
            self._count_room()
            if self.room:
                self._events.has_room(self)

    def ended(self, what: str, end: End | None) -> None:
        """Whatever was asked goes to the next session."""
        self.room = 0
        self._asked.clear()
        self._events.ended(self, what)

    def _arrived(self, stream: int, data: bytes, at_end: bool) -> None:
        asking = self._asked.get(stream)
        if asking is None:
            if data and not is_ours(stream):
                self._broken("opened a stream of its own")
            return  # the rest of what was cancelled
        try:
            wire = self._messages.feed(stream, data, at_end)
        except doq.BrokenMessage as error:
            self._broken(str(error))
            return
        if wire is not None:
            del self._asked[stream]
            self._events.answered(asking, wire)

    def _refused(self, stream: int, code: int) -> None:
        asking = self._asked.pop(stream, None)
        if asking is not None:
            self._messages.forget(stream)
            self._events.refused(asking, f"refused the question, DoQ error {code:#x}", retry=False)

    def _broken(self, what: str) -> None:
        """The server does not keep to the protocol: fatal for the connection (RFC 9250 §4.3.3)."""
        self._transport.close(doq.PROTOCOL_ERROR)
        self.ended(f"broke the protocol: it {what}", None)

    def _count_room(self) -> None:
        self.room = max(min(self._transport.connection.streams_left, self._left), 0)


def is_ours(stream: int) -> bool:
    """Whether a stream is one of those that a client opens for questions (RFC 9000 §2.1)."""
    return stream & 3 == 0
