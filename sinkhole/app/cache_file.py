"""The answer cache's file: read at start, written when stopping and now and then."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from sinkhole.control.settings import Settings
from sinkhole.control.settings.schema import CacheSettings
from sinkhole.dns.cache import persist
from sinkhole.dns.cache.table import Table
from sinkhole.model.errors import StorageError
from sinkhole.model.files import PRIVATE, write_atomically

log = logging.getLogger(__name__)

EVERY_S: Final = 1800.0
"""How often the file is written, so that a power cut costs half an hour of answers at most."""

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

SLICE: Final = 500
"""Answers made into bytes at a time: some two milliseconds."""


class CacheFile:
    """Keeps the answers of `table` in `data_dir/cache.bin`, if the settings want it.

    Losing the file costs nothing but speed, so no trouble with it ever stops anything.
    """

    def __init__(self, settings: Settings, table: Table) -> None:
        self.problems: list[str] = []
        self._path = settings.data_dir / "cache.bin"
        self._table = table
        self.use(settings.cache)

    def use(self, settings: CacheSettings) -> None:
        """Go by these settings from now on."""
        self._enabled, self._stale_s = settings.persist, float(settings.serve_stale)

    def restore(self) -> None:
        """Fill the table from the file; a damaged or foreign one is ignored and said so."""
        if not self._enabled or not self._path.exists():
            return
        try:
            data = self._path.read_bytes()
            for key, ready in persist.load(data, present()):
                self._table.put(key, ready)
        except (OSError, StorageError) as error:
            log.warning("the saved answers are not used: %s", error)

    def save(self) -> None:
        """Write the file anew, as a whole or not at all."""
        if self._enabled:
            self._write(persist.dump(self._table, present(), self._stale_s))

    async def run(self) -> None:
        """Write the file now and then, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            if self._enabled:
                await self.save_later()

    async def save_later(self) -> None:
        """As `save`, while queries are answered: they get their turn every `SLICE` answers."""
        entries, moment = list(self._table.entries.items()), present()
        records = bytearray()
        for start in range(0, len(entries), SLICE):
            some = entries[start : start + SLICE]
            records += persist.pack(some, moment.now, self._stale_s)
            await asyncio.sleep(0)
        data = await asyncio.to_thread(persist.seal, bytes(records), moment)
        await asyncio.to_thread(self._write, data)

    def _write(self, data: bytes) -> None:
        try:  # what the house asked for is nobody else's business
            write_atomically(self._path, [data], mode=PRIVATE)
            self.problems = []
        except OSError as error:
            self.problems = [f"the answer cache cannot be saved: {error.strerror} ({self._path})"]
            log.warning("%s", self.problems[0])


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
