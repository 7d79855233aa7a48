"""Messages between a worker and the process that started it, over a pair of stream sockets.

    size     4 bytes, of what follows
    kind     1 byte, see `Kind`
    payload  its meaning depends on the kind

Neither side ever waits for the other: what the kernel does not take stays in `waiting` bytes, and
whoever sends much looks at that first.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Final

MOST_BYTES: Final = 1 << 28
"""Of one message; a larger size is none."""

_HEAD: Final = struct.Struct("=IB")
_CHUNK: Final = 1 << 18


class Kind(IntEnum):
    """What a message is about. Pickles go to workers only, from whoever started them."""

    TERMS = 1
    """To a worker: a pickled `PlaneTerms`."""
    POLICY = 2
    """To a worker: what `PolicyPacker` made."""
    CERTIFICATE = 3
    """To a worker: a pickled pair of PEM texts, chain and key; empty ones for none."""
    KNOWN = 4
    """To a worker: a marshalled `AddressFacts`."""
    FORGET = 5
    """To a worker: forget answers, a marshalled number and `About`."""
    RENEW = 6
    """To a worker: the network may be another one."""
    REST = 7
    """To a worker: take no more at the place of this number (4 bytes), but what waits there."""
    RESUME = 8
    """To a worker: go on there."""
    CLOSE = 9
    """To a worker: close the place of this number, its connections too; as REST before."""
    HANG_UP = 10
    """To a worker: close all connections."""
    STOP = 11
    """To a worker: answer what waits, for so many seconds at most (8 bytes, float), and end."""

    TELL_KEPT = 12
    """To a worker: say what answers it keeps, a marshalled number, `About`, and how many seconds
    behind their time they may be."""
    TAKE_UP = 13
    """To a worker: keep the answers of a file, of these bytes."""
    PAUSE = 14
    """To a worker: say PAUSED and then nothing until GO_ON, as another process takes over this end;
    what is said after that is to be read without what was said before."""
    GO_ON = 15
    """To a worker: say what there is to say again."""

    READY = 32
    """From a worker: it answers by a policy now."""
    REFUSED = 33
    """From a worker: a policy could not be had; why, as text."""
    RECORDS = 34
    """From a worker: what `RecordPacker` made."""
    STATE = 35
    """From a worker: a marshalled dict of how it does."""
    SOUGHT = 36
    """From a worker: an address (4 or 16 bytes) that it wants to know more of."""
    CLOSED = 37
    """From a worker: a place of this number (4 bytes) is closed."""
    FORGOTTEN = 38
    """From a worker: a marshalled number that it was asked by, and how many answers it were."""
    KEPT = 39
    """From a worker: a marshalled number that it was asked by, and records of answers; none in the
    end."""
    PAUSED = 40
    """From a worker: this was the last word before GO_ON."""


class Link:
    """One end of it, from `start` to `close`, within a running event loop.

    `on_message` is called with each message; `on_end` when the other end is gone, or has said what
    is no message. Then the link is closed.
    """

    def __init__(
        self,
        sock: socket.socket,
        on_message: Callable[[Kind, bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._on_message, self._on_end = on_message, on_end
        self._received = bytearray()
        self._queue: bytearray = bytearray()
        self._held: bytearray | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_open = False
        self.on_room: Callable[[], None] = lambda: None
        """Called when all that waited has been taken by the kernel."""

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return len(self._queue) + len(self._held or b"")

    def fileno(self) -> int:
        """The number of the socket."""
        return self._sock.fileno()

    def start(self) -> None:
        """Begin to listen to the other end."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock, self._read)
        self.is_open = True

    def close(self) -> None:
        """Say and hear nothing more."""
        if self._loop is not None and self.is_open:
            self.is_open = False
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)
        self._sock.close()

    def send(self, kind: Kind, payload: bytes = b"") -> None:
        """Say something; nothing when the other end is gone."""
        if not self.is_open:
            return
        message = _HEAD.pack(len(payload) + 1, kind) + payload
        if self._held is not None:
            self._held += message
        else:
            self._put(message)

    def hold(self, last: Kind) -> None:
        """Say this, and then nothing until `release`."""
        if self.is_open and self._held is None:
            self._held = bytearray()
            self._put(_HEAD.pack(1, last))

    def release(self) -> None:
        """Say what was held back, and go on."""
        held, self._held = self._held, None
        if held and self.is_open:
            self._put(held)

    def _put(self, messages: bytes | bytearray) -> None:
        had_room = not self._queue
        self._queue += messages
        if had_room:
            self._write()

    def _write(self) -> None:
        try:
            sent = self._sock.send(self._queue)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._end()
            return
        del self._queue[:sent]
        assert self._loop is not None
        if self._queue:
            self._loop.add_writer(self._sock, self._write)
        else:
            self._loop.remove_writer(self._sock)
            self.on_room()

    def _read(self) -> None:
        try:
            chunk = self._sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._end()
            return
        self._received += chunk
        self._take()

    def _take(self) -> None:
        received, start = self._received, 0
        while self.is_open and len(received) - start >= _HEAD.size:
            size, kind = _HEAD.unpack_from(received, start)
            if not 1 <= size <= MOST_BYTES or kind not in _KINDS:
                self._end()
                return
            end = start + _HEAD.size - 1 + size
            if len(received) < end:
                break
            payload = bytes(memoryview(received)[start + _HEAD.size : end])
            start = end
            self._on_message(Kind(kind), payload)
        del received[:start]

    def _end(self) -> None:
        if self.is_open:
            self.close()
            self._on_end()


_KINDS: Final = frozenset(Kind)
