"""The Policy: everything that decides about a query, in one immutable snapshot.

The control plane makes a new one whenever anything changes (a list, a setting, a pause, the edge of
a schedule) and hands it over by one assignment. What was decided under another generation of a
client's GroupPolicy is decided again when next asked for; nothing is ever walked to invalidate it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sinkhole.dns.filter.traits import NO_TRAITS, Traits
from sinkhole.dns.policy.access import Access
from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.routes import Routes
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.question import Question


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides: `group` for everybody of whom `access` says nothing else, and what
    is the same for all.

    `dns64` is None where no addresses are made.
    """

    group: GroupPolicy = field(default_factory=GroupPolicy)
    local: LocalNames = field(default_factory=LocalNames)
    access: Access = field(default_factory=Access)
    routes: Routes = field(default_factory=Routes)
    dns64: Dns64 | None = None

    def dns64_for(self, question: Question) -> Dns64 | None:
        """What makes the addresses that a question is for, where that is to be."""
        dns64 = self.dns64
        return dns64 if dns64 is not None and dns64.is_for(question) else None


class View:
    """What a question is seen by: the policy, what of it is the client's, the class asked for.

    `address` is the client's, packed, for what upstreams are told of where it is. Never changed.
    (A NamedTuple would say the same and take nearly twice as long to make.)
    """

    __slots__ = ("address", "group", "policy", "qclass", "traits")

    def __init__(
        self,
        policy: Policy,
        group: GroupPolicy,
        traits: Traits = NO_TRAITS,
        qclass: int = n.CLASS_IN,
        address: bytes = b"",
    ) -> None:
        self.policy = policy
        self.group = group
        self.traits = traits
        self.qclass = qclass
        self.address = address

    def via(self, name: bytes, qtype: int) -> str:
        """The upstream set that is asked about a lower-cased wire name: a route's, which may lead
        to the usual one, else that of the client."""
        route = self.policy.routes.of(name, qtype)
        return route.via if route.key else self.group.via

    def subnet(self, question: Question, via: str) -> bytes:
        """What an upstream set is told with a question: what the client wants, or the settings."""
        subnets = self.group.subnets
        return question.subnet or (subnets.of(via, self.address) if subnets else b"")
