"""How many names of each list no other list has, counted in a child process.

Every name is looked up in the other lists of its kind, which takes seconds of pure CPU for
millions of names: far too long for the event loop. What the child found is kept, and counted again
when a list has changed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, StrictInt

from sinkhole.control.lists.child_processes import count_unique_names
from sinkhole.control.lists.store import ListStore
from sinkhole.control.lists.subscription import Subscription
from sinkhole.model.errors import SinkholeError
from sinkhole.model.files import SHARED, write_atomically

log = logging.getLogger(__name__)

FILE_NAME: Final = "unique.json"


class _Count(BaseModel):
    """What the file holds: of which contents the names were counted, and how many each has alone.

    Both map the ids of lists.
    """

    counted: dict[str, str]
    unique: dict[str, StrictInt]


class Overlap:
    """The counts of one folder of lists."""

    def __init__(self, store: ListStore) -> None:
        self._store = store
        self._count = _Count(counted={}, unique={})
        self._is_loaded = False

    @property
    def unique(self) -> dict[str, int]:
        """How many names each list has alone, by the ids of lists; some are not counted yet."""
        return self._count.unique

    def load(self) -> None:
        """Read what was counted last, the first time; what can't be read is counted again."""
        if self._is_loaded:
            return
        self._is_loaded = True
        try:
            self._count = _Count.model_validate_json(self._store.path(FILE_NAME).read_bytes())
        except (OSError, ValueError):
            return

    def is_stale(self, subscriptions: Sequence[Subscription]) -> bool:
        """Whether any list has changed, come or gone since the last count."""
        return _content_hashes(subscriptions) != self._count.counted

    async def count(self, subscriptions: Sequence[Subscription]) -> None:
        """Count anew and keep it. What goes wrong is logged: it is only a number to look at."""
        counted = _content_hashes(subscriptions)
        compiled = await asyncio.to_thread(self._files, subscriptions, counted)
        try:
            unique: dict[str, int] = {}
            for files in compiled.values():
                numbers = await count_unique_names([*files.values()]) if files else []
                unique |= zip(files, numbers, strict=True)
            self._count = _Count(counted=counted, unique=unique)
            await asyncio.to_thread(self._keep)
        except (OSError, ValueError, SinkholeError) as error:  # ValueError: no numbers came
            # Not again for these: it would fail again.
            self._count = _Count(counted=counted, unique=self.unique)
            log.warning("names that lists have alone were not counted: %s", error)

    def _files(
        self, subscriptions: Sequence[Subscription], counted: Collection[str]
    ) -> dict[str, dict[str, Path]]:
        """What was compiled of the lists that count and is still there, by kind and id."""
        compiled: dict[str, dict[str, Path]] = {"block": {}, "allow": {}}
        for each in subscriptions:
            if each.id in counted and each.state.used is not None:
                file = self._store.path(each.state.used.compiled)
                if file.is_file():
                    compiled[each.kind][each.id] = file
        return compiled

    def _keep(self) -> None:
        text = json.dumps(self._count.model_dump())
        write_atomically(self._store.path(FILE_NAME), [text.encode()], mode=SHARED)


def _content_hashes(subscriptions: Sequence[Subscription]) -> dict[str, str]:
    active = (each for each in subscriptions if each.active and each.current)
    return {each.id: each.state.content_hash for each in active}
