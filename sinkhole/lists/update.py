"""One list brought up to date, step by step. The order of the steps is the crash safety.

1. the source goes into a part file, checked while it arrives (unchanged: only note the time)
2. the child process compiles that part into another part
3. the trie is mapped, which proves that it can be used; both parts get their lasting names
4. the state that names both is committed by one rename

Whatever fails in 1 to 3 leaves the old copy, trie and mapping in use, and becomes status text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from sinkhole.errors import ListError, SinkholeError
from sinkhole.filter.trie import CompiledList
from sinkhole.lists import local
from sinkhole.lists.compiling import compile_list
from sinkhole.lists.fetch import Fetched, Fetcher, Validators
from sinkhole.lists.intake import Received
from sinkhole.lists.item import Item
from sinkhole.lists.state import State
from sinkhole.lists.steps import Phase, Step, Watch
from sinkhole.lists.store import Store

log = logging.getLogger(__name__)

SHRINK_LIMIT: Final = 0.1
"""A list of less than this part of its last size is more likely broken than tidied."""
_SHRINK_FLOOR: Final = 1024  # bytes; below, a few lines make the difference


class Updater:
    """Brings lists up to date: fetches `AT_ONCE` at a time, compiles one at a time."""

    AT_ONCE: Final = 4

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._now = now
        self._fetching = asyncio.Semaphore(self.AT_ONCE)
        self._compiling = asyncio.Lock()

    async def restore(self, item: Item, watch: Watch) -> bool:
        """Compile the kept copy of a list that can't be mapped; whether it can be now.

        That is the case after an upgrade to another trie format, and must work without network.
        """
        state = item.state
        source = self._store.path(state.source)
        if item.current or not state.source or not source.is_file():
            return False
        try:
            await self._compile(item, source, state, watch)
        except SinkholeError as error:
            log.warning("list %s: the kept copy is of no use: %s", item.name, _reason(error))
            return False
        return True

    async def update(self, item: Item, *, force: bool, watch: Watch) -> bool:
        """Look at the source and take over what is new; whether something was newly mapped.

        Never fails: what goes wrong is noted in the item's state, and the last good copy stays.
        """
        try:
            changed = await self._update(item, force, watch)
        except SinkholeError as error:
            reason = _reason(error)
        except Exception as error:  # a bug in here must not end the schedule of all lists
            log.exception("list %s: unexpected error", item.name)
            reason = f"unexpected error: {error!r}"
        else:
            item.failures = 0
            phase = Phase.CHANGED if changed else Phase.UNCHANGED
            watch(Step(item.name, phase, note=f"{item.names} names"))
            return changed
        await self._note_failure(item, reason)
        watch(Step(item.name, Phase.FAILED, note=reason))
        return False

    async def _update(self, item: Item, force: bool, watch: Watch) -> bool:
        watch(Step(item.name, Phase.FETCH))
        part = self._store.part(item.id)
        try:
            async with self._fetching:
                fetched = await self._obtain(item, part, force, watch)
            now = self._now()
            state = replace(item.state, checked=now, error=None)
            if fetched is None:
                await self._commit(item, state)
                return False
            received, validators = fetched.received, fetched.validators
            state = replace(
                state,
                etag=validators.etag,
                last_modified=validators.last_modified,
                answered_by=validators.answered_by,
            )
            if received.digest == state.digest and item.current:
                await self._commit(item, state)
                return False
            if not force:
                _refuse_shrunk(item, received)
            state = replace(
                state, size_bytes=received.size_bytes, digest=received.digest, changed=now
            )
            await self._compile(item, part, state, watch)
            return True
        finally:
            await asyncio.to_thread(self._store.discard, part)

    async def _obtain(self, item: Item, part: Path, force: bool, watch: Watch) -> Fetched | None:
        """The source's bytes in `part`; None when they are the same as the copy's."""
        state, url = item.state, item.wanted.url
        if force or not item.current:
            known = Validators()
        else:
            known = Validators(state.etag, state.last_modified, state.answered_by)
        if local.is_local(url):
            return await asyncio.to_thread(self._copy, item, part, known)
        return await self._fetcher.fetch(item.name, url, part, known, watch)

    def _copy(self, item: Item, part: Path, known: Validators) -> Fetched | None:
        path = local.find(item.name, item.wanted.url)
        item.tried = local.signature(path)
        if item.tried and item.tried == known.etag:
            return None
        received = local.copy(item.name, path, part, self._fetcher.limits.size_bytes)
        return Fetched(received, Validators(etag=item.tried))

    async def _compile(self, item: Item, source: Path, state: State, watch: Watch) -> None:
        """Compile `source`, keep it and the trie, map the trie, and commit.

        `source` is a part that becomes the copy, or the copy itself.
        """
        watch(Step(item.name, Phase.COMPILE, total_bytes=state.size_bytes))
        trie = self._store.part(item.id)
        try:
            async with self._compiling:
                await compile_list(item.name, source, trie, item.wanted.kind)
            state, compiled = await asyncio.to_thread(self._keep, item, source, trie, state)
        finally:
            await asyncio.to_thread(self._store.discard, trie)
        await self._commit(item, state)
        item.use(compiled, state)

    def _keep(
        self, item: Item, source: Path, trie: Path, state: State
    ) -> tuple[State, CompiledList]:
        """The mapped trie, and the state to commit; the files have their lasting names then."""
        source_name = state.source
        if source != self._store.path(source_name):
            source_name = self._store.keep(source, item.id, state.digest, "txt")
        kept = self._store.path(source_name)
        compiled = CompiledList.map(trie, item.name, item.wanted.kind, kept)
        _refuse_useless(compiled)
        trie_name = self._store.keep(trie, item.id, state.digest, "trie")
        return replace(state, source=source_name, compiled=trie_name), compiled

    async def _commit(self, item: Item, state: State) -> None:
        await asyncio.to_thread(self._store.write, item.id, state)
        item.state = item.committed = state

    async def _note_failure(self, item: Item, reason: str) -> None:
        log.warning("list %s: %s", item.name, reason)
        item.failures += 1
        item.state = replace(item.state, checked=self._now(), error=reason)
        try:
            await self._commit(item, item.state)
        except SinkholeError as error:
            log.warning("list %s: its status can't be kept: %s", item.name, error)


def _refuse_shrunk(item: Item, received: Received) -> None:
    last = item.state.size_bytes
    if last >= _SHRINK_FLOOR and received.size_bytes < last * SHRINK_LIMIT:
        raise ListError(
            item.name,
            f"shrunk from {last} to {received.size_bytes} bytes, so the old copy stays; "
            "`sinkhole lists update --force` accepts it",
        )


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


def _reason(error: SinkholeError) -> str:
    return error.reason if isinstance(error, ListError) else str(error)
