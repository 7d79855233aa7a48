"""The Policy: everything that decides about a query, in one immutable snapshot.

The control plane makes a new one whenever anything changes (a list, a setting, later a pause or
a schedule) and hands it over by one assignment. What was decided under an older generation is
decided again when next asked for; nothing is ever walked to invalidate it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sinkhole.dns.clients.access import Access
from sinkhole.dns.filter.match import Match, Matcher
from sinkhole.dns.filter.traits import NO_TRAITS, Criteria, Traits
from sinkhole.dns.policy.blocking import Blocking
from sinkhole.dns.policy.client_subnet import ClientSubnets
from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.refused_addresses import BogusAddresses, Rebinding
from sinkhole.dns.policy.routes import Routes
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.question import Question


class Filter(Protocol):
    """Anything that can tell which rule decides about a name, or an address in an answer.

    A Matcher of the lists in use, or for `explain` the same with rules changed. `criteria` is what
    its rules ask about clients. Where `checks_addresses` is False, no rule is about addresses.
    """

    @property
    def criteria(self) -> Criteria: ...
    @property
    def checks_addresses(self) -> bool: ...

    def match(self, name: bytes, qtype: int, traits: Traits = NO_TRAITS) -> Match | None:
        """The rule that decides about a lower-cased wire name, or None if no rule names it."""

    def match_address(self, packed: bytes, rtype: int, traits: Traits = NO_TRAITS) -> Match | None:
        """The rule that decides about an address of 4 or 16 bytes in a record of a type."""


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """What applies to the clients of one group; a filter without lists has nothing to say.

    `is_paused` tells people why it has none.
    """

    name: str = "default"
    filter: Filter = field(default_factory=lambda: Matcher(()))
    blocking: Blocking = field(default_factory=Blocking)
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides; `generation` counts up with every change.

    `rebinding` is None where answers may lead into the house, `bogus` where no address is, `dns64`
    where no addresses are made.
    """

    generation: int = 1
    group: GroupPolicy = field(default_factory=GroupPolicy)
    local: LocalNames = field(default_factory=LocalNames)
    reserved: Reserved = field(default_factory=Reserved)
    access: Access = field(default_factory=Access)
    rebinding: Rebinding | None = field(default_factory=Rebinding)
    bogus: BogusAddresses | None = None
    routes: Routes = field(default_factory=Routes)
    dns64: Dns64 | None = None
    subnets: ClientSubnets = field(default_factory=ClientSubnets)

    def dns64_for(self, question: Question) -> Dns64 | None:
        """What makes the addresses that a question is for, where that is to be."""
        dns64 = self.dns64
        return dns64 if dns64 is not None and dns64.is_for(question) else None


class View:
    """What a question is seen by: the policy, what holds for the client, the class asked for.

    `address` is the client's, packed, for what upstreams are told of where it is. Never changed.
    (A NamedTuple would say the same and take nearly twice as long to make.)
    """

    __slots__ = ("address", "policy", "qclass", "traits")

    def __init__(
        self, policy: Policy, traits: Traits, qclass: int = n.CLASS_IN, address: bytes = b""
    ) -> None:
        self.policy = policy
        self.traits = traits
        self.qclass = qclass
        self.address = address

    def subnet(self, question: Question, via: str) -> bytes:
        """What an upstream set is told with a question: what the client wants, or the settings."""
        subnets = self.policy.subnets
        return question.subnet or (subnets.of(via, self.address) if subnets else b"")
