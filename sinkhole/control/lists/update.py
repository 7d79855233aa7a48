"""One list brought up to date, step by step. The order of the steps is the crash safety.

1. the source goes into a part file, checked while it arrives (unchanged: only note the time);
   or what another sinkhole has found there lately does, see `exchange`
2. the child process compiles that part into another part
3. the trie is mapped, which proves that it can be used
4. it is judged: fit for use, or to be held back; and both parts get their lasting names
5. the state that names both is committed by one rename

Whatever fails in 1 to 3 leaves the old copy, trie and mapping in use, and becomes status text.
Steps 2 to 5 are in `versions`. No lock is held for 1, one that only compilers want for 2 and 3,
and the lock of all lists for 4 and 5 and whenever a state is written. What was known before such a
lock was had may be outdated: another process may have brought the same list up to date.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from sinkhole.control.lists import local
from sinkhole.control.lists.copies import Received
from sinkhole.control.lists.exchange import Exchange, Turn
from sinkhole.control.lists.fetch import Fetched, Fetcher, Validators
from sinkhole.control.lists.offers import Offer
from sinkhole.control.lists.progress import Phase, Step, Watch
from sinkhole.control.lists.state import SubscriptionState, Version
from sinkhole.control.lists.store import ListStore
from sinkhole.control.lists.subscription import Look, Subscription
from sinkhole.control.lists.versions import Versions
from sinkhole.control.lists.workplace import Workplace
from sinkhole.model.errors import ListError, SinkholeError
from sinkhole.model.masking import masked

log = logging.getLogger(__name__)

ANOTHERS_TURN_S: Final = 1.0
"""How often it is looked whether another sinkhole has fetched a list."""


class Updater:
    """Brings lists up to date: fetches `AT_ONCE` at a time, compiles one at a time."""

    AT_ONCE: Final = 4

    def __init__(
        self,
        store: ListStore,
        fetcher: Fetcher,
        versions: Versions,
        now: Callable[[], float],
        exchange: Exchange,
    ) -> None:
        self.versions = versions
        self._store = store
        self.fetcher = fetcher
        self._now = now
        self._exchange = exchange
        self._fetching = asyncio.Semaphore(self.AT_ONCE)

    async def restore(self, subscription: Subscription, work: Workplace, watch: Watch) -> bool:
        """Compile the kept copy of a list that wants it; whether something was newly mapped.

        That is the case after an upgrade to another trie format or version of the rule language,
        and must work without network. What can be used stays in use meanwhile.
        """
        used, before = subscription.state.used, subscription.compiled
        if used is None or not subscription.wants_compiling:
            return False
        subscription.restored = used.content_hash
        if not await asyncio.to_thread(self._store.path(used.source).is_file):
            return False
        try:
            await self.versions.restore(subscription, work, watch)
        except SinkholeError as error:
            log.warning(
                "list %s: the kept copy is of no use: %s", subscription.name, _reason(error)
            )
            return False
        return subscription.compiled is not before

    async def update(
        self, subscription: Subscription, work: Workplace, look: Look, watch: Watch
    ) -> bool:
        """Look at the source and take over what is new; whether something was newly mapped.

        Never fails: what goes wrong is noted in the list's state, and the last good copy stays.
        """
        if look is Look.KEPT:
            return False
        subscription.retry = False
        try:
            end = await self._update(subscription, work, look, watch)
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
        await self._exchange.release(subscription)
        watch(Step(subscription.name, Phase.FAILED, note=reason))
        return False

    async def tell(self, subscription: Subscription, work: Workplace) -> None:
        """Offer other sinkholes what `update` found at the source."""
        await self._exchange.tell(subscription, work)

    async def _update(
        self, subscription: Subscription, work: Workplace, look: Look, watch: Watch
    ) -> Step:
        """Fetch, and take what is new; the step it ended with."""
        watch(Step(subscription.name, Phase.FETCH))
        while True:
            found = await self._look(subscription, work, look, watch)
            if found is not Turn.ANOTHERS:
                break
            await asyncio.sleep(ANOTHERS_TURN_S)
        if found is None:
            async with self.versions.exclusively():
                state = replace(subscription.state, checked=self._now(), error=None)
                await self.versions.commit(subscription, state)
            return _unchanged(subscription)
        if isinstance(found, Step):
            return found
        return await self._settled(subscription, found) or await self._take(
            subscription, found, work, watch
        )

    async def _look(
        self, subscription: Subscription, work: Workplace, look: Look, watch: Watch
    ) -> _News | Step | Literal[Turn.ANOTHERS] | None:
        """What has come; the end where that is known already, None where nothing has changed."""
        # Files of this machine wait for no server, or four slow ones would keep all lists waiting.
        async with nullcontext() if subscription.is_local else self._fetching:
            turn = await self._exchange.turn(subscription) if look is Look.DUE else Turn.OURS
            if turn is Turn.ANOTHERS:
                return turn
            if isinstance(turn, Offer) and (taken := await self._offered(subscription, turn, work)):
                return taken
            force, before, part = look is Look.FORCED, subscription.state.content_hash, work.part()
            began = asyncio.get_running_loop().time()
            fetched = await self._obtain(subscription, part, force, watch)
            took = asyncio.get_running_loop().time() - began
        self._exchange.note(subscription)
        if fetched is None:
            return None
        return _News(fetched, part, before, self._now(), round(took, 3), force)

    async def _offered(
        self, subscription: Subscription, offer: Offer, work: Workplace
    ) -> _News | Step | None:
        """What another one has found, or the end where that is known here; None if it is not to
        be had."""
        validators = Validators(offer.etag, offer.last_modified, offer.answered_by)
        fetched = Fetched(Received(offer.size_bytes, offer.content_hash), validators)
        before, part, began = subscription.state.content_hash, work.part(), self._now()
        news = _News(fetched, part, before, began - offer.age_s, 0.0, False, offer.node)
        if end := await self._settled(subscription, news):
            return end
        limit = self.fetcher.limits.size_bytes
        if not await self._exchange.take(subscription, offer, part, limit):
            return None
        return replace(news, fetch_s=round(self._now() - began, 3))

    async def _take(
        self, subscription: Subscription, news: _News, work: Workplace, watch: Watch
    ) -> Step:
        """Take what has come; the step it ended with."""
        async with self.versions.compiling():
            if end := await self._settled(subscription, news):
                return end  # another process has compiled the same meanwhile
            received = news.fetched.received
            version = Version(
                received.content_hash,
                "",
                size_bytes=received.size_bytes,
                since=news.checked,
                taken_from=news.taken_from,
            )
            made = await self.versions.compile(subscription, news.part, version, work, watch)
            async with self.versions.exclusively():
                if end := await self._known(subscription, news):
                    return end
                state = news.noted_in(subscription.state)
                in_use = await self.versions.take(subscription, made, state, work, force=news.force)
        if in_use:
            return Step(subscription.name, Phase.CHANGED, note=f"{subscription.names} names")
        log.warning("list %s: held back: %s", subscription.name, subscription.state.held_because)
        return Step(subscription.name, Phase.HELD, note=subscription.state.held_because)

    async def _settled(self, subscription: Subscription, news: _News) -> Step | None:
        async with self.versions.exclusively():
            return await self._known(subscription, news)

    async def _known(self, subscription: Subscription, news: _News) -> Step | None:
        """The end, where what has come is no news, which is noted; else None. Under the lock."""
        found, state = news.fetched.received.content_hash, news.noted_in(subscription.state)
        if found == state.content_hash and subscription.current:
            # The source says again what is in use, so nothing is left to hold back.
            await self.versions.commit(subscription, replace(state, held=None, held_because=""))
            return _unchanged(subscription)
        if state.held and found == state.held.content_hash and not news.force:
            await self.versions.commit(subscription, state)
            return _unchanged(subscription)
        if state.content_hash != news.before and not news.force:
            # Somebody else put another version in use, and who knows which of the two is newer.
            return _unchanged(subscription)
        return None

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
        try:
            async with self.versions.exclusively():
                state = replace(subscription.state, checked=self._now(), error=reason)
                if not subscription.trouble:  # else only something better may be written over it
                    await self.versions.commit(subscription, state)
                subscription.state = state
        except SinkholeError as error:
            log.warning("list %s: its status can't be kept: %s", subscription.name, error)
            subscription.state = replace(subscription.state, checked=self._now(), error=reason)


@dataclass(frozen=True, slots=True)
class _News:
    """What has come of a list: its copy is in `part`. `before` is what was in use when it was
    asked for; `force` whether a person wants it whatever is held against it; `taken_from` the
    sinkhole that had fetched it, "" where this one did."""

    fetched: Fetched
    part: Path
    before: str
    checked: float
    fetch_s: float
    force: bool
    taken_from: str = ""

    def noted_in(self, state: SubscriptionState) -> SubscriptionState:
        """The state with what is known of the source now."""
        validators = self.fetched.validators
        return replace(
            state,
            checked=self.checked,
            error=None,
            etag=validators.etag,
            last_modified=validators.last_modified,
            answered_by=validators.answered_by,
            fetch_s=self.fetch_s,
        )


def _unchanged(subscription: Subscription) -> Step:
    """The end of a look that found nothing new; what is held back is said every time."""
    if subscription.state.held is not None:
        return Step(subscription.name, Phase.HELD, note=subscription.state.held_because)
    return Step(subscription.name, Phase.UNCHANGED, note=f"{subscription.names} names")


def _reason(error: SinkholeError) -> str:
    return error.reason if isinstance(error, ListError) else str(error)
