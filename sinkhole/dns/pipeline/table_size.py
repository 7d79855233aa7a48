"""Going over to another size of the table while queries are answered: slice by slice."""

from __future__ import annotations

import asyncio
from typing import Final

from sinkhole.dns.cache.table import Table
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

SLICE: Final = 1000
"""Answers looked at in one turn of the event loop while the table shrinks: some 0.2 ms."""


class TableSize:
    """How much `table` may hold, until `close`; `limit_bytes` is what is wanted."""

    def __init__(self, table: Table, faults: Faults) -> None:
        self.limit_bytes = table.limit_bytes
        self._table = table
        self._tasks = Tasks("cache size", limit=1, faults=faults)

    def use(self, limit_bytes: int) -> None:
        """Go over to another size; what is remembered stays, as far as there is room."""
        self.limit_bytes = limit_bytes
        if not self._table.approach(limit_bytes, 0):
            self._tasks.start("shrink", self._shrink())  # or it is underway

    async def close(self) -> None:
        """Shrink no further."""
        await self._tasks.close()

    async def _shrink(self) -> None:
        """To the size that is wanted by then; queries go between."""
        is_reached = False
        while not is_reached:
            is_reached = self._table.approach(self.limit_bytes, SLICE)
            await asyncio.sleep(0)
