"""A QUIC connection to a server on a UDP socket of its own, with the timers it needs.

The library's asyncio layer wants a transport, a protocol and a turn of the loop for each datagram.
Here one wake-up reads all that has arrived, and what a turn of the loop has to send leaves at its
end. The socket is connected, so the kernel drops what comes from elsewhere, and tells us when
nobody listens there.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
from typing import Final, Protocol

from qh3.quic.connection import QuicConnection
from qh3.quic.events import QuicEvent

from sinkhole.dns.quic.connection import Connection, End
from sinkhole.dns.quic.driver import Driver
from sinkhole.model.socket_address import family_of, socket_address

MOST_PER_WAKE: Final = 64
"""Datagrams read before other work gets its turn."""

_RECEIVE_SIZE: Final = 65536
_UNREACHABLE: Final = {
    errno.ECONNREFUSED: "refused the connection",
    errno.EHOSTUNREACH: "cannot be reached from here: no route",
    errno.ENETUNREACH: "cannot be reached from here: no route",
}

_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _DO_NOT_FRAGMENT = 10, 23, 2  # Linux; not in `socket`


class TransportEvents(Protocol):
    """What a transport tells."""

    def happened(self, event: QuicEvent) -> None:
        """Something arrived on the connection."""
        ...

    def heard(self) -> None:
        """Datagrams came, and `happened` was told of what is in them: the other side is alive."""
        ...

    def ended(self, what: str, end: End | None) -> None:
        """It is over, and closed: `what` finishes a sentence that begins with the server's name;
        `end` is how the other side or the library put it, None where the network did it."""
        ...


class QuicTransport:
    """A connection to `ip`; making one raises OSError where the kernel refuses, nothing else does.

    `connection` is for asking; `flush_soon` sends what was asked.
    """

    def __init__(self, connection: QuicConnection, ip: str, port: int) -> None:
        self.ip = ip
        self.connection = Connection(connection)
        self._peer = (ip.partition("%")[0], port)
        self._loop = asyncio.get_running_loop()
        self._driver = Driver(self.connection, self._send, None, self._ended)
        self._events: TransportEvents | None = None
        self._end: tuple[str, End | None] | None = None
        self._sock = socket.socket(family_of(ip), socket.SOCK_DGRAM)
        try:
            self._sock.setblocking(False)
            _forbid_fragments(self._sock)
            self._sock.connect(socket_address(ip, port))
            self._loop.add_reader(self._sock, self._readable)
        except OSError:
            self._sock.close()
            raise

    @property
    def is_closed(self) -> bool:
        """It is over: nothing can be asked any more."""
        return self._driver.is_stopped

    def start(self, events: TransportEvents) -> None:
        """Begin the handshake."""
        self.connection.guarded(self.connection.native.connect, self._peer, self._loop.time())
        self.attach(events)

    def detach(self) -> None:
        """Keep what happens until `attach`."""
        self._events = self._driver.happened = None

    def attach(self, events: TransportEvents) -> None:
        """Tell what happens from now on, and soon what was kept."""
        self._events = events
        self._driver.happened = events.happened
        self._loop.call_soon(self._tell_end if self.is_closed else self._driver.settle)

    def flush_soon(self) -> None:
        """Send what is to be sent at the end of this turn of the loop."""
        self._driver.flush_soon()

    def close(self, code: int = 0, reason: str = "") -> None:
        """Close at once, with a last datagram to the other side; nothing more is told."""
        self.detach()
        if not self.is_closed:
            self.connection.close(code, reason)
            self._driver.send_all()
            self._drop()

    def _drop(self) -> None:
        self._driver.stop()
        self._loop.remove_reader(self._sock)
        self._sock.close()

    def _readable(self) -> None:
        datagrams, error = self._drain()
        if datagrams:
            self._driver.receive(datagrams, self._peer)
            if self._events is not None:
                self._events.heard()
        if error is not None:
            self._failed(error)

    def _drain(self) -> tuple[list[bytes], OSError | None]:
        datagrams: list[bytes] = []
        for _ in range(MOST_PER_WAKE):
            try:
                datagrams.append(self._sock.recv(_RECEIVE_SIZE))
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                return datagrams, error
        return datagrams, None

    def _send(self, datagram: bytes) -> None:
        try:
            self._sock.send(datagram)
        except OSError as error:
            self._loop.call_soon(self._failed, error)

    def _failed(self, error: OSError) -> None:
        """The kernel says that this leads nowhere; what it says of single datagrams is passed over:
        they are sent again."""
        if not self.is_closed and error.errno in _UNREACHABLE:
            self._over(_UNREACHABLE[error.errno], None)

    def _ended(self, end: End) -> None:
        self._over(words_of_end(end), end)

    def _over(self, what: str, end: End | None) -> None:
        self._drop()
        self._end = what, end
        self._tell_end()

    def _tell_end(self) -> None:
        events = self._events
        self.detach()
        if events is not None and self._end is not None:
            events.ended(*self._end)


_ALERT_WORDS: Final = {
    40: "refused the TLS handshake",
    70: "does not speak TLS 1.3, which QUIC needs",
    112: "does not know the name that it was asked for",
    120: "speaks QUIC on this port, but not this protocol",
}
_IDLE: Final = "Idle timeout"
_H3_NO_ERROR: Final = 0x100


def words_of_end(end: End) -> str:
    """How a connection ended, to be read behind the server's name."""
    said = f" ({end.reason})" if end.reason else ""
    if end.alert is not None:
        return _ALERT_WORDS.get(end.alert, f"broke the TLS handshake{said}, alert {end.alert}")
    if end.of_transport and end.reason == _IDLE:
        return "was not heard of for too long"
    if end.code == 0 or (not end.of_transport and end.code == _H3_NO_ERROR):
        return f"closed the connection{said}"
    kind = "QUIC error" if end.of_transport else "error"
    return f"closed the connection with {kind} {end.code:#x}{said}"


def _forbid_fragments(sock: socket.socket) -> None:
    """QUIC must not be fragmented on its way (RFC 9000 §14)."""
    if sys.platform == "linux":
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _DO_NOT_FRAGMENT)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _DO_NOT_FRAGMENT)


def words_of_error(error: OSError) -> str:
    """An error of the kernel in words, to be read behind the server's name."""
    said = error.strerror or os.strerror(error.errno or 0)
    return _UNREACHABLE.get(error.errno or 0) or f"cannot be reached: {said}"
