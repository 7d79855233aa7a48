"""Upstream sets: which servers answer for whom, in two tiers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.strategies import FASTEST, Strategy

DEFAULT = ""
"""The name of the set that answers whatever no other set is for."""


@dataclass(frozen=True, slots=True, eq=False)
class UpstreamSet:
    """Servers that stand in for each other: `fallback` are asked when all of `servers` failed.

    Flights and cached answers of one set are never those of another, as their servers may know
    different names.
    """

    servers: tuple[Server, ...]
    fallback: tuple[Server, ...] = ()
    strategy: Strategy = FASTEST
    only_tier: tuple[tuple[Server, ...], ...] = field(init=False)
    """The tiers where there is no fallback: made once, as every question asks for them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "only_tier", (self.servers,))

    @property
    def every(self) -> tuple[Server, ...]:
        """The servers of both tiers."""
        return (*self.servers, *self.fallback)

    @property
    def is_cut_off(self) -> bool:
        """Whether it has servers, and none of them can be expected to answer."""
        every = self.every
        return bool(every) and not any(each.is_hopeful and not each.loops for each in every)

    @property
    def tiers(self) -> tuple[tuple[Server, ...], ...]:
        """Those to be asked first, and those behind them; those known to be down come last."""
        if not self.fallback:
            return self.only_tier
        if any(server.up and not server.loops for server in self.servers):
            return self.servers, self.fallback
        return self.fallback, self.servers


def servers_of(sets: Iterable[UpstreamSet]) -> tuple[Server, ...]:
    """Every server of these sets once, in order."""
    return tuple(dict.fromkeys(server for each in sets for server in each.every))
