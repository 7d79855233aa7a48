"""Tags: what stands for a client in the keys of the table, in four bytes.

0 0 0 0      class 0, and nothing else tells the client from others: nearly everyone
1 .. ff0000  a class, traits, and what upstreams are told of where a client is
ff n n n     nobody's: what the upstreams of a set said to any client (`dns/cache/table`)
"""

from __future__ import annotations

from typing import Final

from sinkhole.dns.cache.table import NO_TAG, SHARED_TAG, TAG_SIZE
from sinkhole.dns.filter.traits import Traits

MAX_TAGS: Final = 4096
"""Different classes, sets of traits and subnets remembered together; when full it starts anew,
with new numbers."""

MAX_SETS: Final = 4096
"""The same of upstream sets by which clients differ; those beyond share nothing across classes."""


class Tags:
    """Short names for what tells clients apart, to put in keys: who is alike in all shares one.

    A tag is never given to others again, so what was kept under it stays true.
    """

    def __init__(self) -> None:
        self._last = 0
        self._tags: dict[tuple[int, Traits, bytes], bytes] = {}
        self._sets: dict[str, bytes] = {"": SHARED_TAG}

    def of(self, number: int, traits: Traits, subnet: bytes = b"") -> bytes:
        """The tag of a class with these traits, in what upstreams are told as this subnet."""
        if not (number or traits or subnet):
            return NO_TAG
        known = number, traits, subnet
        tag = self._tags.get(known)
        if tag is None:
            if len(self._tags) >= MAX_TAGS:
                self._tags.clear()
            self._last += 1
            tag = self._tags[known] = self._last.to_bytes(TAG_SIZE, "big")
        return tag

    def shared(self, via: str) -> bytes:
        """The tag of what an upstream set says to anybody; b"" where there are too many sets."""
        tag = self._sets.get(via)
        if tag is None and len(self._sets) < MAX_SETS:
            number = int.from_bytes(SHARED_TAG, "big") + len(self._sets)
            tag = self._sets[via] = number.to_bytes(TAG_SIZE, "big")
        return tag or b""
