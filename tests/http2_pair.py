"""A session of HTTP/2 and, on the other end of a line without sockets, h2 as the server.

pair = Pair()
pair.session.send(pair.asking("example.org"))
(stream,) = await pair.requests()
pair.answer(stream, b"...")
await pair.turn()
assert pair.told == [("answered", ...)]
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset

from sinkhole.dns.upstream.links.http2 import Http2Session
from sinkhole.dns.upstream.links.link import Failure, LinkAnswer
from sinkhole.dns.upstream.links.session import Asking, Session
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question

LIMIT_S: Final = 60.0
DNS: Final = ("content-type", "application/dns-message")
OK: Final = ((":status", "200"), DNS)


def nobody(_: LinkAnswer | Failure) -> None:
    """Who asked and hears nothing."""


class Line(asyncio.Transport):
    """A transport that keeps what is written to it, and in `stuck` how much of that is not read."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 443)})
        self.written = bytearray()
        self.is_aborted = False
        self.is_closed = False
        self.is_paused = False
        self.most = 0
        self.stuck = 0
        self.protocol: asyncio.BaseProtocol | None = None

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Remember how much may wait."""
        self.most = high or 0

    def get_write_buffer_size(self) -> int:
        """How much waits."""
        return self.stuck

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        assert not self.is_closing()
        self.written += data

    def take(self) -> bytes:
        """What was written since this was asked last."""
        written, self.written = bytes(self.written), bytearray()
        return written

    def abort(self) -> None:
        """End."""
        self.is_aborted = True

    def close(self) -> None:
        """End when all is sent."""
        self.is_closed = True

    def is_closing(self) -> bool:
        """Whether it has ended."""
        return self.is_aborted or self.is_closed

    def pause_reading(self) -> None:
        """Take note."""
        self.is_paused = True

    def resume_reading(self) -> None:
        """Take note."""
        self.is_paused = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Take note."""
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """What is spoken."""
        assert self.protocol is not None
        return self.protocol


async def until(holds: Callable[[], object]) -> None:
    """Let the loop turn until something holds; a test that passes never waits for the limit."""
    async with asyncio.timeout(LIMIT_S):
        while not holds():
            await asyncio.sleep(0)


class Pair:
    """Both ends, and what the session told its link, each as a tuple."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.heard_times = 0
        self.events: list[Event] = []
        self.session = Http2Session(self, "dns.example.org", "/dns-query")
        self.line = Line()
        self.session.connection_made(self.line)
        self.server = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.server.initiate_connection()

    # ---- what the session tells

    def answered(self, asking: Asking, wire: bytes) -> None:
        """As of SessionEvents."""
        self.told.append(("answered", asking, wire))

    def heard(self, session: Session) -> None:
        """As of SessionEvents."""
        self.heard_times += 1

    def refused(self, asking: Asking, what: str, *, retry: bool) -> None:
        """As of SessionEvents."""
        self.told.append(("refused", asking, what, retry))

    def has_room(self, session: Session) -> None:
        """As of SessionEvents."""
        self.told.append(("has_room",))

    def ended(self, session: Session, what: str) -> None:
        """As of SessionEvents."""
        self.told.append(("ended", what))

    # ---- what tests do

    @staticmethod
    def asking(name: str = "example.org") -> Asking:
        """A question for the session."""
        return Asking(Question(from_text(name), 1), 100.0, nobody)

    async def turn(self) -> None:
        """Let both ends say what they have to say, until they are quiet."""
        for _ in range(4):
            await asyncio.sleep(0)
            if (data := self.line.take()) and not self.line.is_aborted:
                self.events += self.server.receive_data(data)
            if data := self.server.data_to_send():
                self.session.data_received(data)

    async def requests(self) -> list[int]:
        """The streams of requests that came whole since this was asked last."""
        await self.turn()
        events, self.events = self.events, []
        return [event.stream_id for event in events if isinstance(event, StreamEnded)]

    def answer(self, stream: int, body: bytes, headers: Any = OK) -> None:
        """Respond to a request."""
        self.server.send_headers(stream, headers)
        self.server.send_data(stream, body, end_stream=True)

    def bodies(self) -> bytes:
        """What came in requests since `requests`, one behind the other."""
        return b"".join(event.data for event in self.events if isinstance(event, DataReceived))

    def heads(self) -> list[dict[str, str]]:
        """The headers of requests that came."""
        return [dict(each.headers) for each in self.events if isinstance(each, RequestReceived)]

    def resets(self) -> list[tuple[int, int]]:
        """Streams that the session reset, with the code."""
        return [
            (each.stream_id, int(each.error_code))
            for each in self.events
            if isinstance(each, StreamReset)
        ]
