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
"""Different sets of traits (and subnets) remembered; when full it starts anew, with new numbers."""


@dataclass(frozen=True, slots=True)
class Access:
    """The part of a Policy that is about clients; equal ones treat every client alike.

    `allow` are the networks that may ask at all (RFC 5358 §4), `rate_limit` queries a second for
    each network of so many bits as `ipv4_prefix` and `ipv6_prefix` say, 0 for no limit. `traits`
    tells those of a packed address (4 or 16 bytes) and a client's id, "" for none; None where no
    rule asks for any. `ids` are those that the settings know. `subnet` tells what upstreams are
    told of an address; None where that is the same for all.
    """

    allow: tuple[Network, ...] = ()
    rate_limit: int = 0
    traits: Callable[[bytes, str], Traits] | None = None
    ipv4_prefix: int = 32
    ipv6_prefix: int = 64
    ids: frozenset[str] = frozenset()
    subnet: Callable[[bytes], bytes] | None = None

    def network(self, packed: bytes) -> bytes:
        """The network that shares a budget with an address, both of 4 or 16 bytes."""
        bits, size = 8 * len(packed), len(packed)
        shift = bits - (self.ipv4_prefix if size == 4 else self.ipv6_prefix)
        return (int.from_bytes(packed, "big") >> shift << shift).to_bytes(size, "big")


class Tags:
    """Short names for what tells clients apart, to put in keys: equal traits and subnets share one.

    A tag is never given to others again, so what was kept under it stays true.
    """

    def __init__(self) -> None:
        self._last = 0
        self._tags: dict[tuple[Traits, bytes], bytes] = {}

    def of(self, traits: Traits, subnet: bytes = b"") -> bytes:
        """The tag of these traits, in what upstreams are told as this subnet; TAG_SIZE bytes."""
        if not traits and not subnet:
            return NO_TAG
        tag = self._tags.get((traits, subnet))
        if tag is None:
            if len(self._tags) >= MAX_TAGS:
                self._tags.clear()
            self._last += 1
            tag = self._tags[traits, subnet] = self._last.to_bytes(TAG_SIZE, "big")
        return tag
