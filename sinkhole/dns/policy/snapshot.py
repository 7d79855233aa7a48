"""The Policy: everything that decides about a query, in one immutable snapshot.

The control plane makes a new one whenever anything changes (a list, a setting, later a pause or
a schedule) and hands it over by one assignment. What was judged under an older generation is
judged again when next asked for; nothing is ever walked to invalidate it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sinkhole.dns.clients.access import NO_TRAITS, Access, Traits
from sinkhole.dns.policy.blocking import Address, Blocking
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.refused_addresses import BogusAddresses, Rebinding
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.model.verdict import Cause


class Rewritten(Protocol):
    """What a rule answers instead: an rcode, or the name to follow, or records.

    `cname` is a lower-cased wire name, b"" for none; `records` are type and wire rdata of the
    type asked for.
    """

    @property
    def rcode(self) -> int: ...
    @property
    def cname(self) -> bytes: ...
    @property
    def records(self) -> tuple[tuple[int, bytes], ...]: ...


class Match(Protocol):
    """What a filter says about a name or an address: the line that decided, and what it wants.

    With `rewrite` it wants another answer, else with `allowed` none of ours, else a refusal.
    `addresses` are what hosts lines say the refused name has. `builtin` tells rules that come
    with sinkhole, which the household asked for by a setting.
    """

    @property
    def cause(self) -> Cause: ...
    @property
    def allowed(self) -> bool: ...
    @property
    def rewrite(self) -> Rewritten | None: ...
    @property
    def addresses(self) -> tuple[Address, ...]: ...
    @property
    def builtin(self) -> bool: ...


class Filter(Protocol):
    """Anything that can tell which rule decides about a name, or an address in an answer.

    `criteria` are the traits that its rules ask of clients. Where `checks_addresses` is False,
    no rule is about addresses.
    """

    @property
    def criteria(self) -> Traits: ...
    @property
    def checks_addresses(self) -> bool: ...

    def match(self, name: bytes, qtype: int, traits: Traits = NO_TRAITS) -> Match | None:
        """The rule that decides about a lower-cased wire name, or None if no rule names it."""

    def match_address(self, packed: bytes, rtype: int, traits: Traits = NO_TRAITS) -> Match | None:
        """The rule that decides about an address of 4 or 16 bytes in a record of a type."""


class NoFilter:
    """A filter without rules: what applies before the first list is loaded."""

    criteria = NO_TRAITS
    checks_addresses = False

    def match(self, name: bytes, qtype: int, traits: Traits = NO_TRAITS) -> Match | None:
        """None: nothing is refused."""
        return None

    def match_address(self, packed: bytes, rtype: int, traits: Traits = NO_TRAITS) -> Match | None:
        """None: no answer is refused."""
        return None


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """What applies to the clients of one group."""

    name: str = "default"
    filter: Filter = field(default_factory=NoFilter)
    blocking: Blocking = field(default_factory=Blocking)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides; `generation` counts up with every change.

    `rebinding` is None where answers may lead into the house, `bogus` where no address is.
    """

    generation: int = 1
    group: GroupPolicy = field(default_factory=GroupPolicy)
    local: LocalNames = field(default_factory=LocalNames)
    reserved: Reserved = field(default_factory=Reserved)
    access: Access = field(default_factory=Access)
    rebinding: Rebinding | None = field(default_factory=Rebinding)
    bogus: BogusAddresses | None = None
