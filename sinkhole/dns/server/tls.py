"""TLS on TCP connections: the handshake, then a stream for what is spoken over it.

asyncio's own TLS keeps 256 KiB of buffers for each connection, and takes all handshakes that are
ready in one turn of the event loop. Here a connection has no buffers while it is idle, and each
step of a handshake waits for its turn (`handshakes`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from sinkhole.dns.pipeline.channel import TLS, Channel
from sinkhole.dns.server.client_id import client_id_of
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.handshakes import HANDSHAKE_S
from sinkhole.dns.server.stream import StreamConnection, StreamListener
from sinkhole.dns.server.tls_terms import TlsSession, TlsTerms
from sinkhole.model.faults import Faults

READ_SIZE: Final = 64 * 1024
"""What is decrypted before it is given on, in bytes; the rest follows behind it."""

_RECORD: Final = 16 * 1024

DOT: Final = "dot"
"""ALPN of DNS over TLS, RFC 7858 §3.1 and the IANA registry."""

MakeConnection = Callable[[Door, Channel, bytes], asyncio.Protocol]
"""Makes what speaks over TLS, for a client's address; its id is in the channel. ALPN is found by
`transport.get_extra_info("ssl_object").selected_alpn_protocol()` in `connection_made`."""


def tls_listener(
    door: Door,
    terms: TlsTerms,
    channel: Channel = TLS,
    make: MakeConnection = StreamConnection,
    faults: Faults | None = None,
) -> StreamListener:
    """A listener for DNS over TLS, or for whatever else `make` speaks over TLS."""
    return StreamListener(door, channel, partial(TlsHandshake, door, channel, terms, make), faults)


class TlsHandshake(asyncio.Protocol):
    """A connection until its handshake is done: then it is a `TlsStream`.

    It holds a place among the handshakes; what is made for the stream has to take one for itself.
    """

    def __init__(
        self, door: Door, channel: Channel, terms: TlsTerms, make: MakeConnection, packed: bytes
    ) -> None:
        self.channel = channel
        self.client = door.client_at(packed, channel)
        self._door = door
        self._make = make
        self._names = terms.names
        self._began = time.monotonic()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session = terms.begin(self._incoming, self._outgoing)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place, or close at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._session is None or not self._door.handshakes.places.admit(self):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take a step when it is its turn; until then no more is read, which bounds what waits."""
        if not self._transport.is_closing():
            self._incoming.write(data)
            self._transport.pause_reading()
            self._door.handshakes.queue(self._take_step)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back; that no stream was made of it is counted."""
        self._door.handshakes.failed += 1
        self._door.handshakes.places.leave(self)

    def _take_step(self) -> None:
        """One step; the one that signs takes from 0.2 ms (P-256) to 5 (RSA with 4096 bits)."""
        if self._transport.is_closing() or self._session is None:
            return
        with self._door.guarding(self._transport):
            try:
                self._session.do_handshake()
            except ssl.SSLWantReadError:
                self._transport.resume_reading()
            except ssl.SSLError:
                self._transport.write(self._outgoing.read())  # which tells the client why
                self._transport.close()
            else:
                self._hand_over(self._session)
                return
            self._transport.write(self._outgoing.read())

    def _hand_over(self, session: TlsSession) -> None:
        client_id = client_id_of(session.server_name, self._names)
        channel = replace(self.channel, client_id=client_id) if client_id else self.channel
        self._door.handshakes.places.leave(self)
        stream = TlsStream(session, self._incoming, self._outgoing, self._transport)
        stream.carry(self._make(self._door, channel, self.client.packed))

    @property
    def is_idle(self) -> bool:
        """Nobody waits for an answer yet."""
        return True

    def is_overdue(self, now: float, *, busy: bool) -> bool:
        """Whether it takes too long."""
        return now - self._began > HANDSHAKE_S

    def close(self) -> None:
        """Give it up."""
        self._transport.abort()


class TlsStream(asyncio.Transport, asyncio.Protocol):
    """The protocol of a TCP connection, and the transport of what is spoken over TLS there.

    Either side may end its half alone: a client that sends no more still gets its answers.
    """

    def __init__(
        self,
        session: TlsSession,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        transport: asyncio.Transport,
    ) -> None:
        super().__init__()
        self._session = session
        self._incoming = incoming
        self._outgoing = outgoing
        self._transport = transport
        self._is_paused = False
        self._is_reading = False

    def carry(self, protocol: asyncio.Protocol) -> None:
        """Begin, with what came behind the handshake."""
        self._protocol = protocol
        self._transport.set_protocol(self)
        self._is_reading = True
        try:
            protocol.connection_made(self)
        finally:
            self._is_reading = False
        self._transport.resume_reading()
        self._read()

    # ---- as a protocol, called by asyncio ----------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Decrypt, and give on."""
        self._incoming.write(data)
        self._read()

    def eof_received(self) -> bool | None:
        """The client sends no more, and did not say so by TLS."""
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._protocol.resume_writing()

    def _read(self) -> None:
        if self._is_reading:
            return
        self._is_reading = True
        try:
            is_more: bool | None = True
            while is_more and not self._is_paused and not self._transport.is_closing():
                data, is_more = self._decrypt()
                if data:
                    self._protocol.data_received(data)
                if is_more is None and not self._protocol.eof_received():
                    self.close()
        except ssl.SSLError:
            self._transport.abort()
        finally:
            self._is_reading = False
            self._flush()

    def _decrypt(self) -> tuple[bytes, bool | None]:
        """READ_SIZE bytes or what there is; and whether there may be more now, None for never."""
        pieces: list[bytes] = []
        size = 0
        while size < READ_SIZE:
            try:
                piece = self._session.read(_RECORD)
            except ssl.SSLWantReadError:
                return b"".join(pieces), False
            if not piece:  # the client says by TLS that this was all
                return b"".join(pieces), None
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces), True

    # ---- as a transport, called by what is spoken over it ------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send; what is written while reading leaves together, by one system call."""
        if self._transport.is_closing():
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._session.write(rest) :]
        except ssl.SSLError:  # broken by what the client sent
            self._transport.abort()
            return
        if not self._is_reading:
            self._flush()

    def close(self) -> None:
        """Say by TLS that this was all, and close when it is sent."""
        if self._transport.is_closing():
            return
        with contextlib.suppress(ssl.SSLError):  # that the client says the same is not waited for
            self._session.unwrap()
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is closed, or will be when everything is sent."""
        return self._transport.is_closing()

    def can_write_eof(self) -> bool:
        """No half of it can be closed from this side."""
        return False

    def pause_reading(self) -> None:
        """Give nothing on, until `resume_reading`."""
        self._is_paused = True
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Give on what has come, in the next turn, and what comes."""
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
            asyncio.get_running_loop().call_soon(self._read)

    def is_reading(self) -> bool:
        """Whether what comes is given on."""
        return not self._is_paused and not self.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`ssl_object` is the TLS, with what was agreed on; the rest is TCP's."""
        return self._session if name == "ssl_object" else self._transport.get_extra_info(name)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let something else be spoken from now on."""
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """What is spoken."""
        return self._protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """How much may wait to be sent before `pause_writing` is called, in encrypted bytes."""
        self._transport.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """How much waits to be sent."""
        return self._transport.get_write_buffer_size() + self._outgoing.pending

    def _flush(self) -> None:
        if self._outgoing.pending and not self._transport.is_closing():
            self._transport.write(self._outgoing.read())
