"""Lists that several sinkholes have: one fetches, and offers what came to the others by its hash.

`ListOffers` is the place where that is done, a database or another sinkhole. Whatever fails there,
a list is fetched as if there were no such place.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Packed = Callable[[], Awaitable[Path]]
"""Makes the gzipped content, in a file that the caller of `offer` removes."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the source of a list said when a sinkhole looked, `age_s` ago by the place's clock.

    `content_hash` and `size_bytes` are of the plain content; the rest is what to ask the source
    with the next time.
    """

    content_hash: str
    size_bytes: int
    etag: str = ""
    last_modified: str = ""
    answered_by: str = ""
    node: str = ""
    age_s: float = 0.0


class ListOffers(Protocol):
    """Where lists are offered; StorageError from all of it where it can't be reached."""

    async def claim(self, source: str) -> bool:
        """Be the one that fetches it, for a while; whether nobody else is."""

    async def release(self, source: str) -> None:
        """Let others fetch it."""

    async def offered(self, source: str) -> Offer | None:
        """What was last offered."""

    def take(self, content_hash: str) -> AsyncGenerator[bytes, None]:
        """Content, gzipped, in pieces; the caller checks what it is."""

    async def offer(self, source: str, offer: Offer, packed: Packed) -> None:
        """Offer what the source says now, and release it; `packed` where it isn't there yet."""


def source_of(url: str) -> str:
    """What an address is called there: not by itself, as there may be a password in it."""
    return hashlib.blake2b(url.encode(), digest_size=16).hexdigest()


WhereOffered = Callable[[], Awaitable[ListOffers | None]]
"""Where lists are offered now; it may wait a moment for what is just being reached."""


async def offered_nowhere() -> None:
    """Each sinkhole fetches for itself."""
