"""Whom names are asked of, and how they are answered, in the form of that server.

Only what is another value than was shown is a change, so what can't be said there stays. What we
have no twin of has the one value that is true here; another one is refused, in words.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final

from pydantic import Field

from sinkhole.control.operations import cache, upstreams
from sinkhole.control.operations.operation import Nothing as NoInput
from sinkhole.control.operations.protection import status_of
from sinkhole.control.settings import Endpoint, Settings
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.units import Duration, Size
from sinkhole.control.web.adguard import everybody
from sinkhole.control.web.adguard import upstreams as notation
from sinkhole.control.web.adguard.answers import NOTHING, OK, Nothing, Text
from sinkhole.control.web.adguard.asked import Asked, Body, bad_request, forgotten
from sinkhole.control.web.adguard.general import protect
from sinkhole.model.errors import RequestError

AT_ONCE: Final = 3
"""Servers that are tried at once for one request: others may want to try some, too."""
MOST_TRIED: Final = 50
DNS_PORT: Final = 53

_TYPE: Final = "AAAA"
_UNCHANGEABLE: Final = {
    "upstream_dns_file": "servers stand in the settings, not in a file of their own",
    "ratelimit_whitelist": "the limit of a group or client is set there, 0 for none",
    "dnssec_enabled": "whoever asks for signatures gets them, and nobody else pays for them",
}
"""What has one value only, and why."""


async def info(asked: Asked) -> dict[str, Any]:
    """GET dns_info."""
    protection = status_of(asked.house)
    until = None
    if protection.left_s is not None:
        until = datetime.fromtimestamp(time.time() + protection.left_s, UTC).isoformat()
    return {
        **shown(asked.settings),
        "protection_enabled": protection.enabled,
        "protection_disabled_until": until,
        "default_local_ptr_upstreams": [],
    }


def shown(settings: Settings) -> dict[str, Any]:
    """What can be set there, as it is."""
    upstream, dns = settings.upstream.without_secrets(), settings.dns
    router = settings.devices.router
    return {
        "upstream_dns": notation.shown(settings),
        "upstream_dns_file": "",
        "bootstrap_dns": [_server_text(each) for each in upstream.bootstrap],
        "fallback_dns": notation.texts_of(upstream.fallback),
        "ratelimit": dns.rate_limit,
        "ratelimit_subnet_len_ipv4": dns.rate_limit_ipv4_prefix,
        "ratelimit_subnet_len_ipv6": dns.rate_limit_ipv6_prefix,
        "ratelimit_whitelist": [],
        "upstream_timeout": max(1, round(float(upstream.timeout))),
        "upstream_mode": "parallel" if upstream.strategy == "parallel" else "",
        "dnssec_enabled": True,
        "disable_ipv6": _TYPE in _refused_types(settings),
        "resolve_clients": settings.devices.reverse,
        "use_private_ptr_resolvers": router is not None,
        "local_ptr_upstreams": [] if router is None else [_server_text(router)],
        **_subnet(settings),
        **_blocking(settings),
        **_cache(settings),
    }


def _refused_types(settings: Settings) -> tuple[str, ...]:
    found: tuple[str, ...] = everybody.said(
        settings, "refuse_types", settings.filtering.refuse_types
    )
    return found


def _server_text(server: Endpoint) -> str:
    """A plain server, without the port that all have."""
    return server.host if server.port == DNS_PORT else str(server)


def _subnet(settings: Settings) -> dict[str, Any]:
    told = settings.upstream.client_subnet
    return {
        "edns_cs_enabled": told.mode != "off",
        "edns_cs_use_custom": told.mode == "fixed",
        "edns_cs_custom_ip": str(told.network.network_address) if told.network else "",
    }


def _blocking(settings: Settings) -> dict[str, Any]:
    blocking = settings.filtering.blocking
    return {
        # "There is a name, without an address" does not exist there; this comes next to it.
        "blocking_mode": "nxdomain" if blocking.mode == "nodata" else blocking.mode,
        "blocking_ipv4": str(blocking.custom_ipv4 or ""),
        "blocking_ipv6": str(blocking.custom_ipv6 or ""),
        "blocked_response_ttl": round(float(blocking.ttl_in_force)),
    }


def _cache(settings: Settings) -> dict[str, Any]:
    kept = settings.cache
    is_usual = kept.max_ttl == Settings().cache.max_ttl
    return {
        "cache_enabled": kept.max_ttl > 0,
        "cache_size": int(kept.size),
        "cache_ttl_min": round(float(kept.min_ttl)),
        "cache_ttl_max": 0 if is_usual else round(float(kept.max_ttl)),
        "cache_optimistic": kept.serve_stale > 0,
    }


# ---- changing ----------------------------------------------------------------------------------


class _Config(Body):
    upstream_dns: list[str] | None = None
    upstream_dns_file: str | None = None
    bootstrap_dns: list[str] | None = None
    fallback_dns: list[str] | None = None
    protection_enabled: bool | None = None
    ratelimit: int | None = None
    ratelimit_subnet_len_ipv4: int | None = None
    ratelimit_subnet_len_ipv6: int | None = None
    ratelimit_whitelist: list[str] | None = None
    upstream_timeout: int | None = None
    upstream_mode: str | None = None
    dnssec_enabled: bool | None = None
    disable_ipv6: bool | None = None
    resolve_clients: bool | None = None
    use_private_ptr_resolvers: bool | None = None
    local_ptr_upstreams: list[str] | None = None
    edns_cs_enabled: bool | None = None
    edns_cs_use_custom: bool | None = None
    edns_cs_custom_ip: str | None = None
    blocking_mode: str | None = None
    blocking_ipv4: str | None = None
    blocking_ipv6: str | None = None
    blocked_response_ttl: int | None = Field(default=None, ge=0)
    cache_enabled: bool | None = None
    cache_size: int | None = Field(default=None, ge=0)
    cache_ttl_min: int | None = Field(default=None, ge=0)
    cache_ttl_max: int | None = Field(default=None, ge=0)
    cache_optimistic: bool | None = None


async def configure(asked: Asked) -> Nothing:
    """POST dns_config: what is said of it."""
    given = await asked.body(_Config)
    changes = config_changes(asked.settings, given.model_dump(exclude_none=True))
    if changes:
        await asked.change("settings.change", changes, "DNS")
    wanted = given.protection_enabled
    if wanted is not None and wanted != status_of(asked.house).enabled:
        await protect(asked, wanted)
    return NOTHING


def config_changes(settings: Settings, given: Mapping[str, Any]) -> list[Change]:
    """What makes so what is given, but for protection; Refused (400) for what can't be had."""
    now = shown(settings)
    said = {key: value for key, value in given.items() if key in now}
    if said.get("upstream_mode") == "load_balance":
        said["upstream_mode"] = ""
    other = {key: value for key, value in said.items() if value != now[key]}
    for key in _UNCHANGEABLE.keys() & other.keys():
        raise bad_request(f"{key}: can't be changed here: {_UNCHANGEABLE[key]}")
    wanted = {**now, **said}
    has_router = bool(wanted["local_ptr_upstreams"])
    if "use_private_ptr_resolvers" in other and said["use_private_ptr_resolvers"] != has_router:
        raise bad_request("use_private_ptr_resolvers: is on while local_ptr_upstreams has one")
    changes: list[Change] = []
    for keys, make in _MAKERS:
        if not other.keys().isdisjoint(keys):
            changes += make(settings, wanted, other)
    return changes


Make = Callable[[Settings, Mapping[str, Any], Mapping[str, Any]], list[Change]]
"""By the settings in force, all values as they are to be, and those of them that are new."""


def _servers(
    settings: Settings, wanted: Mapping[str, Any], other: Mapping[str, Any]
) -> list[Change]:
    changes = []
    if "upstream_dns" in other:
        changes += notation.upstream_changes(settings, wanted["upstream_dns"])
    if "fallback_dns" in other:
        now = settings.upstream.without_secrets().fallback
        texts = notation.read(wanted["fallback_dns"]).servers
        changes += notation.list_changes(notation.FALLBACK, now, texts)
    if "bootstrap_dns" in other:
        changes.append(Change("upstream.bootstrap", value=wanted["bootstrap_dns"]))
    return changes


def _asking(
    settings: Settings, wanted: Mapping[str, Any], other: Mapping[str, Any]
) -> list[Change]:
    changes = []
    if "upstream_timeout" in other:
        changes.append(Change("upstream.timeout", value=f"{wanted['upstream_timeout']}s"))
    if "upstream_mode" in other:
        strategy = {"": "load_balance", "parallel": "parallel"}.get(wanted["upstream_mode"])
        if strategy is None:
            told = "sinkhole does not try out the addresses of answers: choose load_balance"
            raise bad_request(f"upstream_mode {wanted['upstream_mode'][:40]!r}: {told} or parallel")
        changes.append(Change("upstream.strategy", value=strategy))
    if "resolve_clients" in other:
        changes.append(Change("devices.reverse", value=wanted["resolve_clients"]))
    if "local_ptr_upstreams" in other:
        changes.append(_router(settings, wanted["local_ptr_upstreams"]))
    return changes


def _router(settings: Settings, servers: list[str]) -> Change:
    if len(servers) > 1:
        raise bad_request("local_ptr_upstreams: sinkhole asks one router for names of devices")
    if not servers:
        return forgotten(settings, "devices.router")
    return Change("devices.router", value=servers[0])


def _limits(
    settings: Settings, wanted: Mapping[str, Any], other: Mapping[str, Any]
) -> list[Change]:
    keys = {
        "ratelimit": "dns.rate_limit",
        "ratelimit_subnet_len_ipv4": "dns.rate_limit_ipv4_prefix",
        "ratelimit_subnet_len_ipv6": "dns.rate_limit_ipv6_prefix",
    }
    return [Change(key, value=wanted[name]) for name, key in keys.items() if name in other]


def _subnet_told(
    settings: Settings, wanted: Mapping[str, Any], other: Mapping[str, Any]
) -> list[Change]:
    """An address that is kept there for later, while nothing is told, is kept by nobody here."""
    address = wanted["edns_cs_custom_ip"]
    try:
        if address:
            ip_address(address)
    except ValueError as error:
        raise bad_request(f"edns_cs_custom_ip: {error}") from None
    told = "off"
    if wanted["edns_cs_enabled"]:
        told = address if wanted["edns_cs_use_custom"] else "client"
    if not told:
        raise bad_request("edns_cs_custom_ip: is empty, so there is nothing to tell")
    if told == "off" and settings.upstream.client_subnet.mode == "off":
        return []
    return [Change("upstream.client_subnet", value=told)]


def _answers(
    settings: Settings, wanted: Mapping[str, Any], other: Mapping[str, Any]
) -> list[Change]:
    changes = []
    if "blocking_mode" in other:
        if wanted["blocking_mode"] == "nodata":
            raise bad_request('validating dns config: bad blocking mode "nodata"')
        changes.append(Change("filtering.blocking.mode", value=wanted["blocking_mode"]))
    for name, key in (("blocking_ipv4", "custom_ipv4"), ("blocking_ipv6", "custom_ipv6")):
        if name in other:
            whole = f"filtering.blocking.{key}"
            value = wanted[name]
            changes.append(Change(whole, value=value) if value else forgotten(settings, whole))
    if "blocked_response_ttl" in other:
        changes.append(Change("filtering.blocking.ttl", value=f"{wanted['blocked_response_ttl']}s"))
    if "disable_ipv6" in other:
        now = _refused_types(settings)
        then = [each for each in now if each != _TYPE] + [_TYPE] * wanted["disable_ipv6"]
        key = "filtering.refuse_types"
        changes += everybody.changes_of(settings, "refuse_types", key, now, then)
    return changes


def _kept(settings: Settings, wanted: Mapping[str, Any], other: Mapping[str, Any]) -> list[Change]:
    changes = []
    if "cache_size" in other and wanted["cache_enabled"]:
        changes.append(Change("cache.size", value=str(Size(wanted["cache_size"]))))
    if "cache_optimistic" in other:
        if wanted["cache_optimistic"]:
            changes.append(forgotten(settings, "cache.serve_stale"))
        else:
            changes.append(Change("cache.serve_stale", value="0s"))
    if other.keys() & {"cache_enabled", "cache_ttl_min", "cache_ttl_max"}:
        least, most = wanted["cache_ttl_min"], wanted["cache_ttl_max"]
        if not wanted["cache_enabled"]:
            least, most = 0, 0
        changes.append(Change("cache.min_ttl", value=str(Duration(least))))
        if wanted["cache_enabled"] and not most:
            changes.append(forgotten(settings, "cache.max_ttl"))
        else:
            changes.append(Change("cache.max_ttl", value=str(Duration(most))))
    return changes


_MAKERS: Final[tuple[tuple[frozenset[str], Make], ...]] = (
    (frozenset({"upstream_dns", "fallback_dns", "bootstrap_dns"}), _servers),
    (
        frozenset({"upstream_timeout", "upstream_mode", "resolve_clients", "local_ptr_upstreams"}),
        _asking,
    ),
    (
        frozenset({"ratelimit", "ratelimit_subnet_len_ipv4", "ratelimit_subnet_len_ipv6"}),
        _limits,
    ),
    (frozenset({"edns_cs_enabled", "edns_cs_use_custom", "edns_cs_custom_ip"}), _subnet_told),
    (
        frozenset(
            {
                *("blocking_mode", "blocking_ipv4", "blocking_ipv6", "blocked_response_ttl"),
                "disable_ipv6",
            }
        ),
        _answers,
    ),
    (
        frozenset(
            {
                *("cache_enabled", "cache_size", "cache_ttl_min", "cache_ttl_max"),
                "cache_optimistic",
            }
        ),
        _kept,
    ),
)
"""Which values each of them sees to."""


# ---- what is done at once ----------------------------------------------------------------------


async def clear_cache(asked: Asked) -> Text:
    """POST cache_clear."""
    await asked.do(cache.flush, NoInput())
    return OK


class _Trial(Body):
    upstream_dns: list[str] = Field(default=[])
    bootstrap_dns: list[str] = Field(default=[])
    fallback_dns: list[str] = Field(default=[])
    private_upstream: list[str] = Field(default=[])


async def test_upstreams(asked: Asked) -> dict[str, str]:
    """POST test_upstream_dns: "OK" or what is wrong, for each server, also of routes."""
    given = await asked.body(_Trial)
    lines = [*given.upstream_dns, *given.bootstrap_dns, *given.fallback_dns]
    servers = notation.servers_in([*lines, *given.private_upstream])
    if len(servers) > MOST_TRIED:
        raise bad_request(f"{MOST_TRIED} servers may be tried at once")
    told: dict[str, str] = {}
    for at in range(0, len(servers), AT_ONCE):
        some = servers[at : at + AT_ONCE]
        told |= dict(
            zip(some, await asyncio.gather(*(_tried(asked, each) for each in some)), strict=True)
        )
    return told


async def _tried(asked: Asked, server: str) -> str:
    try:
        found = await asked.do(upstreams.test, upstreams.UpstreamUrl(url=server))
    except RequestError as error:
        return str(error)
    if found.error:
        return f"couldn't communicate with upstream: {server}: {found.error}"
    return "OK"
