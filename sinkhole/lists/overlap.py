"""How many names of each list no other list has, counted in a child process.

Every name is looked up in the other lists of its kind, which takes seconds of pure CPU for
millions of names: far too long for the event loop. The child maps the compiled files, so its
memory stays small. What it found is kept, and counted again when a list has changed.

    python -m sinkhole.lists.overlap     reads [[id, file, kind], …], prints {id: names}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from sinkhole.errors import SinkholeError, StorageError
from sinkhole.filter.line import Kind
from sinkhole.filter.trie import CompiledList
from sinkhole.lists.item import Item
from sinkhole.lists.store import Store

log = logging.getLogger(__name__)

FILE_NAME: Final = "unique.json"
TIME_LIMIT_S: Final = 900.0


class Names(Protocol):
    """What is needed of a compiled list."""

    @property
    def names(self) -> int: ...

    def keys(self) -> Iterator[bytes]:
        """Everything stored."""

    def find(self, key: bytes, /) -> int:
        """Not 0 when the list covers all that a stored key stands for."""


def count_unique(lists: Mapping[str, Names]) -> dict[str, int]:
    """How many names of each list no other of `lists` covers."""
    unique = {}
    by_size = sorted(lists.items(), key=lambda each: -each[1].names)
    for own, listed in lists.items():
        # The largest first: where a name is found, the rest need not be asked.
        others = [each.find for name, each in by_size if name != own]
        keys = listed.keys()
        unique[own] = sum(not any(find(key) for find in others) for key in keys)
    return unique


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
        request = [
            [item.id, str(self._store.path(item.state.used.compiled)), item.wanted.kind]
            for item in items
            if item.id in digests and item.state.used is not None
        ]
        try:
            self.unique = await _in_child(request)
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


async def _in_child(request: list[list[str]]) -> dict[str, int]:
    command = [sys.executable, "-P", "-m", "sinkhole.lists.overlap"]
    child = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    try:
        async with asyncio.timeout(TIME_LIMIT_S):
            told, _ = await child.communicate(json.dumps(request).encode())
    except TimeoutError as error:
        raise StorageError(f"not done within {TIME_LIMIT_S:g} s") from error
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended this moment
                child.kill()
            await child.wait()
    if child.returncode != 0:
        raise StorageError(f"the child ended with status {child.returncode}")
    found: dict[str, int] = json.loads(told)
    return found


def main() -> None:
    """The program: lists that can't be mapped are left out."""
    kinds: dict[Kind, dict[str, CompiledList]] = {"block": {}, "allow": {}}
    for own, path, kind in json.load(sys.stdin):
        with contextlib.suppress(SinkholeError):
            kinds[kind][own] = CompiledList.map(Path(path), own, kind)
    print(
        json.dumps({own: n for lists in kinds.values() for own, n in count_unique(lists).items()})
    )


if __name__ == "__main__":
    with contextlib.suppress(OSError):  # where it can't be lowered, it runs all the same
        os.nice(10)
    main()
