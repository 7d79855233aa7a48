"""Which of several sockets of one UDP port gets a query: always the same one for a name.

The kernel spreads what comes to a port over all sockets that share it (SO_REUSEPORT), by the
sender's address and port, so each process would have to learn each name for itself. A program of
classic BPF says otherwise: it needs no right, and finds at offset 0 what is in the datagram. It
goes by the first twelve bytes of the question's name, as they are sent, in whatever letter case;
all of the name where it is shorter. Neither type nor EDNS has a part in it.

 1. Walk along the labels until the name ends, or twelve bytes are passed.
 2. Take these in words of four bytes, the last one without what is behind the name.
 3. Multiply and mix; the highest bits, which depend on all others, tell the place of the socket.

What is too short for a query goes to the first socket. Where a proxy puts a header in front
(PROXY version 2), the same bytes are the address that it tells, so that is what it goes by there.
"""

from __future__ import annotations

import ctypes
import logging
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

log = logging.getLogger(__name__)

_SO_ATTACH_REUSEPORT_CBPF: Final = 51  # Linux; the socket module has no names for these
_SO_DETACH_REUSEPORT_BPF: Final = 68

_NAME: Final = 12
"""Where the question's name begins."""

_ENOUGH: Final = 24
"""What of it stands behind this offset has no part in it."""

_LABELS: Final = 6
"""Steps of the walk: each label takes two bytes at least."""

_FOLD: Final = 0xDFDFDFDF
"""Without the bits that tell letter cases apart."""

_FACTOR: Final = 0x9E3779B1

# Instructions, by their names in the kernel's documentation (networking/filter).
_LD, _LDB_X, _LD_X, _LD_M, _LDX, _LDX_M, _ST, _STX = 0x20, 0x50, 0x40, 0x60, 0x01, 0x61, 0x02, 0x03
_ADD, _ADD_X, _MUL, _AND, _XOR, _XOR_X = 0x04, 0x0C, 0x24, 0x54, 0xA4, 0xAC
_LSH, _RSH, _RSH_X, _JEQ, _JGE, _TAX, _TXA, _RET_A = 0x64, 0x74, 0x7C, 0x15, 0x35, 0x07, 0x87, 0x16

_MOD: Final = 0x94

_RANDOM: Final = 0xFFFFF000 + 56
"""Where a random number is read, instead of the datagram."""

_MARK: Final = -1

_SPARE_BITS, _END, _HASH = range(3)
"""Cells of the program's memory."""


class _Step(NamedTuple):
    """One instruction; a jump goes `to` a mark where its condition holds, `past` to one where it
    does not, without a mark just on. The mark of what follows is a step with the code _MARK."""

    code: int
    k: int = 0
    to: str = ""
    past: str = ""


def steer(count: int) -> bytes:
    """The program for so many sockets, as the kernel wants it."""
    steps: list[_Step] = []
    marks: dict[str, int] = {}
    for step in _steps(count):
        if step.code == _MARK:
            marks[step.to] = len(steps)
        else:
            steps.append(step)
    return b"".join(_packed(step, at, marks) for at, step in enumerate(steps))


def attach(sock: socket.socket, count: int) -> bool:
    """Steer all sockets that share the port of this one; False where the system cannot.

    Sockets have places by the order in which they were bound, and the program says a place; so
    bind all `count` of them first. When one is closed, the last one gets its place. While there are
    fewer than `count`, the kernel spreads what is for a place that nobody has, as without program:
    attach it again, by any of them, for another count. The sockets have to keep SO_REUSEPORT set.
    Not for QUIC or TCP, which have connections: these stay with whom they began.
    """
    return _attach(sock, steer(count))


def attach_dice(sock: socket.socket, count: int) -> bool:
    """Let chance spread connections over the first `count` sockets (see `attach`): over TCP the
    kernel asks once for each. So one that is to be closed gets no more of them."""
    steps = (_Step(_LD, _RANDOM), _Step(_MOD, count), _Step(_RET_A))
    return _attach(sock, b"".join(_packed(step, 0, {}) for step in steps))


def _attach(sock: socket.socket, program: bytes) -> bool:
    if sys.platform != "linux":
        return False
    memory = ctypes.create_string_buffer(program, len(program))
    told = struct.pack("HP", len(program) // 8, ctypes.addressof(memory))
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, told)
    except OSError as error:
        log.debug("what comes is not steered: %s", error)
        return False
    return True


def detach(sock: socket.socket) -> None:
    """Have the kernel spread what comes as it does without a program."""
    if sys.platform == "linux":
        with suppress(OSError):  # there is none
            sock.setsockopt(socket.SOL_SOCKET, _SO_DETACH_REUSEPORT_BPF, 0)


def _packed(step: _Step, at: int, marks: dict[str, int]) -> bytes:
    """A struct sock_filter; jumps count from the next one."""
    yes, no = (marks[mark] - at - 1 if mark else 0 for mark in (step.to, step.past))
    return struct.pack("=HBBI", step.code, yes, no, step.k)


def _steps(count: int) -> Iterator[_Step]:
    """X is the offset that the walk has come to, then that of the last byte which counts."""
    yield _Step(_LDX, _NAME)
    for _ in range(_LABELS):
        yield _Step(_LDB_X)
        yield _Step(_JEQ, 0, to="end")
        yield from (_Step(_ADD_X), _Step(_ADD, 1), _Step(_TAX))
        yield _Step(_JGE, _ENOUGH, to="enough")
    yield _Step(_MARK, to="enough")
    yield _Step(_LDX, _ENOUGH - 1)
    yield _Step(_MARK, to="end")
    yield _Step(_STX, _END)
    yield from (_Step(_TXA), _Step(_AND, 3), _Step(_XOR, 3))
    yield from (_Step(_LSH, 3), _Step(_ST, _SPARE_BITS))
    yield from (_Step(_TXA), _Step(_AND, ~3 & 0xFFFFFFFF), _Step(_TAX), _Step(_LD_X))
    yield from (_Step(_AND, _FOLD), _Step(_LDX_M, _SPARE_BITS), _Step(_RSH_X))
    yield from (_Step(_MUL, _FACTOR), _Step(_ST, _HASH))
    for at in (_NAME + 4, _NAME):
        yield _Step(_LD_M, _END)
        yield _Step(_JGE, at + 4, past=f"before {at}")
        yield from _mix(at)
        yield _Step(_MARK, to=f"before {at}")
    yield from (_Step(_LD_M, _HASH), _Step(_RSH, 16), _Step(_MUL, count), _Step(_RSH, 16))
    yield _Step(_RET_A)


def _mix(at: int) -> Sequence[_Step]:
    """Mix a whole word of the name into the hash."""
    word = _Step(_LD, at), _Step(_AND, _FOLD)
    return *word, _Step(_LDX_M, _HASH), _Step(_XOR_X), _Step(_MUL, _FACTOR), _Step(_ST, _HASH)
