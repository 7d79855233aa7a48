"""What a key of the trie stands for, in 32 bits.

    bit  31        30         29     28       27     26 … 0
         detailed  important  allow  network  below  line, from 1

Of two plain rules that match one name the one with the higher strength (the upper four bits as a
number) wins: important exception, important rule, exception, network rule, and last hosts lines
and bare names, which are no network rules. `below` marks a rule for what is below the name only.

A detailed entry has the number of its details (see `details`) in place of the line; all other
bits but the first are 0. As its strength is the highest of all, nobody can overlook one.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

DETAILED: Final = 1 << 31
IMPORTANT: Final = 1 << 30
ALLOW: Final = 1 << 29
NETWORK: Final = 1 << 28
BELOW: Final = 1 << 27
STRENGTH_SHIFT: Final = 28
MAX_LINE_NUMBER: Final = BELOW - 1
TYPECODE: Final = "I"
SIZE: Final = array(TYPECODE).itemsize

_LOW_BITS = 16
_NARROW_BITS, _WIDE_BITS = 24, 32
_MOST_CODES = 32


def line_of(entry: int) -> int:
    """The line of a plain entry, the number of its details for a detailed one."""
    return entry & MAX_LINE_NUMBER


def flags_of(entry: int) -> int:
    """The entry without its line."""
    return entry & ~MAX_LINE_NUMBER


class Packed(NamedTuple):
    """Entries as they lie in a list file, three or four bytes each.

    A list has few sorts of entries and needs few bits for its lines. So an item has the place of
    the entry's flags in `palette` in the bits from `shift`, and its line below them; the lower 16
    bits of all items stand in `low`, the rest in `high`, in bytes where 24 bits are enough.
    """

    low: array[int]
    high: array[int]
    palette: list[int]
    shift: int


def pack(entries: array[int]) -> Packed:
    """Pack entries for a list file."""
    palette = sorted({flags_of(each) for each in entries})
    code_bits = max(len(palette) - 1, 0).bit_length()
    line_bits = max(map(line_of, entries), default=0).bit_length()
    width = _NARROW_BITS if line_bits + code_bits <= _NARROW_BITS else _WIDE_BITS
    shift = width - code_bits
    codes = {flags: code << shift for code, flags in enumerate(palette)}
    items = [codes[each & ~MAX_LINE_NUMBER] | each & MAX_LINE_NUMBER for each in entries]
    low = array("H", (item & 0xFFFF for item in items))
    high = array("B" if width == _NARROW_BITS else "H", (item >> _LOW_BITS for item in items))
    return Packed(low, high, palette, shift)


class PackedEntries:
    """Reads packed entries by index; 0.2 µs each. ValueError for what can't be packed entries."""

    __slots__ = ("_flags", "_high", "_low", "_mask", "_shift")

    def __init__(
        self,
        low: memoryview | array[int],
        high: memoryview | array[int],
        palette: Sequence[int],
        shift: int,
    ) -> None:
        width = _NARROW_BITS if memoryview(high).itemsize == 1 else _WIDE_BITS
        codes = 1 << width - shift if _LOW_BITS <= shift <= width else 0
        if len(low) != len(high) or not len(palette) <= codes <= _MOST_CODES:
            raise ValueError("these are no packed entries")
        self._low = low
        self._high = high
        self._shift = shift
        self._mask = (1 << shift) - 1
        self._flags = [*palette, *[0] * (codes - len(palette))]

    def __len__(self) -> int:
        return len(self._low)

    def __getitem__(self, index: int) -> int:
        value = self._low[index] | self._high[index] << _LOW_BITS
        return self._flags[value >> self._shift] | value & self._mask
