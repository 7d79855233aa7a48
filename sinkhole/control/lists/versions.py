"""Which version of a list is in use: new ones taken or held back, older ones brought back.

A version is compiled before it is judged, and judged before it is used. One rename of the state
says which versions there are and which is in use, so a crash leaves the old order or the new one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sinkhole.control.lists.compiling import compile_list
from sinkhole.control.lists.guard import Guard
from sinkhole.control.lists.item import Item
from sinkhole.control.lists.packed import pack, unpack
from sinkhole.control.lists.state import KEPT, State, Version
from sinkhole.control.lists.steps import Phase, Step, Watch
from sinkhole.control.lists.store import Store, map_version
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError, StorageError

log = logging.getLogger(__name__)

ROLLED_BACK = "rolled back by hand from this version"


class Versions:
    """Compiles and chooses versions, one compilation at a time. `guard` may be replaced."""

    def __init__(self, store: Store, now: Callable[[], float], guard: Guard) -> None:
        self.guard = guard
        self._store = store
        self._now = now
        self._compiling = asyncio.Lock()

    async def take(
        self, item: Item, part: Path, version: Version, state: State, watch: Watch, *, force: bool
    ) -> bool:
        """Use the version whose copy is in `part`, or hold it back; whether it is in use.

        `force` is a person's consent to whatever the guard would hold against it.
        """
        version, compiled, state = await self._compile(item, part, version, state, watch)
        if force:
            state = self._consented(state, compiled)
        elif why := self.guard.suspicion(compiled, item.compiled, state.accepted):
            compiled.close()
            await self.commit(item, replace(state, held=version, held_because=why))
            return False
        await self._use(item, version, compiled, replace(state, held=None, held_because=""))
        return True

    async def restore(self, item: Item, watch: Watch) -> None:
        """Compile the copy in use once more; ListError if it is of no use."""
        used = item.state.used
        assert used is not None  # the caller looked
        source = self._store.path(used.source)
        version, compiled, state = await self._compile(item, source, used, item.state, watch)
        state = replace(state, used=version)
        await self.commit(item, state)
        item.use(compiled, state)

    async def accept(self, item: Item, watch: Watch) -> None:
        """Use what is held back; ListError when nothing is, or its copy is of no use."""
        held, state = item.state.held, item.state
        if held is None:
            raise ListError(item.name, "nothing is held back, so there is nothing to accept")
        try:
            compiled = await asyncio.to_thread(map_version, self._store, item, held)
        except ListError:
            source = self._store.path(held.source)
            held, compiled, state = await self._compile(item, source, held, state, watch)
        state = replace(self._consented(state, compiled), held=None, held_because="")
        await self._use(item, held, compiled, state)

    async def roll_back(self, item: Item, watch: Watch) -> None:
        """Use the version before the one in use, until the source says something new.

        ListError when no older one is kept or it can't be compiled, StorageError when its copy
        is damaged.
        """
        state = item.state
        older, leaving = state.older, state.used
        if older is None or leaving is None:
            raise ListError(item.name, "no older version is kept")
        part = self._store.part(item.id)
        try:
            source = self._store.path(older.source)
            await asyncio.to_thread(unpack, source, part, older.digest, older.size_bytes)
            version, compiled, state = await self._compile(item, part, older, state, watch)
        finally:
            await asyncio.to_thread(self._store.discard, part)
        if state.held is None:
            # Held back, it keeps its files and is not taken again when the source repeats it.
            state = replace(state, held=leaving, held_because=ROLLED_BACK)
        await self._use(item, version, compiled, state)

    async def commit(self, item: Item, state: State) -> None:
        """Bring a state to the disk; from then on it is the item's."""
        await asyncio.to_thread(self._store.write, item.id, state)
        item.state = item.committed = state
        item.disk_bytes = await asyncio.to_thread(self._store.size_bytes, state)

    def _consented(self, state: State, compiled: CompiledList) -> State:
        blocked = self.guard.blocked_canaries(compiled)
        return replace(state, accepted=tuple(sorted({*state.accepted, *blocked})))

    async def _use(
        self, item: Item, version: Version, compiled: CompiledList, state: State
    ) -> None:
        previous = await asyncio.to_thread(self._retire, item, state, version)
        state = replace(state, used=version, previous=previous, changed=self._now())
        await self.commit(item, state)
        item.use(compiled, state)

    def _retire(self, item: Item, state: State, new: Version) -> tuple[Version, ...]:
        """The versions to keep besides `new`, newest first; what leaves use is packed."""
        kept = {each.digest: each for each in state.previous}
        held = state.held.digest if state.held else ""
        old = state.used if state.digest != held else None
        if old is not None and (packed := self._packed(item, old)):
            kept[old.digest] = packed
        kept.pop(new.digest, None)
        newest = sorted(kept.values(), key=lambda each: each.since, reverse=True)
        return tuple(newest[: KEPT - 1])

    def _packed(self, item: Item, version: Version) -> Version | None:
        part = self._store.part(item.id)
        try:
            pack(self._store.path(version.source), part)
            name = self._store.keep(part, item.id, version.digest, "txt.gz")
        except StorageError as error:
            log.warning("list %s: the version before is not kept: %s", item.name, error)
            return None
        finally:
            self._store.discard(part)
        return replace(version, source=name, compiled="")

    async def _compile(
        self, item: Item, source: Path, version: Version, state: State, watch: Watch
    ) -> tuple[Version, CompiledList, State]:
        """Compile `source`, a part that becomes a copy or a copy itself; both have names then."""
        watch(Step(item.name, Phase.COMPILE, total_bytes=version.size_bytes))
        trie = self._store.part(item.id)
        try:
            async with self._compiling:
                began = asyncio.get_running_loop().time()
                await compile_list(item.name, source, trie, item.wanted.kind)
                took = asyncio.get_running_loop().time() - began
            made, compiled = await asyncio.to_thread(self._keep, item, source, trie, version)
        finally:
            await asyncio.to_thread(self._store.discard, trie)
        return made, compiled, replace(state, compile_s=round(took, 3))

    def _keep(
        self, item: Item, source: Path, trie: Path, version: Version
    ) -> tuple[Version, CompiledList]:
        """Give both files their lasting names, and map the trie as a proof; no state names it."""
        copy = source.name
        if not copy.endswith(".txt"):
            copy = self._store.keep(source, item.id, version.digest, "txt")
        compiled = CompiledList.map(trie, item.name, item.wanted.kind, self._store.path(copy))
        _refuse_useless(compiled)
        name = self._store.keep(trie, item.id, version.digest, "trie")
        rules, names = compiled.rules, compiled.names
        return replace(version, source=copy, compiled=name, rules=rules, names=names), compiled


def _refuse_useless(compiled: CompiledList) -> None:
    """A server's error page in plain text is not empty, but nothing in it is a rule."""
    report = compiled.report
    if report.refused and not report.rules:
        sample = report.samples[0]
        raise ListError(
            compiled.name,
            f"none of its lines is a rule, such as line {sample.line}, "
            f"{sample.text!r}: {sample.reason}",
        )
