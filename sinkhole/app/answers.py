"""The answers that are remembered: how many, for how long, and their file."""

from __future__ import annotations

from sinkhole.app.cache_file import CacheFile
from sinkhole.app.change import Change
from sinkhole.app.from_settings import ttl_limits
from sinkhole.control.settings import Settings
from sinkhole.dns.cache.table import Table
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.pipeline.table_size import TableSize
from sinkhole.model.faults import Faults


class Answers:
    """The `table` of answers and its `file`, by the settings of now; `close` in the end."""

    def __init__(self, settings: Settings, faults: Faults) -> None:
        self.table = Table(settings.cache.size)
        self.file = CacheFile(settings, self.table)
        self._settings = settings
        self._size = TableSize(self.table, faults)

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
            self._size.use(cache.size)

        change.exchange(use, new, self._settings)

    async def close(self) -> None:
        """Shrink no further."""
        await self._size.close()
