"""Lists that another sinkhole takes from this one, which looks at sources for both."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from sinkhole.control.lists.gunzip import PIECE_SIZE
from sinkhole.control.lists.offers import Offer, source_of
from sinkhole.control.lists.store import ListStore
from sinkhole.control.lists.subscription import Subscription
from sinkhole.control.lists.subscriptions import Subscriptions

OLD: Final = 0.9
"""The share of the update interval after which a list is looked at because another one asks."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_PACKED: Final = ".gz"


class Lent(NamedTuple):
    """What is known of a source: whether it is looked after here, and what it said last."""

    is_looked_after: bool
    offer: Offer | None


class Lending:
    """Of one library; `wake` has it look at what wants that."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        store: ListStore,
        now: Callable[[], float],
        wake: Callable[[], None],
    ) -> None:
        self._subscriptions = subscriptions
        self._store = store
        self._now = now
        self._wake = wake

    def ask(self, source: str, interval_s: float) -> Lent:
        """What the source of a list said, see `offers.source_of`; it is looked at where that is
        nearly as old as it may be."""
        found = self._of(source)
        if found is None or found.failures:
            return Lent(False, None)
        offer = self._offer(found)
        is_old = offer is None or (interval_s and offer.age_s > OLD * interval_s)
        if is_old and not found.updating.locked():
            found.retry = True
            self._wake()
        return Lent(True, offer)

    def content(self, content_hash: str) -> AsyncGenerator[bytes, None] | None:
        """A version that is kept, gzipped; None where none has this hash."""
        for each in self._subscriptions.all:
            for version in each.state.versions:
                if version.content_hash == content_hash and not each.is_local:
                    return _packed(self._store.path(version.source))
        return None

    def _of(self, source: str) -> Subscription | None:
        known = (each for each in self._subscriptions.all if each.active and not each.is_local)
        return next((each for each in known if source_of(each.settings.url) == source), None)

    def _offer(self, subscription: Subscription) -> Offer | None:
        state = subscription.state
        version = state.held or state.used
        if version is None or state.checked is None:
            return None
        age_s = max(0.0, self._now() - state.checked)
        said = (state.etag, state.last_modified, state.answered_by)
        return Offer(version.content_hash, version.size_bytes, *said, age_s=age_s)


async def _packed(path: Path) -> AsyncGenerator[bytes, None]:
    """A copy, gzipped on the way unless it is; OSError where it has just gone."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        packing = None if path.suffix == _PACKED else zlib.compressobj(wbits=_GZIP)
        while piece := await asyncio.to_thread(_next, file, packing):
            yield piece
        if packing is not None:
            yield packing.flush()
    finally:
        await asyncio.to_thread(file.close)


def _next(file: BinaryIO, packing: zlib._Compress | None) -> bytes:
    """The next bytes to be sent, b"" at the end."""
    while piece := file.read(PIECE_SIZE):
        packed = piece if packing is None else packing.compress(piece)
        if packed:
            return packed
    return b""
