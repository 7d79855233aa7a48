"""Fake upstreams behind TLS: DNS over TLS (RFC 7858) and over HTTP/2 (RFC 8484), and their faults.

    async with FakeHttps(leaf("dns.example.org")) as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        upstream.script(goes_away_before, reset(ErrorCodes.CANCEL), status(503), closes)

They are scripted as `fake_upstream` says, and listen at the place that `address` says as soon as
they are made; the certificate may be for the address `host`, too. Real servers, in
`network/real_peers.py`, show what they show; these show what those never would.
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from certificates import Certificate, leaf, server_context
from fake_upstream import HANG_UP, Asked, FakeUpstream, Raw, Replies, Step, packed
from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

MESSAGE: Final = "application/dns-message"


# -- steps: what becomes of a query ----------------------------------------------------------


class Reset(NamedTuple):
    """In the replies of a step: end the stream with this code."""

    code: ErrorCodes


class GoAway(NamedTuple):
    """In the replies of a step: take no streams after the one asked on; `before` also not that."""

    before: bool


class Status(NamedTuple):
    """In the replies of a step: a response without an answer."""

    code: int
    content_type: str = "text/plain"


def closes(asked: Asked) -> Replies:
    """The ordinary answer, and then the end of the connection."""
    return [asked.answer(), HANG_UP]


def drops(asked: Asked) -> Replies:
    """The end of the connection in place of an answer."""
    return [HANG_UP]


def goes_away(asked: Asked) -> Replies:
    """The ordinary answer, after saying that this was the last stream to be taken."""
    return [GoAway(before=False), asked.answer()]


def goes_away_before(asked: Asked) -> Replies:
    """No answer but GOAWAY, which says that this stream was not worked on any more."""
    return [GoAway(before=True)]


def reset(code: ErrorCodes) -> Step:
    """RST_STREAM in place of an answer; with REFUSED_STREAM it was not worked on."""
    return lambda asked: [Reset(code)]


def status(code: int) -> Step:
    """Another status than 200."""
    return lambda asked: [Status(code)]


def web_page(asked: Asked) -> Replies:
    """A page, with 200, as a portal in between would say."""
    return [Status(200, "text/html")]


# -- the servers -----------------------------------------------------------------------------


class FakeTls(FakeUpstream):
    """DNS over TLS; only what finishes its handshake counts as a connection."""

    stream = "tls"
    alpn: tuple[str, ...] = ("dot",)

    def __init__(self, certificate: Certificate | None = None) -> None:
        super().__init__()
        self.certificate = certificate or leaf("dns.example.org", self.host)
        self.stalls = False
        """Whether connections are taken and no word of the handshake is said; before `open`."""

    @property
    def url(self) -> str:
        """As the settings name it, with the name of the certificate to expect."""
        return f"tls://{self.name}#dns.example.org"

    async def open(self) -> None:
        """Listen, with the certificate as it is now; also again after `close`."""
        context = None if self.stalls else server_context(self.certificate, self.alpn)
        self._tcp = await asyncio.start_server(self._serve_stream, *self.address, ssl=context)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the client ends it."""
        if self.stalls:
            while await reader.read(1 << 16):
                pass
        else:
            await self.speak(reader, writer)

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What is spoken within TLS."""
        await super().converse(reader, writer)


class FakeHttps(FakeTls):
    """DNS over HTTP/2: GET and POST at any path. Every request is kept in `Asked.headers`."""

    stream = "https"
    alpn = ("h2",)
    most_streams: int | None = None
    """What it says of how many streams there may be at once, if anything."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        super().__init__(certificate)
        self.resets: list[int] = []
        """The error codes of streams that the client ended."""
        self.offences: list[str] = []
        """What clients did that HTTP/2 forbids."""

    @property
    def url(self) -> str:
        """As the settings name it, with the name of the certificate to expect."""
        return f"https://{self.name}/dns-query#dns.example.org"

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """HTTP/2 until the client ends it, or offends."""
        await _Http2(self, writer).converse(reader)


class _Request(NamedTuple):
    headers: dict[str, str]
    body: bytearray

    @property
    def query(self) -> bytes:
        """The DNS message that was sent (RFC 8484 §4.1)."""
        if self.headers[":method"] == "POST":
            return bytes(self.body)
        (text,) = parse_qs(urlsplit(self.headers[":path"]).query)["dns"]
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class _Http2:
    """One connection, on the server's side."""

    def __init__(self, upstream: FakeHttps, writer: asyncio.StreamWriter) -> None:
        self._upstream = upstream
        self._writer = writer
        self._requests: dict[int, _Request] = {}
        self._unsent: dict[int, tuple[bytes, bool]] = {}
        """What waits for the client to open its windows: bytes, and whether they are the last."""
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        if upstream.most_streams is not None:
            wanted = {SettingCodes.MAX_CONCURRENT_STREAMS: upstream.most_streams}
            self._h2.local_settings = Settings(client=False, initial_values=wanted)

    async def converse(self, reader: asyncio.StreamReader) -> None:
        self._h2.initiate_connection()
        self._flush()
        while data := await reader.read(1 << 16):
            try:
                for event in self._h2.receive_data(data):
                    self._take(event)
            except ProtocolError as error:
                self._upstream.offences.append(f"{type(error).__name__}: {error}")
                break
            self._send_waiting()
        self._flush()

    def _take(self, event: events.Event) -> None:
        if isinstance(event, events.RequestReceived):
            headers = {str(name): str(value) for name, value in event.headers}
            self._requests[event.stream_id] = _Request(headers, bytearray())
        elif isinstance(event, events.DataReceived):
            self._requests[event.stream_id].body.extend(event.data)
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, events.StreamEnded):
            request = self._requests.pop(event.stream_id)
            self._upstream.begin(self._answer(event.stream_id, request))
        elif isinstance(event, events.StreamReset):
            self._requests.pop(event.stream_id, None)
            self._unsent.pop(event.stream_id, None)
            self._upstream.resets.append(int(event.error_code))

    async def _answer(self, stream: int, request: _Request) -> None:
        source = self._writer.get_extra_info("peername")
        replies = await self._upstream.replies_to(
            request.query, source, self._upstream.stream, request.headers
        )
        for reply in replies:
            with suppress(ProtocolError):  # the client has ended the stream meanwhile
                self._do(stream, reply)

    def _do(self, stream: int, reply: Any) -> None:
        if reply is HANG_UP:
            return self._writer.close()
        if isinstance(reply, GoAway):
            return self._go_away(stream - 2 if reply.before else stream)
        if isinstance(reply, Reset):
            self._h2.reset_stream(stream, reply.code)
        elif isinstance(reply, Status):
            self._respond(stream, reply.code, reply.content_type, b"as arranged")
        elif isinstance(reply, Raw):  # some of a body, and no end of it
            self._respond(stream, 200, MESSAGE, reply, size=2 * len(reply))
        else:
            self._respond(stream, 200, MESSAGE, packed(reply))
        return self._send_waiting()

    def _go_away(self, last: int) -> None:
        """By hand, as h2 says nothing more after it."""
        self._flush()
        self._writer.write(GoAwayFrame(last_stream_id=max(last, 0)).serialize())

    def _respond(
        self, stream: int, code: int, content_type: str, body: bytes, size: int | None = None
    ) -> None:
        headers = [(":status", str(code)), ("content-type", content_type)]
        self._h2.send_headers(stream, [*headers, ("content-length", str(size or len(body)))])
        self._unsent[stream] = (body, size is None)

    def _send_waiting(self) -> None:
        for stream in list(self._unsent):
            while stream in self._unsent and self._send_some(stream):
                pass
        self._flush()

    def _send_some(self, stream: int) -> bool:
        """One frame of a response; False where the client's windows leave no room."""
        body, is_all = self._unsent[stream]
        room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
        if room <= 0:
            return False
        now, later = body[:room], body[room:]
        self._h2.send_data(stream, now, end_stream=is_all and not later)
        if later:
            self._unsent[stream] = (later, is_all)
        else:
            del self._unsent[stream]
        return True

    def _flush(self) -> None:
        self._writer.write(self._h2.data_to_send())
