"""What one line of a list can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

Kind = Literal["block", "allow"]
"""What a list is for: in an allow list every rule allows, with or without `@@`."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Scope(IntEnum):
    """Which names a rule's name stands for."""

    EXACT = 0
    """That name alone: hosts lines, bare names, `|name^`."""
    TREE = 1
    """The name and everything below it: `||name^`."""
    BELOW = 2
    """Everything below it, but not the name itself: `.name^`, and wildcards in RPZ zones."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """When a rule counts; what is empty sets no condition.

    `clients` and `tags` hold tokens (see `traits`): the asking client must have one of them,
    and must have none of `not_clients` and `not_tags`. `types` and `not_types` are numbers of
    query types, or of the record's type where an answer is checked. The rule does not apply to
    the names in `denyallow` (lower-cased wire names) nor below them, and with any of these never
    to addresses in answers.
    """

    clients: frozenset[str] = frozenset()
    not_clients: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    not_tags: frozenset[str] = frozenset()
    types: frozenset[int] = frozenset()
    not_types: frozenset[int] = frozenset()
    denyallow: tuple[bytes, ...] = ()


ALWAYS = Conditions()


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a rule answers instead: an rcode, or with rcode 0 one record.

    `rdata` is the record's data on the wire, names in it uncompressed and lower-cased; a CNAME's
    is the name of the target. `rtype` is 0 where there is no record. In an exception it names the
    rewrite that is cancelled; `EVERY_REWRITE` is what an exception without a value names.
    """

    rcode: int = 0
    rtype: int = 0
    rdata: bytes = b""


EVERY_REWRITE = Rewrite(rcode=-1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A line that blocks, allows or rewrites; it matches by names, networks or one pattern.

    `names` are lower-cased wire names, all of the same `scope`. `networks` are matched by
    addresses in answers. `pattern` is the normalised text of an adblock pattern that is no whole
    name: lower-case, with its anchors and wildcards, or `/expression/`. Exactly one of the three
    is not empty. `hosts` marks hosts lines and bare names, which are weaker than all other rules,
    and `addresses` what such a line says its names have. `badfilter` switches off the rules that
    are otherwise the same. `is_dnsrewrite` tells `$dnsrewrite` from the data of other formats: in
    an allow list it allows nothing.
    """

    names: tuple[bytes, ...] = ()
    scope: Scope = Scope.EXACT
    networks: tuple[Network, ...] = ()
    pattern: str = ""
    allow: bool = False
    important: bool = False
    hosts: bool = False
    addresses: tuple[Address, ...] = ()
    conditions: Conditions = ALWAYS
    rewrite: Rewrite | None = None
    badfilter: bool = False
    is_dnsrewrite: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Comment:
    """A line that says something to people; empty lines are comments too."""

    text: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A line that is right but not for us, such as one that hides a part of a web page."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that should be a rule and can't be used as one.

    `reason` is short, fit for the user, and the same for all lines of one sort, so that it can
    be counted.
    """

    reason: str


Line = Rule | Comment | Ignored | Reject
