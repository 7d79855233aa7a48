"""DNS over QUIC (RFC 9250): a stream for each question, with one message in either direction."""

from __future__ import annotations

from typing import Final

ALPN: Final = "doq"

NO_ERROR: Final = 0x0
INTERNAL_ERROR: Final = 0x1
PROTOCOL_ERROR: Final = 0x2
REQUEST_CANCELLED: Final = 0x3
EXCESSIVE_LOAD: Final = 0x4
"""Codes of connections and streams that are ended, RFC 9250 §4.3."""


def framed(wire: bytes) -> bytes:
    """A message as it stands on its stream: behind its length (RFC 9250 §4.2)."""
    return len(wire).to_bytes(2, "big") + wire


class BrokenMessage(Exception):
    """A stream holds something other than one message; the text finishes "the other side ..."."""


class Messages:
    """The messages that come in, each on a stream of its own, `most_size` bytes at most each.

    How many streams are underway is bounded by the caller.
    """

    def __init__(self, most_size: int) -> None:
        self._most_size = most_size
        self._parts: dict[int, bytes] = {}

    def __len__(self) -> int:
        """How many have begun and are not complete."""
        return len(self._parts)

    def feed(self, stream: int, data: bytes, ended: bool) -> bytes | None:
        """The message, once its last byte has come; the end of its stream need not be seen.

        Raises BrokenMessage when it is too long, cut short, or followed by more.
        """
        if stream in self._parts:
            data = self._parts.pop(stream) + data
        size = int.from_bytes(data[:2], "big")
        if size > self._most_size:
            raise BrokenMessage(f"sent a message of {size} bytes")
        end = 2 + size
        if len(data) < 2 or len(data) < end:
            if ended:
                raise BrokenMessage("ended a stream within a message")
            self._parts[stream] = data
            return None
        if len(data) > end:
            raise BrokenMessage("sent more than one message on a stream")
        return data[2:]

    def forget(self, stream: int) -> None:
        """Nothing more of this stream is of use."""
        self._parts.pop(stream, None)
