"""One QUIC connection without I/O: datagrams and time go in, events and datagrams come out.

The library meets bytes of strangers with whatever error comes to it, up to panics of its Rust half,
which are no `Exception`. Here all of that becomes the end of the one connection, so nobody above
need be afraid of a datagram.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from qh3.quic.configuration import QuicConfiguration
from qh3.quic.connection import QuicConnection
from qh3.quic.events import QuicEvent

# The library warns of each connection that its peer closes; what is worth saying we say ourselves.
logging.getLogger("quic").setLevel(logging.CRITICAL)

DATAGRAM_SIZE: Final = 1232
"""Bytes of a datagram that we send: what passes everywhere with IPv6, as for plain DNS. So there
is no need to find out what the path can take."""

INITIAL_RTT_S: Final = 0.1
"""Taken for the round-trip time until one is measured: a lost first datagram is sent again after
twice that. RFC 9002 §6.2.2 has 333 ms, which is a long time to wait for a name."""

MOST_REASON: Final = 100
"""Characters of what the other side gives as its reason."""

INTERNAL_ERROR: Final = 0x1
_TLS_ALERTS: Final = 0x100
"""Codes from here on are alerts of TLS (RFC 9001 §4.8)."""

T = TypeVar("T")


class End(NamedTuple):
    """Why a connection is over. `code` is of QUIC where `of_transport`, else of the protocol on it.

    `reason` is what the side that ended it said, perhaps "".
    """

    code: int
    of_transport: bool
    reason: str

    @property
    def alert(self) -> int | None:
        """The alert of TLS that ended the handshake (RFC 8446 §6), if one did."""
        is_alert = self.of_transport and _TLS_ALERTS <= self.code < 2 * _TLS_ALERTS
        return self.code - _TLS_ALERTS if is_alert else None


class Connection:
    """What `native` does, but nothing raises: whatever goes wrong is the `end`.

    Times are those of the event loop. After the end nothing is taken or given any more, but for
    the last datagrams, which tell the other side.
    """

    def __init__(self, native: QuicConnection) -> None:
        self.native = native
        self.end: End | None = None
        self._is_broken = False

    def receive(self, datagrams: list[bytes], address: tuple[str, int], now: float) -> None:
        """Read what arrived from the address."""
        if self.end is None:
            self.guarded(self.native.receive_many_datagrams, datagrams, address, now)

    def expire(self, now: float) -> None:
        """The time of `timer` has come."""
        if not self._is_broken:
            self.guarded(self.native.handle_timer, now)

    @property
    def timer(self) -> float | None:
        """When `expire` wants to be called, None for never."""
        return None if self._is_broken else self.guarded(self.native.get_timer)

    def events(self) -> Iterator[QuicEvent]:
        """What has happened since, each once."""
        while (event := self.native.next_event()) is not None:
            yield event

    def datagrams(self, now: float) -> list[bytes]:
        """What is to be sent now; the last ones also after the end."""
        if self._is_broken:
            return []
        found = self.guarded(self.native.datagrams_to_send, now)
        return [datagram for datagram, _ in found or ()]

    @property
    def streams_left(self) -> int:
        """How many more streams the other side lets us open now."""
        opened = self.native.get_next_available_stream_id() >> 2
        return self.native.max_concurrent_bidi_streams - opened

    def ask(self, message: bytes) -> int:
        """Open a stream, send this and nothing more on it; gives its id, -1 when that failed."""
        if self.end is not None:
            return -1
        stream = self.native.get_next_available_stream_id()
        self.guarded(self.native.send_stream_data, stream, message, True)
        return stream if self.end is None else -1

    def send(self, stream: int, message: bytes) -> None:
        """Send the last there is to send on a stream of the other side, if that still takes it."""
        if self.end is None:
            self.guarded(_unless_ended, self.native.send_stream_data, stream, message, True)

    def abandon(self, stream: int, code: int) -> None:
        """Take nothing more of a stream and send nothing more on it, as far as that is not so."""
        if self.end is None:
            for call in (self.native.stop_stream, self.native.reset_stream):
                self.guarded(_unless_ended, call, stream, code)

    def close(self, code: int, reason: str = "") -> None:
        """End the connection, and tell the other side by the next `datagrams`."""
        if self.end is None:
            self.guarded(self.native.close, code, None, reason)
            self.end = self.end or End(code, False, reason)

    def guarded(self, call: Callable[..., T], *args: Any) -> T | None:
        """Call the library; None, and the end, where it raises."""
        try:
            found = call(*args)
        except (KeyboardInterrupt, SystemExit):
            raise
        # A panic is a BaseException, and its class is not to be had before there was one.
        except BaseException as error:
            self._is_broken = True
            reason = f"{type(error).__name__}: {error}"[:MOST_REASON]
            self.end = self.end or End(INTERNAL_ERROR, True, reason)
            return None
        self._notice_end()
        return found

    def _notice_end(self) -> None:
        """The library tells of the end three round trips late; it keeps here what it knows."""
        ended = self.native._close_event
        if ended is not None and self.end is None:
            reason = ended.reason_phrase[:MOST_REASON]
            self.end = End(ended.error_code, ended.frame_type is not None, reason)


def _unless_ended(call: Callable[..., None], *args: Any) -> None:
    """The library raises where this half of the stream has ended by itself, and tells nobody
    beforehand."""
    with contextlib.suppress(ValueError):
        call(*args)


def configuration(alpn: Sequence[str], *, is_client: bool, idle_s: float, stream_size: int) -> Any:
    """The settings of a connection: `stream_size` bytes that the other side may send on a stream
    before they are read, four times as many on all of them."""
    return QuicConfiguration(
        alpn_protocols=list(alpn),
        is_client=is_client,
        idle_timeout=idle_s,
        max_data=4 * stream_size,
        max_stream_data=stream_size,
        max_datagram_size=DATAGRAM_SIZE,
        max_datagram_frame_size=None if is_client else 65536,
        probe_datagram_size=False,
        initial_rtt=INITIAL_RTT_S,
    )
