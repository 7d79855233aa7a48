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

from sinkhole.control.lists.child_processes import compile_list
from sinkhole.control.lists.copies import pack, unpack
from sinkhole.control.lists.progress import Phase, Step, Watch
from sinkhole.control.lists.quarantine import QuarantineCheck
from sinkhole.control.lists.state import KEPT, SubscriptionState, Version
from sinkhole.control.lists.store import ListStore, map_version
from sinkhole.control.lists.subscription import Subscription
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError, StorageError

log = logging.getLogger(__name__)

ROLLED_BACK = "rolled back by hand from this version"


class Versions:
    """Compiles and chooses versions, one compilation at a time. `quarantine` may be replaced."""

    def __init__(
        self, store: ListStore, now: Callable[[], float], quarantine: QuarantineCheck
    ) -> None:
        self.quarantine = quarantine
        self._store = store
        self._now = now
        self._compiling = asyncio.Lock()

    async def take(
        self,
        subscription: Subscription,
        part: Path,
        version: Version,
        state: SubscriptionState,
        watch: Watch,
        *,
        force: bool,
    ) -> bool:
        """Use the version whose copy is in `part`, or hold it back; whether it is in use.

        `force` is a person's consent to whatever would be held against it.
        """
        version, compiled, state = await self._compile(subscription, part, version, state, watch)
        if force:
            state = await asyncio.to_thread(self._consented, state, compiled)
        elif why := await asyncio.to_thread(
            self.quarantine.reason, compiled, subscription.compiled, state.accepted
        ):
            compiled.close()
            await self.commit(subscription, replace(state, held=version, held_because=why))
            return False
        await self._use(subscription, version, compiled, replace(state, held=None, held_because=""))
        return True

    async def restore(self, subscription: Subscription, watch: Watch) -> None:
        """Compile the copy in use once more; ListError if it is of no use."""
        used = subscription.state.used
        assert used is not None  # the caller looked
        source = self._store.path(used.source)
        version, compiled, state = await self._compile(
            subscription, source, used, subscription.state, watch
        )
        state = replace(state, used=version)
        await self.commit(subscription, state)
        subscription.use(compiled, state)

    async def accept(self, subscription: Subscription, watch: Watch) -> None:
        """Use what is held back; ListError when nothing is, or its copy is of no use."""
        held, state = subscription.state.held, subscription.state
        if held is None:
            raise ListError(
                subscription.name, "nothing is held back, so there is nothing to accept"
            )
        try:
            compiled = await asyncio.to_thread(map_version, self._store, subscription, held)
        except ListError:
            source = self._store.path(held.source)
            held, compiled, state = await self._compile(subscription, source, held, state, watch)
        state = await asyncio.to_thread(self._consented, state, compiled)
        state = replace(state, held=None, held_because="")
        await self._use(subscription, held, compiled, state)

    async def roll_back(self, subscription: Subscription, watch: Watch) -> None:
        """Use the version before the one in use, until the source says something new.

        ListError when no older one is kept or it can't be compiled, StorageError when its copy
        is damaged.
        """
        state = subscription.state
        older, leaving = state.older, state.used
        if older is None or leaving is None:
            raise ListError(subscription.name, "no older version is kept")
        part = self._store.part(subscription.id)
        try:
            source = self._store.path(older.source)
            await asyncio.to_thread(unpack, source, part, older.content_hash, older.size_bytes)
            version, compiled, state = await self._compile(subscription, part, older, state, watch)
        finally:
            await asyncio.to_thread(self._store.discard, part)
        if state.held is None:
            # Held back, it keeps its files and is not taken again when the source repeats it.
            state = replace(state, held=leaving, held_because=ROLLED_BACK)
        await self._use(subscription, version, compiled, state)

    async def commit(self, subscription: Subscription, state: SubscriptionState) -> None:
        """Bring a state to the disk; from then on it is what is known of the list."""
        await asyncio.to_thread(self._store.write, subscription.id, state)
        subscription.state = subscription.committed = state
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
    ) -> None:
        previous = await asyncio.to_thread(self._retire, subscription, state, version)
        state = replace(state, used=version, previous=previous, changed=self._now())
        await self.commit(subscription, state)
        subscription.use(compiled, state)

    def _retire(
        self, subscription: Subscription, state: SubscriptionState, new: Version
    ) -> tuple[Version, ...]:
        """The versions to keep besides `new`, newest first; what leaves use is packed."""
        kept = {each.content_hash: each for each in state.previous}
        held = state.held.content_hash if state.held else ""
        old = state.used if state.content_hash != held else None
        if old is not None and (packed := self._packed(subscription, old)):
            kept[old.content_hash] = packed
        kept.pop(new.content_hash, None)
        newest = sorted(kept.values(), key=lambda each: each.since, reverse=True)
        return tuple(newest[: KEPT - 1])

    def _packed(self, subscription: Subscription, version: Version) -> Version | None:
        part = self._store.part(subscription.id)
        try:
            pack(self._store.path(version.source), part)
            name = self._store.keep(part, subscription.id, version.content_hash, "txt.gz")
        except StorageError as error:
            log.warning("list %s: the version before is not kept: %s", subscription.name, error)
            return None
        finally:
            self._store.discard(part)
        return replace(version, source=name, compiled="")

    async def _compile(
        self,
        subscription: Subscription,
        source: Path,
        version: Version,
        state: SubscriptionState,
        watch: Watch,
    ) -> tuple[Version, CompiledList, SubscriptionState]:
        """Compile `source`, a part that becomes a copy or a copy itself; both have names then."""
        watch(Step(subscription.name, Phase.COMPILE, total_bytes=version.size_bytes))
        trie = self._store.part(subscription.id)
        try:
            async with self._compiling:
                began = asyncio.get_running_loop().time()
                await compile_list(subscription.name, source, trie, subscription.kind)
                took = asyncio.get_running_loop().time() - began
            made, compiled = await asyncio.to_thread(
                self._keep, subscription, source, trie, version
            )
        finally:
            await asyncio.to_thread(self._store.discard, trie)
        return made, compiled, replace(state, compile_s=round(took, 3))

    def _keep(
        self, subscription: Subscription, source: Path, trie: Path, version: Version
    ) -> tuple[Version, CompiledList]:
        """Give both files their lasting names, and map the trie as a proof; no state names it."""
        copy = source.name
        if not copy.endswith(".txt"):
            copy = self._store.keep(source, subscription.id, version.content_hash, "txt")
        source = self._store.path(copy)
        compiled = CompiledList.map(trie, subscription.name, subscription.kind, source)
        _refuse_useless(compiled)
        name = self._store.keep(trie, subscription.id, version.content_hash, "trie")
        rules, names = compiled.rules, compiled.names
        return replace(version, source=copy, compiled=name, rules=rules, names=names), compiled


def _refuse_useless(compiled: CompiledList) -> None:
    """Lines of which none is a rule: an error page in plain text, or a list for browsers."""
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
