"""What upstreams are made by, in plain values: whoever keeps settings says it in these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from sinkhole.model.own_secret import OWN_SECRET
from sinkhole.model.proxy_url import ProxyUrl
from sinkhole.model.upstream_url import UpstreamUrl

StrategyName = Literal["fastest", "load_balance", "strict", "parallel"]


class ServerTerms(NamedTuple):
    """One server, and how long it may take: two that differ in either are two servers."""

    url: UpstreamUrl
    timeout_s: float


class SetTerms(NamedTuple):
    """One set of servers, see `UpstreamSet`."""

    servers: tuple[ServerTerms, ...]
    fallback: tuple[ServerTerms, ...] = ()
    strategy: StrategyName = "fastest"


class UpstreamTerms(NamedTuple):
    """All upstreams: `sets` by name, one of which is `DEFAULT`; never changed.

    `bootstrap` are addresses and ports of the resolvers that find servers with a name; `proxy` is
    the way to those that can be reached by one. `randomize_case` is about questions over UDP. By
    the `secret` those who share it know each other's probes; it stays what it was at first.
    """

    sets: dict[str, SetTerms]
    bootstrap: tuple[tuple[str, int], ...] = ()
    proxy: ProxyUrl | None = None
    randomize_case: bool = True
    secret: bytes = OWN_SECRET

    @property
    def servers(self) -> Iterator[ServerTerms]:
        """Those of all sets, some of them several times."""
        for each in self.sets.values():
            yield from each.servers
            yield from each.fallback
