"""Queries over QUIC (RFC 9250): one on each stream that the client opens."""

from __future__ import annotations

from functools import partial
from typing import Final

from qh3.quic.events import QuicEvent, StopSendingReceived, StreamDataReceived, StreamReset

from sinkhole.dns.quic import doq
from sinkhole.dns.server.mmsg import QUERY_SIZE
from sinkhole.dns.server.quic_connection import QuicClient


class DoqConnection:
    """What is spoken on a connection of DoQ."""

    no_error: Final = doq.NO_ERROR

    def __init__(self, client: QuicClient) -> None:
        self.message_began: float | None = None
        self._client = client
        self._messages = doq.Messages(QUERY_SIZE)
        self._unended: set[int] = set()  # streams whose message is complete, and that may go on

    def happened(self, event: QuicEvent) -> None:
        """A piece of a query, or a client that does not want its answer any more."""
        if isinstance(event, StreamDataReceived):
            try:
                self._arrived(event.stream_id, event.data, event.end_stream)
            except doq.BrokenMessage as error:
                self._client.end(doq.PROTOCOL_ERROR, f"the client {error}")
        elif isinstance(event, StreamReset | StopSendingReceived):
            self._unended.discard(event.stream_id)
            self._messages.forget(event.stream_id)
            self._client.forget(event.stream_id)
        if not self._messages:
            self.message_began = None
        elif self.message_began is None:
            self.message_began = self._client.arrived

    def _arrived(self, stream: int, data: bytes, at_end: bool) -> None:
        if stream & 3:  # not one that a client opens for both directions (RFC 9250 §4.2)
            raise doq.BrokenMessage("opened a stream that DoQ does not have")
        if stream in self._unended:
            if data:
                raise doq.BrokenMessage("sent more than one message on a stream")
            if at_end:
                self._unended.discard(stream)
            return
        wire = self._messages.feed(stream, data, at_end)
        if wire is None:
            return
        if not at_end:
            self._unended.add(stream)
        self._ask(stream, wire)

    def _ask(self, stream: int, wire: bytes) -> None:
        client = self._client
        client.count += 1
        if not client.begin(stream):
            self._refuse(stream)
            return
        packed, answer = client.client.packed, partial(self._answer, stream)
        if not client.door.serve(wire, packed, client.channel, client.arrived, answer):
            client.finish(stream)
            self._refuse(stream)  # no query, or too many wait

    def _answer(self, stream: int, reply: bytes) -> None:
        if self._client.finish(stream):
            self._client.connection.send(stream, doq.framed(reply))
            self._client.sent()

    def _refuse(self, stream: int) -> None:
        self._client.connection.abandon(stream, doq.EXCESSIVE_LOAD)
        self._client.sent()
