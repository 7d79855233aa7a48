"""Which version of a list is in use: new ones taken or held back, older ones brought back.

A version is compiled before it is judged, and judged before it is used. One rename of the state
says which versions there are and which is in use, so a crash leaves the old order or the new one.

Compiling takes seconds, so it is done in a workplace and under a lock of its own. The lock of all
lists is held for what follows: whether the state is still what it was, judging, committing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sinkhole.control.lists.child_processes import compile_list
from sinkhole.control.lists.copies import pack, unpack
from sinkhole.control.lists.progress import Phase, Step, Watch
from sinkhole.control.lists.quarantine import QuarantineCheck
from sinkhole.control.lists.state import KEPT, SubscriptionState, Version
from sinkhole.control.lists.store import ListStore, map_version
from sinkhole.control.lists.subscription import Subscription
from sinkhole.control.lists.workplace import Workplace
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError, StorageError

log = logging.getLogger(__name__)

ROLLED_BACK = "rolled back by hand from this version"
_MEANWHILE = "another version was put in use meanwhile; try again"

Exclusively = Callable[[], AbstractAsyncContextManager[None]]
"""Holds the lock of all lists, with what others have committed taken over."""


class Made(NamedTuple):
    """A version that was compiled and mapped as a proof; no state names it yet.

    `source` is a part that becomes the copy, or the copy itself; `trie` is a part.
    """

    version: Version
    source: Path
    trie: Path
    compiled: CompiledList
    compile_s: float


class Versions:
    """Compiles and chooses versions, one compilation at a time. `quarantine` may be replaced."""

    def __init__(
        self,
        store: ListStore,
        now: Callable[[], float],
        quarantine: QuarantineCheck,
        exclusively: Exclusively,
    ) -> None:
        self.quarantine = quarantine
        self.exclusively = exclusively
        self._store = store
        self._now = now
        self._compiling = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def compiling(self) -> AsyncIterator[None]:
        """Be the only one that compiles, here and in other processes; for `compile`."""
        async with self._compiling, self._store.compiling():
            yield

    async def compile(
        self,
        subscription: Subscription,
        source: Path,
        version: Version,
        work: Workplace,
        watch: Watch,
    ) -> Made:
        """Compile `source` in `work`, and prove that it can be used; ListError if it can't.

        Only within `compiling`.
        """
        watch(Step(subscription.name, Phase.COMPILE, total_bytes=version.size_bytes))
        trie = work.part()
        began = asyncio.get_running_loop().time()
        await compile_list(subscription.name, source, trie, subscription.kind)
        took = asyncio.get_running_loop().time() - began
        copy = self._store.name(subscription.id, version.content_hash, "txt")
        compiled = await asyncio.to_thread(
            CompiledList.map, trie, subscription.name, subscription.kind, self._store.path(copy)
        )
        _refuse_useless(compiled, may_be_empty=subscription.is_local)
        version = replace(version, rules=compiled.rules, names=compiled.names)
        return Made(version, source, trie, compiled, round(took, 3))

    async def take(
        self,
        subscription: Subscription,
        made: Made,
        state: SubscriptionState,
        work: Workplace,
        *,
        force: bool,
    ) -> bool:
        """Use a version, or hold it back; whether it is in use. Only under the lock of all lists.

        `force` is a person's consent to whatever would be held against it.
        """
        state = replace(state, compile_s=made.compile_s)
        if force:
            state = await asyncio.to_thread(self._consented, state, made.compiled)
        elif why := await asyncio.to_thread(
            self.quarantine.reason, made.compiled, subscription.compiled, state.accepted
        ):
            version = await asyncio.to_thread(self._keep, subscription, made)
            made.compiled.close()
            await self.commit(subscription, replace(state, held=version, held_because=why))
            return False
        state = replace(state, held=None, held_because="")
        version = await asyncio.to_thread(self._keep, subscription, made)
        await self._use(subscription, version, made.compiled, state, work)
        return True

    async def restore(self, subscription: Subscription, work: Workplace, watch: Watch) -> None:
        """Compile the copy in use once more; ListError if it is of no use."""
        async with self.compiling():
            used = subscription.state.used
            if used is None or not subscription.wants_compiling:
                return  # somebody else was quicker
            source = self._store.path(used.source)
            made = await self.compile(subscription, source, used, work, watch)
            async with self.exclusively():
                if subscription.state.used == used:
                    await self._take_again(subscription, made)

    async def _take_again(self, subscription: Subscription, made: Made) -> None:
        version = await asyncio.to_thread(self._keep, subscription, made)
        state = replace(subscription.state, used=version, compile_s=made.compile_s)
        # Of a list whose status could not be read nobody knows whether it was held back.
        unsure = subscription.trouble and subscription.compiled is None
        if unsure and (why := await asyncio.to_thread(self.quarantine.reason, made.compiled, None)):
            made.compiled.close()
            state = replace(state, used=None, held=version, held_because=why)
            await self.commit(subscription, state)
            return
        await self.commit(subscription, state)
        subscription.use(made.compiled, state)

    async def accept(self, subscription: Subscription, work: Workplace, watch: Watch) -> None:
        """Use what is held back; ListError when nothing is, or its copy is of no use."""
        async with self.exclusively():
            held = subscription.state.held
            if held is None:
                raise ListError(
                    subscription.name, "nothing is held back, so there is nothing to accept"
                )
            with contextlib.suppress(ListError):  # then it is compiled again
                compiled = await asyncio.to_thread(map_version, self._store, subscription, held)
                await self._accept(subscription, held, compiled, work)
                return
        async with self.compiling():
            source = self._store.path(held.source)
            made = await self.compile(subscription, source, held, work, watch)
            async with self.exclusively():
                if subscription.state.held != held:
                    raise ListError(subscription.name, _MEANWHILE)
                version = await asyncio.to_thread(self._keep, subscription, made)
                await self._accept(subscription, version, made.compiled, work)

    async def _accept(
        self,
        subscription: Subscription,
        version: Version,
        compiled: CompiledList,
        work: Workplace,
    ) -> None:
        state = await asyncio.to_thread(self._consented, subscription.state, compiled)
        state = replace(state, held=None, held_because="")
        await self._use(subscription, version, compiled, state, work)

    async def roll_back(self, subscription: Subscription, work: Workplace, watch: Watch) -> None:
        """Use the version before the one in use, until the source says something new.

        ListError when no older one is kept or it can't be compiled, StorageError when its copy
        is damaged.
        """
        older, leaving = subscription.state.older, subscription.state.used
        if older is None or leaving is None:
            raise ListError(subscription.name, "no older version is kept")
        source, part = self._store.path(older.source), work.part()
        await asyncio.to_thread(unpack, source, part, older.content_hash, older.size_bytes)
        async with self.compiling():
            made = await self.compile(subscription, part, older, work, watch)
            async with self.exclusively():
                state = replace(subscription.state, compile_s=made.compile_s)
                if (state.older, state.used) != (older, leaving):
                    raise ListError(subscription.name, _MEANWHILE)
                if state.held is None:
                    # Held back, it keeps its files and is not taken when the source repeats it.
                    state = replace(state, held=leaving, held_because=ROLLED_BACK)
                version = await asyncio.to_thread(self._keep, subscription, made)
                await self._use(subscription, version, made.compiled, state, work)

    async def commit(self, subscription: Subscription, state: SubscriptionState) -> None:
        """Bring a state to the disk; from then on it is what is known of the list.

        Only under the lock of all lists.
        """
        await asyncio.to_thread(self._store.write, subscription.id, state)
        subscription.state = subscription.committed = state
        subscription.trouble = ""
        subscription.disk_bytes = await asyncio.to_thread(self._store.size_bytes, state)

    def _consented(self, state: SubscriptionState, compiled: CompiledList) -> SubscriptionState:
        blocked = self.quarantine.blocked(compiled)
        return replace(state, accepted=tuple(sorted({*state.accepted, *blocked})))

    async def _use(
        self,
        subscription: Subscription,
        version: Version,
        compiled: CompiledList,
        state: SubscriptionState,
        work: Workplace,
    ) -> None:
        previous = await asyncio.to_thread(self._retire, subscription, state, version, work)
        state = replace(state, used=version, previous=previous, changed=self._now())
        await self.commit(subscription, state)
        subscription.use(compiled, state)

    def _retire(
        self, subscription: Subscription, state: SubscriptionState, new: Version, work: Workplace
    ) -> tuple[Version, ...]:
        """The versions to keep besides `new`, newest first; what leaves use is packed."""
        kept = {each.content_hash: each for each in state.previous}
        held = state.held.content_hash if state.held else ""
        old = state.used if state.content_hash != held else None
        if old is not None and (packed := self._packed(subscription, old, work)):
            kept[old.content_hash] = packed
        kept.pop(new.content_hash, None)
        newest = sorted(kept.values(), key=lambda each: each.since, reverse=True)
        return tuple(newest[: KEPT - 1])

    def _packed(
        self, subscription: Subscription, version: Version, work: Workplace
    ) -> Version | None:
        part = work.part()
        try:
            pack(self._store.path(version.source), part)
            name = self._store.keep(part, subscription.id, version.content_hash, "txt.gz")
        except StorageError as error:
            log.warning("list %s: the version before is not kept: %s", subscription.name, error)
            return None
        return replace(version, source=name, compiled="")

    def _keep(self, subscription: Subscription, made: Made) -> Version:
        """Give the files of a version their lasting names; no state names them yet."""
        list_id, version = subscription.id, made.version
        copy = made.source.name
        if made.source.parent != self._store.folder:
            copy = self._store.keep(made.source, list_id, version.content_hash, "txt")
        trie = self._store.keep(made.trie, list_id, version.content_hash, "trie")
        made.compiled.moved_to(self._store.path(trie))
        return replace(version, source=copy, compiled=trie)


def _refuse_useless(compiled: CompiledList, *, may_be_empty: bool) -> None:
    """Lines of which none is a rule: an error page in plain text, or a list for browsers.

    Nothing but comments is taken from a file of this machine, as somebody emptied it on purpose.
    """
    report = compiled.report
    if report.rules:
        return
    if report.refused:
        sample = report.samples[0]
        raise ListError(
            compiled.name,
            f"none of its lines is a rule, such as line {sample.line}, "
            f"{sample.text!r}: {sample.reason}",
        )
    if report.ignored:
        reason = max(report.ignored_reasons, key=report.ignored_reasons.__getitem__)
        raise ListError(
            compiled.name,
            f"none of its lines is a rule for DNS; {report.ignored} are ignored, mostly: {reason}",
        )
    if not may_be_empty:
        raise ListError(compiled.name, "it has no rule, only comments")
