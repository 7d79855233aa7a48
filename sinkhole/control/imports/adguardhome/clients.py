"""Clients of AdGuard Home with what is their own: filter, services, safe search, upstreams."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from sinkhole.control.imports.adguardhome.services import (
    safe_search_of,
    service_ids,
    take_hours,
)
from sinkhole.control.imports.branch import Branch
from sinkhole.control.imports.plan import Plan
from sinkhole.control.imports.servers import (
    adguardhome_server,
    network_text,
    split_lines,
    take_servers,
)
from sinkhole.control.settings.addresses import parse_network
from sinkhole.control.settings.clients_schema import KNOWN_TAGS, read_client_id, read_mac
from sinkhole.control.settings.quoting import shown

CLIENTS: Final = "clients"

_READERS: Final[tuple[tuple[str, Callable[[str], Any]], ...]] = (
    ("addresses", lambda text: network_text(parse_network(text))),
    ("macs", read_mac),
    ("ids", read_client_id),
)
_SOURCES: Final = {"arp": "neighbours", "rdns": "reverse", "dhcp": "leases"}
_BYTES: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){6,}")


def take_clients(clients: Branch, plan: Plan) -> None:
    """All clients, and where their names may come from."""
    sources = clients.below("runtime_sources")
    sources.ignore("whois", "hosts")
    for theirs, ours in _SOURCES.items():
        if not sources.flag(theirs, True):
            plan.set(f"devices.{ours}", False)
    taken: set[tuple[str, str]] = set()
    for client in clients.each("persistent"):
        _take_client(client, plan, taken)


def _take_client(client: Branch, plan: Plan, taken: set[tuple[str, str]]) -> None:
    client.ignore("uid", "upstreams_cache_size", "upstreams_cache_enabled", "safesearch_enabled")
    called = client.text("name")
    about = f"client {shown(called)}"
    value = _known_by(client, about, plan, taken)
    # The rest is read as well where nobody is meant: else all of it would be told as unknown.
    value |= _own(client, called, about, plan) if value else {}
    if not value:
        client.ignore(*_OWN)
        plan.left(about, "nothing is left by which it could be known")
        return
    plan.put(CLIENTS, plan.clients.free(called), value)


_OWN: Final = (
    *("tags", "upstreams", "use_global_settings", "filtering_enabled", "parental_enabled"),
    *("safebrowsing_enabled", "safe_search", "use_global_blocked_services", "blocked_services"),
    *("ignore_querylog", "ignore_statistics"),
)


def _known_by(
    client: Branch, about: str, plan: Plan, taken: set[tuple[str, str]]
) -> dict[str, Any]:
    """What a client is known by, in the kinds that ours has."""
    found: dict[str, list[str]] = {}
    for text in client.texts("ids"):
        kind, value = _identifier(text)
        if not kind:
            plan.left(about, f"{shown(text)}: {value}")
        elif (kind, value) in taken:
            plan.left(about, f"{shown(text)} is another client's already")
        else:
            taken.add((kind, value))
            found.setdefault(kind, []).append(value)
    return dict(found)


def _identifier(text: str) -> tuple[str, str]:
    """The key that takes an id, and the id as it has it; "" and why none does."""
    if _BYTES.fullmatch(text):
        return "", "hardware addresses of more than six bytes are not known here"
    for kind, read in _READERS:
        try:
            return kind, str(read(text))
        except ValueError as error:
            reason = str(error)
    return "", reason


def _own(client: Branch, called: str, about: str, plan: Plan) -> dict[str, Any]:
    """What applies to a client alone."""
    value: dict[str, Any] = {}
    tags = client.texts("tags")
    if known := [each for each in tags if each in KNOWN_TAGS]:
        value["tags"] = known
    if strange := [each for each in tags if each not in KNOWN_TAGS]:
        plan.left(about, f"tags that are not known: {', '.join(map(shown, strange))}")
    services = _services(client, called, plan)
    value |= _filter(client, about, plan, has_services=bool(services.get("services"))) | services
    if upstream := _upstreams(client, called, about, plan):
        value["upstream"] = upstream
    if client.flag("ignore_querylog"):
        value["log"] = False
    if client.flag("ignore_statistics"):
        value["statistics"] = False
    return value


def _filter(client: Branch, about: str, plan: Plan, *, has_services: bool) -> dict[str, Any]:
    """Its own filter; AdGuard Home keeps what it says even while the household's counts."""
    search = safe_search_of(client.below("safe_search"), usual=False)
    words = (("adult", "parental_enabled"), ("malware", "safebrowsing_enabled"))
    categories = [word for word, key in words if client.flag(key)]
    is_on = client.flag("filtering_enabled", True)
    if client.flag("use_global_settings", True):
        return {}
    value: dict[str, Any] = {"categories": categories, "safe_search": search}
    has_more = has_services or categories or any(v not in (False, "off") for v in search.values())
    if not is_on and has_more:
        value["lists"] = []
        plan.differs(about, "no lists are asked for it; the household's own rules still are")
    elif not is_on:
        return {"filtering": False}
    return value


def _services(client: Branch, called: str, plan: Plan) -> dict[str, Any]:
    """Services that it has in place of the household's, with their hours."""
    blocked = client.below("blocked_services")
    if client.flag("use_global_blocked_services", True):
        blocked.ignore("ids", "schedule")
        return {}
    ids = service_ids(blocked, plan)
    value: dict[str, Any] = {"services": ids}
    when = take_hours(blocked.below("schedule"), plan, f"{called}: services allowed")
    if ids and when:
        value["schedules"] = [{"when": when, "services": []}]
    return value


def _upstreams(client: Branch, called: str, about: str, plan: Plan) -> str:
    """The name of a set with its own upstreams, "" without."""
    usual = []
    for line in client.texts("upstreams"):
        if line.startswith("[/"):
            plan.left(about, f"{shown(line)}: routes are for everybody here, not for one client")
        else:
            usual.append(line)
    servers = take_servers(plan, about, split_lines(plan, about, usual), adguardhome_server)
    if not servers:
        return ""
    for known in plan.items("upstream.sets"):
        if plan.wants("upstream.sets", known)["servers"] == servers:
            return known
    name = plan.sets.free(called)
    plan.put("upstream.sets", name, {"servers": servers})
    return name
