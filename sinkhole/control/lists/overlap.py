"""How many names of each list no other list has, counted in a child process.

Every name is looked up in the other lists of its kind, which takes seconds of pure CPU for
millions of names: far too long for the event loop. What the child found is kept, and counted again
when a list has changed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from typing import Any, Final

from sinkhole.control.lists.children import end
from sinkhole.control.lists.item import Item
from sinkhole.control.lists.store import Store
from sinkhole.model.errors import SinkholeError, StorageError

log = logging.getLogger(__name__)

FILE_NAME: Final = "unique.json"
TIME_LIMIT_S: Final = 900.0


class Overlap:
    """The counts of one folder of lists; `unique` maps the ids of lists to them."""

    def __init__(self, store: Store) -> None:
        self.unique: dict[str, int] = {}
        self._store = store
        self._counted: dict[str, str] = {}
        self._is_loaded = False

    def load(self) -> None:
        """Read what was counted last, the first time; what can't be read is counted again."""
        if self._is_loaded:
            return
        self._is_loaded = True
        try:
            kept: Any = json.loads(self._store.path(FILE_NAME).read_bytes())
            unique, counted = kept["unique"], kept["counted"]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return
        if all(isinstance(each, int) for each in unique.values()):
            self.unique, self._counted = unique, counted

    def is_stale(self, items: Sequence[Item]) -> bool:
        """Whether any list has changed, come or gone since the last count."""
        return self._digests(items) != self._counted

    async def count(self, items: Sequence[Item]) -> None:
        """Count anew and keep it. What goes wrong is logged: it is only a number to look at."""
        digests = self._digests(items)
        compiled: dict[str, dict[str, str]] = {"block": {}, "allow": {}}
        for item in items:
            if item.id in digests and item.state.used is not None:
                file = self._store.path(item.state.used.compiled)
                if file.is_file():
                    compiled[item.wanted.kind][item.id] = str(file)
        try:
            unique: dict[str, int] = {}
            for files in compiled.values():
                numbers = await _in_child(list(files.values())) if files else []
                unique |= zip(files, numbers, strict=True)
            self.unique = unique
            self._counted = digests
            await asyncio.to_thread(self._keep)
        except (OSError, SinkholeError) as error:
            self._counted = digests  # not again for these: it would fail again
            log.warning("names that lists have alone were not counted: %s", error)

    def _digests(self, items: Sequence[Item]) -> dict[str, str]:
        return {item.id: item.state.digest for item in items if item.active and item.current}

    def _keep(self) -> None:
        kept = json.dumps({"counted": self._counted, "unique": self.unique})
        draft = self._store.path(f"{FILE_NAME}.new")
        draft.write_text(kept)
        draft.replace(self._store.path(FILE_NAME))


async def _in_child(files: Sequence[str]) -> list[int]:
    command = [sys.executable, "-P", "-m", "sinkhole.control.lists.unique", *files]
    child = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(TIME_LIMIT_S):
            told, _ = await child.communicate()
    except TimeoutError as error:
        raise StorageError(f"not done within {TIME_LIMIT_S:g} s") from error
    finally:
        await end(child)
    if child.returncode != 0:
        raise StorageError(f"the child ended with status {child.returncode}")
    return [int(number) for number in told.split()]
