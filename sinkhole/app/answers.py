"""The answers that are remembered: how many, for how long, and their file."""

from __future__ import annotations

import asyncio
from typing import Final

from sinkhole.app.cache_file import CacheFile
from sinkhole.app.change import Change
from sinkhole.app.from_settings import ttl_limits
from sinkhole.control.settings import Settings
from sinkhole.dns.cache.table import Table
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

SLICE: Final = 1000
"""Answers looked at in one turn of the event loop while the table shrinks: some 0.2 ms."""


class Answers:
    """The `table` of answers and its `file`, by the settings of now; `close` in the end."""

    def __init__(self, settings: Settings, faults: Faults) -> None:
        self.table = Table(settings.cache.size)
        self.file = CacheFile(settings, self.table)
        self._settings = settings
        self._resizing = Tasks("cache size", limit=1, faults=faults)

    def prepare(self, new: Settings, change: Change, pipeline: Pipeline) -> None:
        """Go over to other settings; what is remembered stays, as far as there is room."""
        if new.cache == self._settings.cache:
            return

        def use(settings: Settings) -> None:
            self._settings = settings
            cache, forwarding = settings.cache, pipeline.forwarding
            forwarding.limits = ttl_limits(settings)
            forwarding.serve_stale_s = float(cache.serve_stale)
            pipeline.prefetch.enabled = cache.prefetch
            self.file.use(cache)
            if not self.table.approach(cache.size, 0):
                self._resizing.start("shrink", self._shrink())  # or it is underway

        change.exchange(use, new, self._settings)

    async def close(self) -> None:
        """Shrink no further."""
        await self._resizing.close()

    async def _shrink(self) -> None:
        """Make room slice by slice, to the size that is wanted by then; queries go between."""
        is_reached = False
        while not is_reached:
            is_reached = self.table.approach(self._settings.cache.size, SLICE)
            await asyncio.sleep(0)
