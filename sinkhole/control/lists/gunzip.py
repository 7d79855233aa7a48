"""Unpacking a gzipped list piece by piece, each piece of bounded size.

Whatever a few bytes unpack to, no more than PIECE_SIZE of it is in memory at once: the taker
counts what comes, and stops at its limit. gzip is the only coding that servers are offered; one
that would rather send another sends plain text then (RFC 9110 §12.5.3).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

ACCEPTED: Final = "gzip"
"""For the request header Accept-Encoding."""
PIECE_SIZE: Final = 256 * 1024
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS  # zlib's way of saying "with a gzip header"


class GzipError(Exception):
    """Gzipped data that can't be unpacked; the text says why."""


class Gunzip:
    """Unpacks one body (RFC 1952); several members may follow one another.

    `ended` says whether the data so far ends where gzipped data may end.
    """

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self.ended = True  # and the checksum of the member before was right

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What `data` unpacks to, at most PIECE_SIZE bytes at a time; GzipError if damaged."""
        more = bool(data)
        while more:
            try:
                piece = self._member.decompress(data, PIECE_SIZE)
            except zlib.error as error:
                raise GzipError(f"the gzip compression is damaged: {error}") from error
            self.ended = False
            data = self._member.unconsumed_tail
            if piece:
                yield piece
            if self._member.eof:
                data = self._member.unused_data
                self._member = zlib.decompressobj(_GZIP_WINDOW)
                self.ended = True
            # A full piece may leave output waiting inside zlib although all input is taken.
            more = bool(data) or (len(piece) == PIECE_SIZE and not self.ended)


def gunzip_for(encoding: str) -> Gunzip | None:
    """What unpacks a Content-Encoding (RFC 9110 §8.4.1); None where nothing is packed.

    Raises ValueError for a coding that is not among ACCEPTED.
    """
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        return None
    if coding not in (ACCEPTED, "x-gzip"):
        raise ValueError(f"sent in an encoding that was not asked for: {encoding}")
    return Gunzip()
