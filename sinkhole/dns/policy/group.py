"""What applies to the clients of one class: all that can differ between two who ask the same.

Clients to whom exactly the same applies are of one class, whatever groups they are in. So the
pause of one tablet, or the evening of one group, moves clients to another class, and what was
decided for anybody else stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sinkhole.dns.filter.match import Match, Matcher
from sinkhole.dns.filter.traits import NO_TRAITS, Criteria, Traits
from sinkhole.dns.policy.blocking import Blocking
from sinkhole.dns.policy.client_subnet import ClientSubnets
from sinkhole.dns.policy.refused_addresses import BogusAddresses, Rebinding
from sinkhole.dns.policy.routes import USUAL
from sinkhole.dns.policy.special_use import Reserved


class Filter(Protocol):
    """Anything that can tell which rule decides about a name, or an address in an answer.

    A Matcher of the lists in use, a choice of these, or for `explain` the same with rules changed.
    `criteria` is what its rules ask about clients. Where `checks_addresses` is False, no rule is
    about addresses.
    """

    @property
    def criteria(self) -> Criteria: ...
    @property
    def checks_addresses(self) -> bool: ...

    def match(self, name: bytes, qtype: int, traits: Traits = NO_TRAITS) -> Match | None:
        """The rule that decides about a lower-cased wire name, or None if no rule names it."""

    def match_address(self, packed: bytes, rtype: int, traits: Traits = NO_TRAITS) -> Match | None:
        """The rule that decides about an address of 4 or 16 bytes in a record of a type."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupPolicy:
    """What applies to one class of clients; a filter without lists has nothing to say.

    `generation` is another one whenever anything that decides is another, of this or of what a
    Policy has for all; no two are ever of one generation, but for what decides exactly alike.
    `number` is the class: 0 is that of everybody nothing is said about; under another number stay
    the answers that were made for it, so it must not pass to others. `name` is of the group, and
    `is_paused` tells people why the filter is short.

    `rebinding` is None where answers may lead into the house, `bogus` where no address is. `via` is
    the upstream set that is asked, where no route names one; `subnets` are told to upstreams of
    where a client is. Questions of `refused_types` are answered with nothing, and where these are
    addresses, services are told without them. `rate_limit` is in queries a second, 0 for no limit.
    """

    generation: int = 1
    number: int = 0
    name: str = "default"
    filter: Filter = field(default_factory=lambda: Matcher(()))
    blocking: Blocking = field(default_factory=Blocking)
    is_paused: bool = False
    reserved: Reserved = field(default_factory=Reserved)
    rebinding: Rebinding | None = field(default_factory=Rebinding)
    bogus: BogusAddresses | None = None
    via: str = USUAL
    subnets: ClientSubnets = field(default_factory=ClientSubnets)
    refused_types: frozenset[int] = frozenset()
    rate_limit: int = 0
