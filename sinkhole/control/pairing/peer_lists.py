"""Lists that the first sinkhole of a pair has fetched: it looks at sources for both."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any, Final

from sinkhole.control.lists.offers import Offer, Packed
from sinkhole.control.pairing.parties import unreadable
from sinkhole.control.pairing.peer import Peer
from sinkhole.model.errors import RequestError, StorageError

LONGEST: Final = 10_000
"""Characters of what a source said."""

_HASH: Final = re.compile(r"[0-9a-f]{1,128}")
_TEXTS: Final = ("content_hash", "etag", "last_modified", "answered_by")


class PeerLists:
    """A ListOffers by requests to it, which says what it has, and looks where that is old."""

    def __init__(self, peer: Peer, name: str) -> None:
        self._peer = peer
        self._name = name
        self._offers: dict[str, Offer | None] = {}

    async def claim(self, source: str) -> bool:
        """Have the first look; true where it has no such list, or could not fetch it."""
        try:
            told = await self._peer.ask("POST", "/pairing/peer/list", body={"source": source})
            offer = told["offer"]
            self._offers[source] = None if offer is None else self._read(offer)
            return not told["is_looked_after"]
        except RequestError as error:
            raise StorageError(str(error)) from error
        except (KeyError, TypeError, ValueError):
            raise unreadable() from None

    async def release(self, source: str) -> None:
        """Nobody else is kept from it."""

    async def offered(self, source: str) -> Offer | None:
        """What was told when it was claimed."""
        return self._offers.pop(source, None)

    async def take(self, content_hash: str) -> AsyncGenerator[bytes, None]:
        """Content, gzipped."""
        try:
            async for piece in self._peer.pieces(f"/pairing/peer/list/{content_hash}"):
                yield piece
        except RequestError as error:
            raise StorageError(str(error)) from error

    async def offer(self, source: str, offer: Offer, packed: Packed) -> None:
        """The first fetches by itself."""

    def _read(self, told: Any) -> Offer:
        """What was told of a list; ValueError, TypeError or KeyError for what is none."""
        content_hash, etag, last_modified, answered_by = (str(told[each]) for each in _TEXTS)
        if not _HASH.fullmatch(content_hash) or len(etag + last_modified + answered_by) > LONGEST:
            raise ValueError(content_hash)
        size_bytes, age_s = int(told["size_bytes"]), float(told["age_s"])
        if size_bytes < 0 or not age_s >= 0:
            raise ValueError(age_s)
        return Offer(
            *(content_hash, size_bytes, etag, last_modified, answered_by),
            node=self._name,
            age_s=age_s,
        )
