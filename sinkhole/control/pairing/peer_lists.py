"""Lists that the first sinkhole of a pair has fetched: it looks at sources for both."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from sinkhole.control.lists.offers import Offer, Packed
from sinkhole.control.pairing.peer import Peer
from sinkhole.model.errors import RequestError, StorageError


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
            self._offers[source] = None if offer is None else Offer(**offer, node=self._name)
            return not told["is_looked_after"]
        except RequestError as error:
            raise StorageError(str(error)) from error
        except (KeyError, TypeError):
            raise StorageError("what the other sinkhole has told can't be read") from None

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
