"""One list brought up to date, step by step. The order of the steps is the crash safety.

1. the source goes into a part file, checked while it arrives (unchanged: only note the time)
2. the child process compiles that part into another part
3. the trie is mapped, which proves that it can be used; both parts get their lasting names
4. it is judged: fit for use, or to be held back
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
from sinkhole.control.lists.copies import Received
from sinkhole.control.lists.fetch import Fetched, Fetcher, Validators
from sinkhole.control.lists.progress import Phase, Step, Watch
from sinkhole.control.lists.state import SubscriptionState, Version
from sinkhole.control.lists.store import ListStore
from sinkhole.control.lists.subscription import Subscription
from sinkhole.control.lists.versions import Versions
from sinkhole.model.errors import ListError, SinkholeError
from sinkhole.model.masking import masked

log = logging.getLogger(__name__)


class Updater:
    """Brings lists up to date: fetches `AT_ONCE` at a time, compiles one at a time."""

    AT_ONCE: Final = 4

    def __init__(
        self, store: ListStore, fetcher: Fetcher, versions: Versions, now: Callable[[], float]
    ) -> None:
        self.versions = versions
        self._store = store
        self.fetcher = fetcher
        self._now = now
        self._fetching = asyncio.Semaphore(self.AT_ONCE)

    async def restore(self, subscription: Subscription, watch: Watch) -> bool:
        """Compile the kept copy of a list that can't be mapped; whether it can be now.

        That is the case after an upgrade to another trie format, and must work without network.
        """
        used = subscription.state.used
        if subscription.current or used is None or not self._store.path(used.source).is_file():
            return False
        try:
            await self.versions.restore(subscription, watch)
        except SinkholeError as error:
            log.warning(
                "list %s: the kept copy is of no use: %s", subscription.name, _reason(error)
            )
            return False
        return True

    async def update(self, subscription: Subscription, *, force: bool, watch: Watch) -> bool:
        """Look at the source and take over what is new; whether something was newly mapped.

        Never fails: what goes wrong is noted in the list's state, and the last good copy stays.
        """
        try:
            end = await self._update(subscription, force, watch)
        except SinkholeError as error:
            reason = _reason(error)
        except OSError as error:  # of the disk; those of the network are ListErrors by now
            reason = f"{self._store.folder}: {error.strerror or error}"
        except Exception as error:  # a bug in here must not end the schedule of all lists
            log.exception("list %s: unexpected error", subscription.name)
            reason = f"unexpected error: {error!r}"
        else:
            subscription.failures = 0
            watch(end)
            return end.phase is Phase.CHANGED
        reason = masked(reason)  # it is kept, logged and shown
        await self._note_failure(subscription, reason)
        watch(Step(subscription.name, Phase.FAILED, note=reason))
        return False

    async def _update(self, subscription: Subscription, force: bool, watch: Watch) -> Step:
        """Fetch, and take what is new; the step it ended with."""
        watch(Step(subscription.name, Phase.FETCH))
        part = self._store.part(subscription.id)
        try:
            async with self._fetching:
                began = asyncio.get_running_loop().time()
                fetched = await self._obtain(subscription, part, force, watch)
                took = asyncio.get_running_loop().time() - began
            state = replace(subscription.state, checked=self._now(), error=None)
            if fetched is None:
                await self.versions.commit(subscription, state)
                return _unchanged(subscription)
            received, validators = fetched.received, fetched.validators
            state = replace(
                state,
                etag=validators.etag,
                last_modified=validators.last_modified,
                answered_by=validators.answered_by,
                fetch_s=round(took, 3),
            )
            return await self._take(subscription, part, received, state, force, watch)
        finally:
            await asyncio.to_thread(self._store.discard, part)

    async def _take(
        self,
        subscription: Subscription,
        part: Path,
        received: Received,
        state: SubscriptionState,
        force: bool,
        watch: Watch,
    ) -> Step:
        """Take what has come, if it is news; the step it ended with."""
        if received.content_hash == state.content_hash and subscription.current:
            # The source says again what is in use, so nothing is left to hold back.
            await self.versions.commit(subscription, replace(state, held=None, held_because=""))
            return _unchanged(subscription)
        if state.held and received.content_hash == state.held.content_hash and not force:
            await self.versions.commit(subscription, state)
            return _unchanged(subscription)
        version = Version(
            received.content_hash, "", size_bytes=received.size_bytes, since=self._now()
        )
        if await self.versions.take(subscription, part, version, state, watch, force=force):
            return Step(subscription.name, Phase.CHANGED, note=f"{subscription.names} names")
        log.warning("list %s: held back: %s", subscription.name, subscription.state.held_because)
        return Step(subscription.name, Phase.HELD, note=subscription.state.held_because)

    async def _obtain(
        self, subscription: Subscription, part: Path, force: bool, watch: Watch
    ) -> Fetched | None:
        """The source's bytes in `part`; None when they are the same as at the last look."""
        state, url = subscription.state, subscription.settings.url
        if force or not subscription.settled:
            known = Validators()
        else:
            known = Validators(state.etag, state.last_modified, state.answered_by)
        if local.is_local(url):
            return await asyncio.to_thread(self._copy, subscription, part, known)
        return await self.fetcher.fetch(subscription.name, url, part, known, watch)

    def _copy(self, subscription: Subscription, part: Path, known: Validators) -> Fetched | None:
        path = local.find(subscription.name, subscription.settings.url)
        subscription.tried = local.signature(path)
        if subscription.tried and subscription.tried == known.etag:
            return None
        received = local.copy(subscription.name, path, part, self.fetcher.limits.size_bytes)
        return Fetched(received, Validators(etag=subscription.tried))

    async def _note_failure(self, subscription: Subscription, reason: str) -> None:
        log.warning("list %s: %s", subscription.name, reason)
        subscription.failures += 1
        subscription.state = replace(subscription.state, checked=self._now(), error=reason)
        try:
            await self.versions.commit(subscription, subscription.state)
        except SinkholeError as error:
            log.warning("list %s: its status can't be kept: %s", subscription.name, error)


def _unchanged(subscription: Subscription) -> Step:
    """The end of a look that found nothing new; what is held back is said every time."""
    if subscription.state.held is not None:
        return Step(subscription.name, Phase.HELD, note=subscription.state.held_because)
    return Step(subscription.name, Phase.UNCHANGED, note=f"{subscription.names} names")


def _reason(error: SinkholeError) -> str:
    return error.reason if isinstance(error, ListError) else str(error)
