"""Our settings as an AdGuardHome.yaml of the newest schema, and a word about what it can't hold.

http: ...
dns: ...           each section a block, what it holds a line each, as JSON, which YAML takes
schema_version: 34
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from sinkhole.control.imports.adguardhome.export_clients import (
    clients_of,
    safe_search_as_theirs,
    services_as_theirs,
    tell_safe_search,
    theirs_of,
)
from sinkhole.control.imports.adguardhome.schema import NEWEST
from sinkhole.control.imports.plan import DEFAULT_GROUP, Note, Plan
from sinkhole.control.imports.servers import network_text
from sinkhole.control.settings.addresses import ANY, Network
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.schema import Settings
from sinkhole.control.settings.units import Duration
from sinkhole.control.settings.upstream_schema import USUAL_SERVERS, UpstreamItem
from sinkhole.control.settings.upstream_values import UNQUALIFIED

MOST_REFUSED: Final = 20
"""Networks that are cut out of those that may ask: each cut makes up to 128 of one."""

MOST_HOURS: Final = 365 * 24

_MODES: Final = {"fastest": "load_balance", "strict": "load_balance"}
_FILE: Final = "file:"

Tree = dict[str, Any]


class Exported(NamedTuple):
    """The text of the file, and what is not in it."""

    text: str
    notes: tuple[Note, ...]


def export_adguardhome(settings: Settings) -> Exported:
    """Write the file; its notes say what AdGuard Home has no place for."""
    plan = Plan("sinkhole")
    everybody = theirs_of(settings, DEFAULT_GROUP, plan)
    tree: Tree = {
        "http": {"address": str(settings.web.listen)},
        "dns": _dns(settings, everybody, plan),
        "tls": _tls(settings),
        "querylog": _query_log(settings, plan),
        "statistics": {
            "enabled": everybody.get("statistics", True),
            "interval": _kept("stats.keep", settings.stats.keep, plan),
        },
        "filters": _lists(settings, "block"),
        "whitelist_filters": _lists(settings, "allow"),
        "user_rules": [*settings.filtering.rules, *everybody.get("rules", ())],
        "filtering": _filtering(settings, everybody, plan),
        "clients": {
            "runtime_sources": _sources(settings),
            "persistent": clients_of(settings, plan),
        },
        "schema_version": NEWEST,
    }
    return Exported("".join(f"{line}\n" for line in _lines(tree)), tuple(plan.notes))


def _lines(tree: Mapping[str, Any]) -> Iterator[str]:
    for section, value in tree.items():
        if isinstance(value, dict):
            yield f"{section}:"
            yield from (f"  {key}: {_json(each)}" for key, each in value.items())
        elif isinstance(value, list) and value:
            yield f"{section}:"
            yield from (f"  - {_json(each)}" for each in value)
        else:
            yield f"{section}: {_json(value)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


# ---- who is asked, and who may ask -------------------------------------------------------------


def _dns(settings: Settings, everybody: Mapping[str, Any], plan: Plan) -> Tree:
    upstream, dns, cache = settings.upstream, settings.dns, settings.cache
    port = dns.listen[0].port
    if any(each.port != port for each in dns.listen):
        plan.left("dns.listen", f"AdGuard Home listens on one port, which is {port}")
    hosts = [each.host for each in dns.listen if each.port == port]
    subnet = upstream.client_subnet
    if upstream.strategy in _MODES:
        text = f"AdGuard Home has no {upstream.strategy}: it asks its servers in turn"
        plan.differs("upstream.strategy", text)
    return {
        "bind_hosts": ["0.0.0.0"] if "0.0.0.0" in hosts else hosts,
        "port": port,
        "anonymize_client_ip": settings.query_log.privacy != "full",
        "ratelimit": dns.rate_limit,
        "ratelimit_subnet_len_ipv4": dns.rate_limit_ipv4_prefix,
        "ratelimit_subnet_len_ipv6": dns.rate_limit_ipv6_prefix,
        "upstream_dns": [*_servers(upstream.servers, plan), *_routes(settings, plan)],
        "bootstrap_dns": [str(each) for each in upstream.bootstrap],
        "fallback_dns": _servers(upstream.fallback, plan),
        "upstream_mode": _MODES.get(upstream.strategy, upstream.strategy),
        "upstream_timeout": f"{round(float(upstream.timeout) * 1000)}ms",
        **_access(dns, plan),
        "trusted_proxies": [str(each) for each in dns.proxies],
        "cache_enabled": bool(cache.max_ttl),
        "cache_size": int(cache.size),
        "cache_ttl_min": int(cache.min_ttl),
        "cache_ttl_max": int(cache.max_ttl),
        "bogus_nxdomain": [str(each) for each in settings.filtering.builtin.bogus_nxdomain],
        "aaaa_disabled": "AAAA" in everybody.get("refuse_types", ()),
        "edns_client_subnet": {
            "enabled": subnet.mode != "off",
            "use_custom": subnet.network is not None,
            "custom_ip": str(subnet.network.network_address) if subnet.network else "",
        },
        "use_dns64": upstream.dns64.enabled,
        "dns64_prefixes": [str(upstream.dns64.prefix)] if upstream.dns64.enabled else [],
        "hostsfile_enabled": settings.local.hosts_file is not False,
    }


def _access(dns: DnsSettings, plan: Plan) -> Tree:
    """Who may ask: there either some may, or all but some."""
    if any(each in dns.allow for each in ANY):
        return {"allowed_clients": [], "disallowed_clients": list(map(network_text, dns.deny))}
    if len(dns.deny) > MOST_REFUSED:
        text = f"{len(dns.deny)} networks are too many to be cut out of those that are allowed"
        plan.left("dns.deny", f"{text}: there they may ask")
        return {"allowed_clients": list(map(network_text, dns.allow)), "disallowed_clients": []}
    allowed: list[Network] = list(dns.allow)
    for each in dns.deny:
        allowed = [rest for network in allowed for rest in _without(network, each)]
    return {"allowed_clients": list(map(network_text, allowed)), "disallowed_clients": []}


def _without(network: Network, other: Network) -> list[Network]:
    if network.version != other.version or not network.overlaps(other):
        return [network]
    if other.supernet_of(network):  # type: ignore[arg-type]  # both are of one version here
        return []
    return list(network.address_exclude(other))  # type: ignore[arg-type]  # as above


def _servers(items: tuple[UpstreamItem, ...], plan: Plan) -> list[str]:
    return [text for each in items if (text := server_text(each, plan))]


def server_text(item: UpstreamItem, plan: Plan) -> str:
    """A server as AdGuard Home writes it, "" for one it can't ask, which is told."""
    url = item.url
    if url.server_name or url.pins or url.hashes or url.addresses:
        text = "AdGuard Home takes neither another name behind # nor what stands behind ?"
        plan.left(f"upstream {url.text.partition('?')[0]}", text)
        return ""
    return url.text


def _routes(settings: Settings, plan: Plan) -> list[str]:
    """Routes as lines; those to the same servers stay lines of their own."""
    lines = []
    for name, target in settings.upstream.routes.items():
        zone = "" if name == UNQUALIFIED else name
        if target == USUAL_SERVERS:
            servers = ["#"]
        elif isinstance(target, str):
            servers = _servers(settings.upstream.sets[target].servers, plan)
        else:
            servers = _servers(target, plan)
        if servers:
            lines.append(f"[/{zone}/]{' '.join(servers)}")
    return lines


def _tls(settings: Settings) -> Tree:
    dns = settings.dns

    def port_of(key: str) -> int:
        found = getattr(dns, key)
        return int(found[0].port) if found else 0

    return {
        "enabled": dns.certificate is not None and dns.is_encrypted,
        "server_name": dns.names[0] if dns.names else "",
        "port_https": port_of("https"),
        "port_dns_over_tls": port_of("tls"),
        "port_dns_over_quic": port_of("quic"),
        "certificate_path": str(dns.certificate or ""),
        "private_key_path": str(dns.certificate_key or ""),
    }


# ---- what is refused ---------------------------------------------------------------------------


def _lists(settings: Settings, kind: str) -> list[Tree]:
    return [
        {
            "enabled": each.enabled,
            "url": each.url.removeprefix(_FILE),
            "name": each.name,
            "id": number,
        }
        for number, each in enumerate(settings.filtering.lists, start=1)
        if each.kind == kind
    ]


def _filtering(settings: Settings, everybody: Mapping[str, Any], plan: Plan) -> Tree:
    filtering, blocking = settings.filtering, settings.filtering.blocking
    mode = blocking.mode
    if mode == "nodata":
        plan.differs("filtering.blocking.mode", "AdGuard Home has no nodata: null_ip is written")
        mode = "null_ip"
    categories = everybody.get("categories", ())
    services = everybody.get("services", filtering.services)
    for about, search in (
        ("filtering.safe_search", filtering.safe_search),
        (f"group {shown(DEFAULT_GROUP)}", everybody.get("safe_search")),
    ):
        if search is not None:
            tell_safe_search(about, search, plan)
    return {
        "blocking_mode": mode,
        "blocking_ipv4": str(blocking.custom_ipv4 or ""),
        "blocking_ipv6": str(blocking.custom_ipv6 or ""),
        "blocked_response_ttl": int(blocking.ttl_in_force),
        "filters_update_interval": round(float(filtering.update_interval) / 3600),
        "filtering_enabled": everybody.get("filtering", True),
        "protection_enabled": True,
        "parental_enabled": "adult" in categories,
        "safebrowsing_enabled": "malware" in categories,
        "blocked_services": services_as_theirs(services, "filtering.services", plan),
        "safe_search": safe_search_as_theirs(filtering.safe_search, everybody.get("safe_search")),
        "rewrites_enabled": settings.local.enabled,
        "rewrites": _rewrites(settings, plan),
    }


def _rewrites(settings: Settings, plan: Plan) -> list[Tree]:
    local = settings.local
    found = []
    for key, names, is_on in (
        ("local.records", local.records, True),
        ("local.switched_off", local.switched_off, False),
    ):
        for name, record in ((name, each) for name, some in names.items() for each in some):
            kind, _, data = str(record).partition(" ")
            if data and kind != "CNAME":
                plan.left(f"{key} {name}", f"AdGuard Home has no rewrites of type {kind}")
            else:
                found.append({"domain": name, "answer": data or kind, "enabled": is_on})
    return found


# ---- what is written down ----------------------------------------------------------------------


def _query_log(settings: Settings, plan: Plan) -> Tree:
    log = settings.query_log
    if log.privacy not in ("full", "anonymous_clients"):
        text = "AdGuard Home writes names and the networks of clients all the same"
        plan.differs("query_log.privacy", text)
    return {
        "enabled": log.enabled,
        "interval": _kept("query_log.keep", log.keep, plan),
        "ignored": list(log.ignore_names),
        "ignored_enabled": bool(log.ignore_names),
    }


def _sources(settings: Settings) -> Tree:
    """Where names of devices may come from."""
    devices = settings.devices
    return {
        "whois": False,
        "arp": devices.neighbours,
        "rdns": devices.reverse,
        "dhcp": devices.leases,
        "hosts": devices.hosts_file is not False,
    }


def _kept(about: str, keep: Duration, plan: Plan) -> str:
    """For how long, in hours; AdGuard Home does not start with more than a year."""
    hours = round(float(keep) / 3600)
    if hours > MOST_HOURS:
        plan.differs(about, "AdGuard Home keeps a year at most, so that is what is written")
    return f"{min(hours, MOST_HOURS)}h"
