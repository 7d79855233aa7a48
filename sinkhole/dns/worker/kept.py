"""What a plane keeps in its table: found and forgotten by name, and as bytes for other processes.

A full table takes a second to read. So it is read a slice at a time, with queries in between.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from sinkhole.dns.cache import persist
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.cache.table import Table
from sinkhole.dns.wire.name import end_of, is_below

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

SLICE: Final = 500
"""Answers made into bytes, or forgotten, at a time: some two milliseconds."""

LOOKED_AT: Final = 5_000
"""Keys that are only looked at in one turn of the event loop, which takes some milliseconds."""


class About(NamedTuple):
    """Which answers are meant: all, or those about a wire name, with `below` also about all names
    below it."""

    name: bytes | None = None
    below: bool = False

    def covers(self, key: bytes) -> bool:
        """Whether what stands under this key of a table is among them."""
        if self.name is None:
            return True
        if self.below:
            return is_below(key[: end_of(key, 0)], self.name)
        return key.startswith(self.name)


async def found_in(table: Table, about: About) -> AsyncIterator[tuple[bytes, Ready]]:
    """What a table keeps of that; others get their turn in between."""
    for place, key in enumerate(list(table.entries), start=1):
        if place % LOOKED_AT == 0:
            await asyncio.sleep(0)
        if about.covers(key) and (ready := table.entries.get(key)) is not None:
            yield key, ready


async def forget(table: Table, about: About) -> int:
    """Forget that; how many answers it were."""
    keys = [key async for key, _ in found_in(table, about)]
    count = 0
    for place, key in enumerate(keys, start=1):
        count += table.forget(key) and type_of(key) != 0
        if place % SLICE == 0:
            await asyncio.sleep(0)
    return count


async def records_of(table: Table, about: About, stale_s: float) -> AsyncIterator[bytes]:
    """The same as records (see `persist`), but for answers that are older than `stale_s` behind
    their time; pieces of several planes on one machine are one file behind each other."""
    some: list[tuple[bytes, Ready]] = []
    async for found in found_in(table, about):
        some.append(found)
        if len(some) == SLICE:
            yield persist.pack(some, time.monotonic(), stale_s)
            some.clear()
            await asyncio.sleep(0)
    yield persist.pack(some, time.monotonic(), stale_s)


def take_up(table: Table, data: bytes) -> None:
    """Fill a table from a file's bytes; StorageError for what is none."""
    for key, ready in persist.load(data, present()):
        table.put(key, ready)


def type_of(key: bytes) -> int:
    """The type that a key of a table is about; 0 for the name's own NXDOMAIN."""
    at = end_of(key, 0)
    return int.from_bytes(key[at : at + 2], "big")


def present() -> persist.Moment:
    """This moment by all clocks."""
    boot = _boot()
    known = boot != persist.UNKNOWN_BOOT
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME) if known else 0.0
    return persist.Moment(time.monotonic(), time.time(), since_boot, boot)


@cache
def _boot() -> bytes:
    """The kernel's name for this boot, where there is one (Linux)."""
    try:
        return UUID(BOOT_ID.read_text().strip()).bytes
    except (OSError, ValueError):
        return persist.UNKNOWN_BOOT
