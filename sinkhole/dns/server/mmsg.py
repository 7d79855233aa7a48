"""recvmmsg and sendmmsg through ctypes: a batch of datagrams per system call (Linux, 64 bit).

All memory is laid out once: message headers, buffers, addresses and control data live in plain
bytearrays, and the C structs that point into them are written as integers through memoryviews.
Reading `lengths[16 * i]` that way costs 40 ns, going through ctypes fields ten times as much.

    struct mmsghdr, 64 bytes, as eight 64-bit words (word 7 holds the 32-bit msg_len):
    0 name  1 namelen  2 iov  3 iovlen  4 control  5 controllen  6 flags  7 len
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
from collections.abc import Callable, Sequence
from ctypes import c_int, c_uint, c_void_p
from typing import Final, TypeVar

BATCH: Final = 64
"""Datagrams taken in one call; more wait in the socket's buffer while others get their turn."""

QUERY_SIZE: Final = 1024
"""Longer queries are cut off here and then refused as malformed: the longest name with every
option that clients send comes to some 400 bytes."""

REPLY_SIZE: Final = 1232
"""The longest UDP reply, see `numbers.EDNS_PAYLOAD`."""

_WORDS: Final = 8
_NAME_SIZE: Final = 28
_IOV_SIZE: Final = 16
_CONTROL_SIZE: Final = 64
_CMSG_HEAD: Final = 16

C = TypeVar("C")
R = TypeVar("R")
T = TypeVar("T")

Path = tuple[bytes, bytes]
"""The way back for a reply that is sent later: the sender's socket address, and control data."""

_libc: Final = ctypes.CDLL(None, use_errno=True)

if hasattr(_libc, "recvmmsg"):
    # Without argtypes an address would be passed as a 32-bit int.
    _libc.recvmmsg.argtypes = [c_int, c_void_p, c_uint, c_int, c_void_p]
    _libc.sendmmsg.argtypes = [c_int, c_void_p, c_uint, c_int]


def is_available() -> bool:
    """Whether the layout above is this platform's, and its C library has both calls."""
    return (
        sys.platform == "linux"
        and ctypes.sizeof(c_void_p) == 8
        and sys.byteorder == "little"
        and hasattr(_libc, "recvmmsg")
        and hasattr(_libc, "sendmmsg")
    )


class Vector:
    """BATCH message headers with a buffer of `size` bytes for each."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.view = memoryview(bytearray(BATCH * size))
        self.words = memoryview(bytearray(BATCH * _WORDS * 8)).cast("Q")
        self.iovs = memoryview(bytearray(BATCH * _IOV_SIZE)).cast("Q")
        self.address = _address_of(self.words)
        data_at, iovs_at = _address_of(self.view), _address_of(self.iovs)
        for i in range(BATCH):
            self.iovs[2 * i] = data_at + i * size
            self.iovs[2 * i + 1] = size
            self.words[_WORDS * i + 2] = iovs_at + i * _IOV_SIZE
            self.words[_WORDS * i + 3] = 1


class Mmsg:
    """Receives and answers the datagrams of one socket in batches.

    With `pktinfo` the socket must have IP_PKTINFO or IPV6_RECVPKTINFO set, and replies leave from
    the address the query was sent to.
    """

    def __init__(self, sock: socket.socket, *, pktinfo: bool) -> None:
        self._fd = sock.fileno()
        self._pktinfo = pktinfo
        self._in = Vector(QUERY_SIZE)
        self._out = Vector(REPLY_SIZE)
        self._names = memoryview(bytearray(BATCH * _NAME_SIZE))
        self._controls = memoryview(bytearray(BATCH * _CONTROL_SIZE))
        self._control_ints = self._controls.cast("I")
        names_at, self._controls_at = _address_of(self._names), _address_of(self._controls)
        self._name_at = [names_at + i * _NAME_SIZE for i in range(BATCH)]
        # sockaddr_in: family, port, address at 4..8; sockaddr_in6: address at 8..24.
        self._v6 = sock.family == socket.AF_INET6
        self._name_len = 28 if self._v6 else 16
        self._name_ints = self._names.cast("I")
        for i in range(BATCH):
            self._in.words[_WORDS * i] = self._name_at[i]
            self._in.words[_WORDS * i + 1] = self._name_len
            self._out.words[_WORDS * i + 1] = self._name_len
            self._in.words[_WORDS * i + 4] = self._controls_at + i * _CONTROL_SIZE
        if pktinfo:
            self._reset_controls(BATCH)

    def serve(
        self,
        client_of: Callable[[int | bytes], C],
        react: Callable[[bytes, C, T, float], R | bytes],
        recover: Callable[[bytes, int | bytes, Exception], R | bytes],
        transport: T,
        now: float,
    ) -> tuple[list[tuple[R, Path]], int]:
        """Receive one batch, let `react` answer each query, send the replies.

        `client_of` maps the sender's address to what `react` wants as the client: for IPv4 the
        four bytes read as one int in the machine's byte order, which costs a quarter of making
        bytes of them; for IPv6 the 16 bytes. What `react` returns is a reply to send now, or
        anything else, which is given back with the path for `send_later`: what it asks for would
        slow down the queries behind it. Returns all of that, and how many replies the kernel did
        not take. One function, as each call in it would be paid per query.

        No query takes another one with it: in place of what raises, `recover` reacts, and is given
        the query, the sender's address and the exception.
        """
        count = self._receive()
        words, iovs = self._in.words, self._out.iovs
        out, out_words = self._out.view, self._out.words
        queries = bytes(self._in.view[: count * QUERY_SIZE])
        names, name_ints, v6 = self._names, self._name_ints, self._v6
        later: list[tuple[R, Path]] = []
        pending = 0
        for i in range(count):
            start = i * QUERY_SIZE
            wire = queries[start : start + words[_WORDS * i + 7]]
            at = i * _NAME_SIZE
            peer = bytes(names[at + 8 : at + 24]) if v6 else name_ints[7 * i + 1]
            try:
                reaction = react(wire, client_of(peer), transport, now)
            except Exception as error:
                reaction = recover(wire, peer, error)
            if type(reaction) is not bytes:
                later.append((reaction, self._path(i)))  # type: ignore[arg-type]  # R, as not bytes
                continue
            start = pending * REPLY_SIZE
            size = len(reaction)
            out[start : start + size] = reaction
            iovs[2 * pending + 1] = size
            out_words[_WORDS * pending] = self._name_at[i]
            if self._pktinfo:
                self._use_control(pending, i)
            pending += 1
        unsent = self._send(pending) if pending else 0
        if self._pktinfo:
            self._reset_controls(count)
        return later, unsent

    def send_later(self, replies: Sequence[tuple[bytes, Path]]) -> int:
        """Send up to BATCH replies along kept paths; returns how many the kernel did not take.

        Not to be called by what `serve` calls: the memory of the addresses is the same.
        """
        for i, (reply, (name, control)) in enumerate(replies):
            at, start = i * _NAME_SIZE, i * REPLY_SIZE
            self._names[at : at + len(name)] = name
            self._out.view[start : start + len(reply)] = reply
            self._out.iovs[2 * i + 1] = len(reply)
            self._out.words[_WORDS * i] = self._name_at[i]
            if self._pktinfo:
                at = i * _CONTROL_SIZE
                self._controls[at : at + len(control)] = control
                self._in.words[_WORDS * i + 5] = len(control)
                self._use_control(i, i)
        unsent = self._send(len(replies))
        if self._pktinfo:
            self._reset_controls(len(replies))
        return unsent

    def _receive(self) -> int:
        """Take up to BATCH datagrams that wait; returns how many, 0 when there are none."""
        count = int(_libc.recvmmsg(self._fd, self._in.address, BATCH, socket.MSG_DONTWAIT, None))
        if count >= 0:
            return count
        code = ctypes.get_errno()
        if code in (errno.EAGAIN, errno.EINTR, errno.ECONNREFUSED):
            return 0
        raise OSError(code, os.strerror(code))

    def _send(self, pending: int) -> int:
        """Send the first `pending` replies; returns how many the kernel did not take.

        One that it refuses (no route, a full buffer) is skipped: the client will ask again.
        """
        sent = lost = 0
        while sent < pending:
            address = self._out.address + sent * _WORDS * 8
            count = _libc.sendmmsg(self._fd, address, pending - sent, socket.MSG_DONTWAIT)
            if count > 0:
                sent += count
            elif ctypes.get_errno() != errno.EINTR:
                sent += 1
                lost += 1
        return lost

    def _path(self, i: int) -> Path:
        start, control = i * _NAME_SIZE, i * _CONTROL_SIZE
        size = self._in.words[_WORDS * i + 5] if self._pktinfo else 0
        return (
            bytes(self._names[start : start + self._name_len]),
            bytes(self._controls[control : control + size]),
        )

    def _use_control(self, j: int, i: int) -> None:
        """Let reply `j` carry the control data that came with datagram `i`.

        IPv4: the interface index is taken out, so that the routing table, and not the interface
        the query came in by, decides the way back; the source address stays (ip(7), IP_PKTINFO).
        """
        if not self._v6:
            self._control_ints[(i * _CONTROL_SIZE + _CMSG_HEAD) // 4] = 0
        self._out.words[_WORDS * j + 4] = self._controls_at + i * _CONTROL_SIZE
        self._out.words[_WORDS * j + 5] = self._in.words[_WORDS * i + 5]

    def _reset_controls(self, count: int) -> None:
        """The kernel writes back how much control data came; give it the whole room again."""
        for i in range(count):
            self._in.words[_WORDS * i + 5] = _CONTROL_SIZE


def _address_of(buffer: bytearray | memoryview) -> int:
    """Where a buffer's bytes are; they stay there, as a memoryview on them forbids resizing."""
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
