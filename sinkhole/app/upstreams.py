"""The upstreams that the settings ask for, in the terms of the DNS plane."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sinkhole.app.change import Change
from sinkhole.control.settings import Settings
from sinkhole.control.settings.upstream_schema import (
    USUAL_SERVERS,
    Servers,
    UpstreamItem,
    UpstreamSettings,
)
from sinkhole.dns.policy.routes import set_of_route
from sinkhole.dns.upstream.sets import DEFAULT
from sinkhole.dns.upstream.terms import ServerTerms, SetTerms, UpstreamTerms
from sinkhole.dns.upstream.upstreams import Upstreams


def prepare_upstreams(upstreams: Upstreams, new: Settings, old: Settings, change: Change) -> None:
    """Go over to the upstreams of other settings along with all else."""
    if new.upstream == old.upstream:
        return
    before = upstreams.made
    made = upstreams.make(upstream_terms(new)._replace(secret=before.terms.secret))
    change.exchange(upstreams.use, made, before)
    change.discards(partial(upstreams.leave, made, before))
    change.afterwards(partial(upstreams.leave, before, made))


def upstream_terms(settings: Settings) -> UpstreamTerms:
    """All of the settings: the usual set, those with a name, and those of routes."""
    upstream = settings.upstream

    def servers(items: Servers) -> tuple[ServerTerms, ...]:
        return tuple(_server(upstream, item) for item in items)

    usual = SetTerms(servers(upstream.servers), servers(upstream.fallback), upstream.strategy)
    sets = {DEFAULT: usual}
    for name, each in upstream.sets.items():
        strategy = each.strategy or upstream.strategy
        sets[name] = SetTerms(servers(each.servers), servers(each.fallback), strategy)
    for key, target in upstream.routes.items():
        if not isinstance(target, str):
            sets[set_of_route(key)] = SetTerms(servers(target), (), upstream.strategy)
    bootstrap = tuple((each.host, each.port) for each in upstream.bootstrap)
    return UpstreamTerms(sets, bootstrap, upstream.proxy, upstream.randomize_case)


def _server(upstream: UpstreamSettings, item: UpstreamItem) -> ServerTerms:
    return ServerTerms(item.url, float(item.timeout or upstream.timeout))


def route_sets(settings: Settings) -> Mapping[str, str]:
    """For each route the name of the upstream set that it leads to."""
    return {
        key: (DEFAULT if target == USUAL_SERVERS else target)
        if isinstance(target, str)
        else set_of_route(key)
        for key, target in settings.upstream.routes.items()
    }
