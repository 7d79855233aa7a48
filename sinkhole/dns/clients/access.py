"""Who may ask, how often, and which rules about clients hold for an address.

The *traits* of a client are what rules can ask of it (see `filter/traits`): plain text here, to be
compared and never read. Clients with equal traits get equal answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.traits import Traits

TAG_SIZE: Final = 4
"""Bytes of a tag. All of one length, or a byte behind a query could pass for another tag."""

NO_TAG: Final = bytes(TAG_SIZE)
"""The tag of clients that no rule tells from others."""

MAX_TAGS: Final = 4096
"""Different sets of traits remembered; when full the memory starts anew, with new numbers."""


@dataclass(frozen=True, slots=True)
class Access:
    """The part of a Policy that is about clients; equal ones treat every client alike.

    `allow` are the networks that may ask at all (RFC 5358 §4), `rate_limit` queries a second for
    each network of so many bits as `ipv4_prefix` and `ipv6_prefix` say, 0 for no limit. `traits`
    tells those of a packed address (4 or 16 bytes) and a client's id, "" for none; None where no
    rule asks for any. `ids` are those that the settings know.
    """

    allow: tuple[Network, ...] = ()
    rate_limit: int = 0
    traits: Callable[[bytes, str], Traits] | None = None
    ipv4_prefix: int = 32
    ipv6_prefix: int = 64
    ids: frozenset[str] = frozenset()

    def network(self, packed: bytes) -> bytes:
        """The network that shares a budget with an address, both of 4 or 16 bytes."""
        bits, size = 8 * len(packed), len(packed)
        shift = bits - (self.ipv4_prefix if size == 4 else self.ipv6_prefix)
        return (int.from_bytes(packed, "big") >> shift << shift).to_bytes(size, "big")


class Tags:
    """Short names for sets of traits, to put in keys: equal sets share a tag.

    A tag is never given to another set again, so what was kept under it stays true.
    """

    def __init__(self) -> None:
        self._last = 0
        self._tags: dict[Traits, bytes] = {}

    def of(self, traits: Traits) -> bytes:
        """The tag of these traits, TAG_SIZE bytes."""
        if not traits:
            return NO_TAG
        tag = self._tags.get(traits)
        if tag is None:
            if len(self._tags) >= MAX_TAGS:
                self._tags.clear()
            self._last += 1
            tag = self._tags[traits] = self._last.to_bytes(TAG_SIZE, "big")
        return tag
