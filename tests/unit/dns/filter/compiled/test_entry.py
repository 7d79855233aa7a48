"""Entries: who is stronger, and three or four bytes that hold them."""

from __future__ import annotations

from array import array

import pytest

from sinkhole.dns.filter.compiled import entry
from sinkhole.dns.filter.compiled.entry import PackedEntries, pack

PLAIN, BELOW = entry.NETWORK, entry.NETWORK | entry.BELOW
SORTS = [
    flags | below
    for flags in (0, entry.NETWORK, entry.ALLOW, entry.IMPORTANT | entry.NETWORK, entry.DETAILED)
    for below in (0, entry.BELOW)
]


def test_the_order_of_strength() -> None:
    network = entry.NETWORK
    ordered = [
        0,  # a hosts line
        network,
        network | entry.ALLOW,
        network | entry.IMPORTANT,
        network | entry.IMPORTANT | entry.ALLOW,
        entry.DETAILED,
    ]
    strengths = [(flags | 5) >> entry.STRENGTH_SHIFT for flags in ordered]
    assert strengths == sorted(set(strengths))
    assert (PLAIN | 5) >> entry.STRENGTH_SHIFT == (BELOW | 9) >> entry.STRENGTH_SHIFT


@pytest.mark.parametrize(
    ("entries", "item_size"),
    [
        ([], 1),
        ([PLAIN | 1], 1),
        ([PLAIN | line for line in (1, 255, 65_535, 65_536, 1_000_000, (1 << 24) - 1)], 1),
        ([PLAIN | 1 << 24], 2),
        ([flags | line for line in (7, 1_000_000) for flags in SORTS], 1),
        ([flags | line for line in (7, 1 << 21) for flags in SORTS], 2),
        ([flags | entry.MAX_LINE_NUMBER for flags in SORTS], 2),
    ],
    ids=["none", "one", "24 bits", "25 bits", "ten sorts", "ten sorts, many lines", "longest"],
)
def test_what_is_packed_is_read_back(entries: list[int], item_size: int) -> None:
    packed = pack(array(entry.TYPECODE, entries))
    assert packed.high.itemsize == item_size
    read = PackedEntries(*packed)
    assert [read[index] for index in range(len(read))] == entries


@pytest.mark.parametrize(
    ("low", "high", "palette", "shift"),
    [
        ([1], [], [0], 24),
        ([1], [1], [0, 1], 24),
        ([1], [1], [0], 25),
        ([1], [1], [0], -1),
        ([1], [1], list(range(40)), 18),
    ],
    ids=["lengths", "palette", "shift", "negative", "too many sorts"],
)
def test_what_no_packing_made_is_refused(
    low: list[int], high: list[int], palette: list[int], shift: int
) -> None:
    with pytest.raises(ValueError, match="packed"):
        PackedEntries(array("H", low), array("B", high), palette, shift)


def test_an_item_of_a_damaged_file_is_some_entry() -> None:
    read = PackedEntries(array("H", [0xFFFF]), array("B", [0xFF]), [PLAIN, BELOW, 0], 22)
    assert entry.flags_of(read[0]) == 0
