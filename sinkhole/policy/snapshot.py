"""The Policy: everything that decides about a query, in one immutable snapshot.

The control plane makes a new one whenever anything changes (a list, a setting, later a pause or
a schedule) and hands it over by one assignment. What was judged under an older generation is
judged again when next asked for; nothing is ever walked to invalidate it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from sinkhole.policy.blocking import Blocking
from sinkhole.policy.local import LocalNames
from sinkhole.verdict import Cause


class Match(Protocol):
    """What a filter says about a name: the line that decided, and whether it allows."""

    @property
    def cause(self) -> Cause: ...
    @property
    def allowed(self) -> bool: ...


class Filter(Protocol):
    """Anything that can tell which rule decides about a name."""

    def match(self, name: bytes, qtype: int) -> Match | None:
        """The rule that decides about a lower-cased wire name, or None if no rule names it."""


class NoFilter:
    """A filter without rules: what applies before the first list is loaded."""

    def match(self, name: bytes, qtype: int) -> Match | None:
        """None: nothing is refused."""
        return None


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """What applies to the clients of one group; `tag` is the group's byte in table keys."""

    name: str = "default"
    tag: bytes = b"\0"
    filter: Filter = field(default_factory=NoFilter)
    blocking: Blocking = field(default_factory=Blocking)

    def first_refused(
        self, names: Iterable[bytes], qtype: int, allowed: Cause | None
    ) -> tuple[bytes, Cause] | None:
        """The first of these CNAME targets (lower-cased, wire form) a rule refuses, and that rule.

        None of them is refused where a rule allows the name that leads there: `allowed`.
        """
        for name in () if allowed else names:
            match = self.filter.match(name, qtype)
            if match is not None and not match.allowed:
                return name, match.cause
        return None


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that decides; `generation` counts up with every change.

    `reserved_names` tells whether special-use names and private reverse zones are answered here.
    """

    generation: int = 1
    group: GroupPolicy = field(default_factory=GroupPolicy)
    local: LocalNames = field(default_factory=lambda: LocalNames({}))
    reserved_names: bool = True
