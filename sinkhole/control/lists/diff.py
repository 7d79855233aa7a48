"""What differs between two versions of a list, by names."""

from __future__ import annotations

import asyncio
import tempfile
from itertools import filterfalse
from pathlib import Path
from typing import Final, TypedDict

from sinkhole.control.lists.child_processes import compile_list
from sinkhole.control.lists.copies import unpack
from sinkhole.control.lists.state import Version
from sinkhole.control.lists.store import ListStore, map_version
from sinkhole.control.lists.subscription import Subscription
from sinkhole.dns.filter.compiled.key import readable
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError

SAMPLES: Final = 20


class Side(TypedDict):
    """One of two versions: when it came, and how many names it has."""

    since: float
    names: int


class Difference(TypedDict):
    """From `old` to `new`, ready for JSON; of each kind of change some names, in order.

    `new_is` is "in use", or "held back" with `old` then being what is in use.
    """

    name: str
    old: Side
    new: Side
    new_is: str
    added: int
    removed: int
    added_samples: list[str]
    removed_samples: list[str]


async def difference(
    store: ListStore, subscription: Subscription, most: int = SAMPLES
) -> Difference:
    """What is held back against what is in use, else what is in use against the version before.

    ListError when there are no two versions to compare, StorageError for a damaged copy. Waits
    for the compiler where a version is not kept compiled; leaves nothing behind.
    """
    name, state = subscription.name, subscription.state
    used, compiled = state.used, subscription.compiled
    if used is None or compiled is None:
        raise ListError(name, "no version is in use, so there is nothing to compare with")
    if state.held is not None:
        new = await asyncio.to_thread(map_version, store, subscription, state.held)
        return await asyncio.to_thread(
            _compared, name, (used, compiled), (state.held, new), "held back", most
        )
    if state.older is None:
        raise ListError(name, "no older version is kept, so there is nothing to compare with")
    with tempfile.TemporaryDirectory(prefix="sinkhole-") as folder:
        old = await _compiled_again(store, subscription, state.older, Path(folder))
        return await asyncio.to_thread(
            _compared, name, (state.older, old), (used, compiled), "in use", most
        )


def compare(old: CompiledList, new: CompiledList, most: int) -> tuple[int, list[str]]:
    """How many names `new` has that `old` has not, and up to `most` of them, in order."""
    count = 0
    samples: list[str] = []
    for key in filterfalse(old.has_key, new.all_keys()):
        count += 1
        if len(samples) < most:
            samples.append(readable(key))
    return count, sorted(samples)


def _compared(
    name: str,
    old: tuple[Version, CompiledList],
    new: tuple[Version, CompiledList],
    new_is: str,
    most: int,
) -> Difference:
    added, added_samples = compare(old[1], new[1], most)
    removed, removed_samples = compare(new[1], old[1], most)
    return {
        "name": name,
        "old": {"since": old[0].since, "names": old[1].names},
        "new": {"since": new[0].since, "names": new[1].names},
        "new_is": new_is,
        "added": added,
        "removed": removed,
        "added_samples": added_samples,
        "removed_samples": removed_samples,
    }


async def _compiled_again(
    store: ListStore, subscription: Subscription, version: Version, folder: Path
) -> CompiledList:
    name, kind = subscription.name, subscription.kind
    plain, trie = folder / "list.txt", folder / "list.trie"
    source = store.path(version.source)
    await asyncio.to_thread(unpack, source, plain, version.content_hash, version.size_bytes)
    await compile_list(name, plain, trie, kind)
    return await asyncio.to_thread(CompiledList.map, trie, name, kind)
