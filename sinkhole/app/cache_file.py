"""The answer cache's file: read at start, written when stopping and now and then."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from sinkhole.control.settings import Settings
from sinkhole.control.settings.schema import CacheSettings
from sinkhole.dns.cache import persist
from sinkhole.dns.cache.table import Table
from sinkhole.dns.worker.kept import About, present, records_of, take_up
from sinkhole.model.errors import StorageError
from sinkhole.model.files import PRIVATE, write_atomically

log = logging.getLogger(__name__)

EVERY_S: Final = 1800.0
"""How often the file is written, so that a power cut costs half an hour of answers at most."""


class OtherTables(Protocol):
    """Tables of other processes that answer."""

    async def records(self, about: About, stale_s: float) -> bytes:
        """What these keep, see `records_of`."""
        ...

    def take_up(self, data: bytes) -> None:
        """Fill each of them from a file's bytes."""
        ...


class CacheFile:
    """Keeps the answers of `table`, and those of `others`, in `data_dir/cache.bin`, if the settings
    want it.

    Losing the file costs nothing but speed, so no trouble with it ever stops anything.
    """

    def __init__(self, settings: Settings, table: Table) -> None:
        self.problems: list[str] = []
        self.others: OtherTables | None = None
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
            take_up(self._table, data)
            if self.others is not None:
                self.others.take_up(data)
        except (OSError, StorageError) as error:
            log.warning("the saved answers are not used: %s", error)

    async def run(self) -> None:
        """Write the file now and then, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.save()

    async def save(self) -> None:
        """Write the file anew, as a whole or not at all, while queries are answered."""
        if not self._enabled:
            return
        records, moment = bytearray(), present()
        async for some in records_of(self._table, About(), self._stale_s):
            records += some
        if self.others is not None:
            records += await self.others.records(About(), self._stale_s)
        data = await asyncio.to_thread(persist.seal, bytes(records), moment)
        await asyncio.to_thread(self._write, data)

    def _write(self, data: bytes) -> None:
        try:  # what the house asked for is nobody else's business
            write_atomically(self._path, [data], mode=PRIVATE)
            self.problems = []
        except OSError as error:
            self.problems = [f"the answer cache cannot be saved: {error.strerror} ({self._path})"]
            log.warning("%s", self.problems[0])
