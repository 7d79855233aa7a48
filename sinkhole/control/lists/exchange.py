"""What a look at a list's source has to do with other sinkholes that look at the same one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import AsyncGenerator, Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Final

from sinkhole.control.lists.copies import CopyWriter, Received, pack
from sinkhole.control.lists.gunzip import Gunzip
from sinkhole.control.lists.offers import Offer, WhereOffered, source_of
from sinkhole.control.lists.state import SubscriptionState
from sinkhole.control.lists.store import ListStore
from sinkhole.control.lists.subscription import Subscription
from sinkhole.control.lists.workplace import Workplace
from sinkhole.model.errors import ListError, StorageError

log = logging.getLogger(__name__)

PATIENCE_S: Final = 10.0
"""How long the others may keep a list waiting before its source is asked."""

TAKE_S: Final = 300.0
"""How long content may take to come from there, as long as from its source."""

SAME_LOOK_S: Final = 30.0
"""An offer that is newer by less is what is known already: clocks differ."""


class Turn(Enum):
    """Whose it is to look at a source."""

    OURS = "ours"
    ANOTHERS = "another's"


class Exchange:
    """With whoever `offers` has now. `interval_s` is how long what was said counts, 0 for ever."""

    def __init__(
        self,
        offers: WhereOffered,
        store: ListStore,
        now: Callable[[], float],
        interval_s: float,
    ) -> None:
        self._offers = offers
        self._store = store
        self._now = now
        self._interval_s = interval_s or math.inf
        self._told: set[Subscription] = set()

    async def turn(self, subscription: Subscription) -> Turn | Offer:
        """What another one has found lately, or whose turn it is to look."""
        if subscription.is_local:
            return Turn.OURS
        source = source_of(subscription.settings.url)
        with _going_on_alone(subscription):
            async with asyncio.timeout(PATIENCE_S):
                offers = await self._offers()
                if offers is None:
                    return Turn.OURS
                is_ours = await offers.claim(source)
                offer = await offers.offered(source)
                if offer is not None and self._is_news(offer, subscription):
                    if is_ours:
                        await offers.release(source)
                    return offer
                return Turn.OURS if is_ours else Turn.ANOTHERS
        return Turn.OURS

    async def take(
        self, subscription: Subscription, offer: Offer, part: Path, size_limit: int
    ) -> bool:
        """Write what is offered to the new file `part`, checked as if it came from the source.

        False where it can't be had, is no list, or not what was offered; OSError from the disk.
        """
        with _going_on_alone(subscription):
            async with asyncio.timeout(TAKE_S):
                offers = await self._offers()
                if offers is None:
                    return False
                pieces = offers.take(offer.content_hash)
                received = await _written(subscription.name, pieces, part, size_limit)
            if received == Received(offer.size_bytes, offer.content_hash):
                return True
            raise StorageError("what came is not what was offered")
        return False

    def note(self, subscription: Subscription) -> None:
        """Its source has just told what is to be offered, once that is in use or held back."""
        if not subscription.is_local:
            self._told.add(subscription)

    async def tell(self, subscription: Subscription, work: Workplace) -> None:
        """Offer the others what the source says now, if that was noted."""
        state = subscription.state
        version = state.held or state.used
        if subscription not in self._told or version is None:
            return
        self._told.discard(subscription)

        async def packed() -> Path:
            part = work.part()
            await asyncio.to_thread(pack, self._store.path(version.source), part)
            return part

        with _going_on_alone(subscription):
            offer = _offer_of(state, version.content_hash, version.size_bytes)
            async with asyncio.timeout(TAKE_S):
                if offers := await self._offers():
                    await offers.offer(source_of(subscription.settings.url), offer, packed)

    async def release(self, subscription: Subscription) -> None:
        """Let others look where a look has failed."""
        self._told.discard(subscription)
        if subscription.is_local:
            return
        with _going_on_alone(subscription):
            async with asyncio.timeout(PATIENCE_S):
                if offers := await self._offers():
                    await offers.release(source_of(subscription.settings.url))

    def _is_news(self, offer: Offer, subscription: Subscription) -> bool:
        """Whether it counts, and is younger than what is known here."""
        if offer.age_s >= self._interval_s:
            return False
        checked, now = subscription.state.checked, self._now()
        if not subscription.settled or checked is None or checked > now:
            return True
        return offer.age_s + SAME_LOOK_S < now - checked


def _offer_of(state: SubscriptionState, content_hash: str, size_bytes: int) -> Offer:
    return Offer(content_hash, size_bytes, state.etag, state.last_modified, state.answered_by)


async def _written(
    list_name: str, pieces: AsyncGenerator[bytes, None], part: Path, size_limit: int
) -> Received:
    writer = await asyncio.to_thread(CopyWriter, list_name, part, size_limit, Gunzip())
    try:
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                await asyncio.to_thread(writer.feed, piece)
        return await asyncio.to_thread(writer.finish)
    finally:
        await asyncio.to_thread(writer.close)


@contextlib.contextmanager
def _going_on_alone(subscription: Subscription) -> Iterator[None]:
    """Nothing of the exchange may keep a list from being fetched."""
    try:
        yield
    except (StorageError, ListError, TimeoutError) as error:
        why = (error.reason if isinstance(error, ListError) else str(error)) or "no answer in time"
        log.info("list %s: not exchanged with other sinkholes: %s", subscription.name, why)
