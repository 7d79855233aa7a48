"""Who may ask, and what applies to whom: the part of a Policy that is about clients.

The *traits* of a client are what rules can ask of it (see `filter/traits`): plain text here, to be
compared and never read. Clients of one class with equal traits get equal answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.traits import NO_TRAITS, Traits
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.model.record import Who


class Standing(NamedTuple):
    """What applies to a client, what records say of it, and which criteria of rules hold for it.

    `devices` is for how many it stands: a router that hides the devices behind it may ask so many
    times as often as one of them. `is_sought` is whether more will be known in a moment.
    """

    policy: GroupPolicy
    who: Who
    traits: Traits = NO_TRAITS
    devices: int = 1
    is_sought: bool = False


StandingOf = Callable[[bytes, str, str], Standing]
"""The standing of a packed address (4 or 16 bytes), of the id that a client gives itself and of the
MAC that a forwarder gives it (`aa:bb:cc:dd:ee:ff`); "" for neither."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask, and as whom.

    `allow` are the networks that may ask at all (RFC 5358 §4), but for those of `deny`. Those who
    share a network of so many bits as `ipv4_prefix` and `ipv6_prefix` say share what they may ask.
    `standing` tells clients apart; None where nothing does. `ids` are those that the settings know.
    `forwarders` are networks of routers that are believed whose queries they pass on.
    """

    allow: tuple[Network, ...] = ()
    standing: StandingOf | None = None
    ipv4_prefix: int = 32
    ipv6_prefix: int = 64
    ids: frozenset[str] = frozenset()
    forwarders: tuple[Network, ...] = ()
    deny: tuple[Network, ...] = ()

    def network(self, packed: bytes) -> bytes:
        """The network that shares a budget with an address, both of 4 or 16 bytes."""
        bits, size = 8 * len(packed), len(packed)
        shift = bits - (self.ipv4_prefix if size == 4 else self.ipv6_prefix)
        return (int.from_bytes(packed, "big") >> shift << shift).to_bytes(size, "big")
