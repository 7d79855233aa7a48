"""One list brought up to date, step by step. The order of the steps is the crash safety.

1. the source goes into a part file, checked while it arrives (unchanged: only note the time)
2. the child process compiles that part into another part
3. the trie is mapped, which proves that it can be used; both parts get their lasting names
4. the guard judges it: fit for use, or to be held back
5. the state that names both is committed by one rename

Whatever fails in 1 to 3 leaves the old copy, trie and mapping in use, and becomes status text.
Steps 2 to 5 are in `versions`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from sinkhole.control.lists import local
from sinkhole.control.lists.fetch import Fetched, Fetcher, Validators
from sinkhole.control.lists.intake import Received
from sinkhole.control.lists.item import Item
from sinkhole.control.lists.state import State, Version
from sinkhole.control.lists.steps import Phase, Step, Watch
from sinkhole.control.lists.store import Store
from sinkhole.control.lists.versions import Versions
from sinkhole.model.errors import ListError, SinkholeError

log = logging.getLogger(__name__)


class Updater:
    """Brings lists up to date: fetches `AT_ONCE` at a time, compiles one at a time."""

    AT_ONCE: Final = 4

    def __init__(
        self, store: Store, fetcher: Fetcher, versions: Versions, now: Callable[[], float]
    ) -> None:
        self.versions = versions
        self._store = store
        self.fetcher = fetcher
        self._now = now
        self._fetching = asyncio.Semaphore(self.AT_ONCE)

    async def restore(self, item: Item, watch: Watch) -> bool:
        """Compile the kept copy of a list that can't be mapped; whether it can be now.

        That is the case after an upgrade to another trie format, and must work without network.
        """
        used = item.state.used
        if item.current or used is None or not self._store.path(used.source).is_file():
            return False
        try:
            await self.versions.restore(item, watch)
        except SinkholeError as error:
            log.warning("list %s: the kept copy is of no use: %s", item.name, _reason(error))
            return False
        return True

    async def update(self, item: Item, *, force: bool, watch: Watch) -> bool:
        """Look at the source and take over what is new; whether something was newly mapped.

        Never fails: what goes wrong is noted in the item's state, and the last good copy stays.
        """
        try:
            end = await self._update(item, force, watch)
        except SinkholeError as error:
            reason = _reason(error)
        except OSError as error:  # of the disk; those of the network are ListErrors by now
            reason = f"{self._store.folder}: {error.strerror or error}"
        except Exception as error:  # a bug in here must not end the schedule of all lists
            log.exception("list %s: unexpected error", item.name)
            reason = f"unexpected error: {error!r}"
        else:
            item.failures = 0
            watch(end)
            return end.phase is Phase.CHANGED
        await self._note_failure(item, reason)
        watch(Step(item.name, Phase.FAILED, note=reason))
        return False

    async def _update(self, item: Item, force: bool, watch: Watch) -> Step:
        """Fetch, and take what is new; the step it ended with."""
        watch(Step(item.name, Phase.FETCH))
        part = self._store.part(item.id)
        try:
            async with self._fetching:
                began = asyncio.get_running_loop().time()
                fetched = await self._obtain(item, part, force, watch)
                took = asyncio.get_running_loop().time() - began
            state = replace(item.state, checked=self._now(), error=None)
            if fetched is None:
                await self.versions.commit(item, state)
                return _unchanged(item)
            received, validators = fetched.received, fetched.validators
            state = replace(
                state,
                etag=validators.etag,
                last_modified=validators.last_modified,
                answered_by=validators.answered_by,
                fetch_s=round(took, 3),
            )
            return await self._take(item, part, received, state, force, watch)
        finally:
            await asyncio.to_thread(self._store.discard, part)

    async def _take(
        self, item: Item, part: Path, received: Received, state: State, force: bool, watch: Watch
    ) -> Step:
        """Take what has come, if it is news; the step it ended with."""
        if received.digest == state.digest and item.current:
            # The source says again what is in use, so nothing is left to hold back.
            await self.versions.commit(item, replace(state, held=None, held_because=""))
            return _unchanged(item)
        if state.held and received.digest == state.held.digest and not force:
            await self.versions.commit(item, state)
            return _unchanged(item)
        version = Version(received.digest, "", size_bytes=received.size_bytes, since=self._now())
        if await self.versions.take(item, part, version, state, watch, force=force):
            return Step(item.name, Phase.CHANGED, note=f"{item.names} names")
        log.warning("list %s: held back: %s", item.name, item.state.held_because)
        return Step(item.name, Phase.HELD, note=item.state.held_because)

    async def _obtain(self, item: Item, part: Path, force: bool, watch: Watch) -> Fetched | None:
        """The source's bytes in `part`; None when they are the same as at the last look."""
        state, url = item.state, item.wanted.url
        if force or not item.settled:
            known = Validators()
        else:
            known = Validators(state.etag, state.last_modified, state.answered_by)
        if local.is_local(url):
            return await asyncio.to_thread(self._copy, item, part, known)
        return await self.fetcher.fetch(item.name, url, part, known, watch)

    def _copy(self, item: Item, part: Path, known: Validators) -> Fetched | None:
        path = local.find(item.name, item.wanted.url)
        item.tried = local.signature(path)
        if item.tried and item.tried == known.etag:
            return None
        received = local.copy(item.name, path, part, self.fetcher.limits.size_bytes)
        return Fetched(received, Validators(etag=item.tried))

    async def _note_failure(self, item: Item, reason: str) -> None:
        log.warning("list %s: %s", item.name, reason)
        item.failures += 1
        item.state = replace(item.state, checked=self._now(), error=reason)
        try:
            await self.versions.commit(item, item.state)
        except SinkholeError as error:
            log.warning("list %s: its status can't be kept: %s", item.name, error)


def _unchanged(item: Item) -> Step:
    """The end of a look that found nothing new; what is held back is said every time."""
    if item.state.held is not None:
        return Step(item.name, Phase.HELD, note=item.state.held_because)
    return Step(item.name, Phase.UNCHANGED, note=f"{item.names} names")


def _reason(error: SinkholeError) -> str:
    return error.reason if isinstance(error, ListError) else str(error)
