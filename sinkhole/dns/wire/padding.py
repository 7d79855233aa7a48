"""Padding of replies on encrypted transports: sizes tell less then (RFC 7830, RFC 8467)."""

from __future__ import annotations

from typing import Final

from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.question import HEADER_SIZE, OPT_FIXED_SIZE

BLOCK: Final = 468
"""Replies are padded to a multiple of it, RFC 8467 §4.1."""

_OPTION_HEAD: Final = 4
_RECORD_FIXED: Final = 10


def wants_padding(query: bytes) -> bool:
    """Whether a query has the padding option; False for anything that is no query."""
    try:
        position = _behind_name(query, HEADER_SIZE) + 4 + OPT_FIXED_SIZE
        while position < len(query):
            if query[position] == 0 and query[position + 1] == n.Option.PADDING:
                return True
            position += _OPTION_HEAD + int.from_bytes(query[position + 2 : position + 4], "big")
    except IndexError:
        return False
    return False


def padded(reply: bytes) -> bytes:
    """A reply of ours with the padding option at its end; the same where it has no OPT.

    OPT is the last record of what is written here. Up to BLOCK bytes are added, and never more than
    a message may have.
    """
    if reply[10:12] == b"\0\0":
        return reply
    position = HEADER_SIZE
    for _ in range(int.from_bytes(reply[4:6], "big")):
        position = _behind_name(reply, position) + 4
    for _ in range(sum(int.from_bytes(reply[at : at + 2], "big") for at in (6, 8, 10)) - 1):
        position = _behind_name(reply, position) + _RECORD_FIXED
        position += int.from_bytes(reply[position - 2 : position], "big")
    if reply[position : position + 3] != b"\0\0\x29":
        return reply
    size = -(len(reply) + _OPTION_HEAD) % BLOCK
    size = min(size, n.MAX_MESSAGE - len(reply) - _OPTION_HEAD)
    if size < 0:
        return reply
    head = bytes((0, n.Option.PADDING)) + size.to_bytes(2, "big")
    options_at = position + OPT_FIXED_SIZE
    length = (len(reply) - options_at + _OPTION_HEAD + size).to_bytes(2, "big")
    return reply[: options_at - 2] + length + reply[options_at:] + head + bytes(size)


def _behind_name(message: bytes, position: int) -> int:
    """Where a name ends; IndexError where the message does before."""
    while size := message[position]:
        if size >= 0xC0:
            return position + 2
        position += size + 1
    return position + 1
