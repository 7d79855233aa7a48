"""One HTTP/2 connection without I/O: h2 with our bounds, its errors translated (RFC 9113).

h2 ends a connection at a GOAWAY and takes what comes behind it ill. But a peer that sends one goes
on with the streams it has begun (§6.8), so GOAWAY is taken out of the bytes before h2 sees them.
"""

from __future__ import annotations

from math import inf
from typing import Final, NamedTuple

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import Event
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings

from sinkhole.dns.http.encoder import SteadyEncoder
from sinkhole.model.errors import SinkholeError

MAX_HEADERS: Final = 8192
"""Bytes of one message's headers, as §6.5.2 counts them."""
MAX_FRAME: Final = 16384
"""Bytes of one frame; the least that has to be taken (§4.2)."""
MAX_BLOCK: Final = 2 * MAX_HEADERS
"""Bytes of headers as they are sent, in however many frames."""
MOST_CLOSED: Final = 4096
"""Closed streams that are remembered, as frames that cross their reset are no mistake."""

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_FRAME_HEAD: Final = 9
_HEADERS: Final = 1
_GOAWAY: Final = 7
_CONTINUATION: Final = 9
_END_HEADERS: Final = 4
_GOAWAY_HEAD: Final = 8
_STREAM_BITS: Final = 0x7FFFFFFF
_LONGEST_TEXT: Final = 160
_CALM: Final = ErrorCodes.ENHANCE_YOUR_CALM
_FRAME_SIZE_ERROR: Final = ErrorCodes.FRAME_SIZE_ERROR


class HttpError(SinkholeError):
    """The peer does not speak HTTP as it must: what it did, without a subject.

    `code` is what it is told of it (§7).
    """

    def __init__(self, what: str, code: ErrorCodes = ErrorCodes.PROTOCOL_ERROR) -> None:
        super().__init__(what)
        self.code = code


class Goaway(NamedTuple):
    """The peer takes no more streams; those above `last_stream` it has not worked on (§6.8)."""

    last_stream: int
    code: int


class Http2Connection(H2Connection):
    """h2's connection, for messages of DNS: small, many, all alike.

    What callers send must be right, as it is not looked at again; what comes is checked.
    `frames_left` is how many frames the peer may still send, for who wants to bound that.
    """

    DEFAULT_MAX_HEADER_LIST_SIZE = MAX_HEADERS
    MAX_CLOSED_STREAMS = MOST_CLOSED

    def __init__(self, *, client_side: bool, most_streams: int) -> None:
        super().__init__(
            H2Configuration(
                client_side=client_side,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=not client_side,
                normalize_inbound_headers=False,
            )
        )
        self.local_settings = Settings(
            client=client_side,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.MAX_CONCURRENT_STREAMS: most_streams,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEADERS,
            },
        )
        self.encoder = SteadyEncoder()
        self._preface = b"" if client_side else _PREFACE
        self._partial = b""
        self._block = 0
        self.frames_left: float = inf

    def receive(self, data: bytes) -> list[Event | Goaway]:
        """What the peer's bytes mean. `data_to_send` has something afterwards, perhaps.

        Raises HttpError where they are not HTTP/2; then nothing but closing is left, behind what
        is to be sent: it says why. At most one frame is kept for later.
        """
        data = self._partial + data
        try:
            return self._split(data)
        except HttpError as error:
            if self.state_machine.state is not ConnectionState.CLOSED:
                self.close_connection(error.code)
            raise

    @property
    def is_midway(self) -> bool:
        """Whether a frame or a block of headers has begun and not ended."""
        return bool(self._partial or self._block)

    def _split(self, data: bytes) -> list[Event | Goaway]:
        if not self._preface.startswith(data[: len(self._preface)]):
            raise HttpError("did not begin with the preface of HTTP/2")
        events: list[Event | Goaway] = []
        done, at, size = 0, len(self._preface), len(data)
        while at + _FRAME_HEAD <= size:
            length = int.from_bytes(data[at : at + 3], "big")
            if length > MAX_FRAME:
                raise HttpError(f"sent an HTTP/2 frame of {length} bytes", _FRAME_SIZE_ERROR)
            end = at + _FRAME_HEAD + length
            if end > size:
                break
            self._count(data[at + 3], data[at + 4], length)
            if data[at + 3] == _GOAWAY:
                events += self._feed(data[done:at])
                events.append(_read_goaway(data[at + _FRAME_HEAD : end]))
                done = end
            at = end
        if at > len(self._preface):  # else the preface waits for the first frame, too
            events += self._feed(data[done:at])
            self._partial = data[at:]
            self._preface = b""
        else:
            self._partial = data
        return events

    def has_ended(self, stream_id: int) -> bool:
        """Whether nothing can be sent on a stream that was open."""
        stream = self.streams.get(stream_id)
        return stream is None or stream.closed

    def give_up(self, stream_id: int, code: ErrorCodes = ErrorCodes.CANCEL) -> None:
        """Reset a stream, unless it has ended."""
        if not self.has_ended(stream_id):
            self.reset_stream(stream_id, code)

    def _count(self, kind: int, flags: int, length: int) -> None:
        """Count what a peer could send without end, before it costs anything."""
        self.frames_left -= 1
        if self.frames_left < 0:
            raise HttpError("sent frames without end that ask for nothing", _CALM)
        if kind in (_HEADERS, _CONTINUATION):
            self._block += length
            if self._block > MAX_BLOCK:
                raise HttpError("sent headers without end", _CALM)
            if flags & _END_HEADERS:
                self._block = 0

    def _feed(self, frames: bytes) -> list[Event]:
        if not frames:
            return []
        try:
            return self.receive_data(frames)
        except H2Error as error:
            raise HttpError(f"broke the rules of HTTP/2 ({str(error)[:_LONGEST_TEXT]})") from None


def _read_goaway(body: bytes) -> Goaway:
    if len(body) < _GOAWAY_HEAD:
        raise HttpError("sent a GOAWAY frame that is too short")
    last = int.from_bytes(body[:4], "big") & _STREAM_BITS
    return Goaway(last, int.from_bytes(body[4:8], "big"))


def goaway_frame(last_stream: int) -> bytes:
    """Says that no more streams are taken; h2 would say nothing at all after its own."""
    body = last_stream.to_bytes(4, "big") + ErrorCodes.NO_ERROR.to_bytes(4, "big")
    return bytes((0, 0, len(body), _GOAWAY, 0, 0, 0, 0, 0)) + body


def code_text(code: int) -> str:
    """An error code of RESET_STREAM or GOAWAY by its name (§7)."""
    try:
        return ErrorCodes(code).name
    except ValueError:
        return f"code {code}"
