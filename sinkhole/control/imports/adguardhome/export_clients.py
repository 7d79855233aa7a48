"""Clients as AdGuard Home has them: what their groups say is theirs, as there are no groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sinkhole.control.imports.adguardhome.known_there import KNOWN_THERE
from sinkhole.control.imports.adguardhome.services import ENGINES, THEIR_NAMES
from sinkhole.control.imports.plan import DEFAULT_GROUP, Plan, shortened
from sinkhole.control.imports.servers import network_text
from sinkhole.control.settings.clients_schema import ClientSettings
from sinkhole.control.settings.filtering_schema import SafeSearchSettings
from sinkhole.control.settings.groups_schema import SafeSearchChoice
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.schema import Settings
from sinkhole.control.settings.shipped import chosen_services
from sinkhole.control.settings.upstream_schema import UpstreamItem

_WRITTEN: Final = frozenset(
    {"filtering", "services", "categories", "safe_search", "upstream", "log", "statistics"}
)
_FOR_EVERYBODY: Final = _WRITTEN | {"refuse_types", "rules"}
_OWN_FILTER: Final = ("filtering", "categories", "safe_search")


def theirs_of(settings: Settings, group: str, plan: Plan) -> dict[str, Any]:
    """What a group says that has a place there; the rest is told."""
    found = next((e for e in settings.groups if e.name.casefold() == group.casefold()), None)
    if found is None:
        return {}
    known = _FOR_EVERYBODY if group == DEFAULT_GROUP else _WRITTEN
    _tell_rest(f"group {shown(group)}", found.said, known, bool(found.schedules), plan)
    return {key: value for key, value in found.said.items() if key in known}


def clients_of(settings: Settings, plan: Plan) -> list[dict[str, Any]]:
    """All clients that AdGuard Home can know."""
    groups = {
        each.name.casefold(): theirs_of(settings, each.name, plan)
        for each in settings.groups
        if each.name != DEFAULT_GROUP
    }
    found = []
    for client in settings.clients:
        about = f"client {shown(client.name)}"
        ids = [*map(network_text, client.addresses), *client.macs, *client.ids]
        if client.hosts:
            text = f"AdGuard Home does not know clients by what the network calls them: {about}"
            plan.left(about, f"{text} is {', '.join(client.hosts)} here")
        if not ids:
            continue
        _tell_rest(about, client.said, _WRITTEN, bool(client.schedules), plan)
        group = groups.get((client.group or "").casefold(), {})
        found.append(_client(client, ids, {**group, **client.said}, settings, plan))
    return found


def _client(
    client: ClientSettings,
    ids: list[str],
    said: Mapping[str, Any],
    settings: Settings,
    plan: Plan,
) -> dict[str, Any]:
    is_on = said.get("filtering", True)
    categories = (said.get("categories") or ()) if is_on else ()
    search = settings.filtering.safe_search if is_on else SafeSearchSettings()
    servers: tuple[UpstreamItem, ...] = ()
    if (name := said.get("upstream")) in settings.upstream.sets:
        servers = settings.upstream.sets[str(name)].servers
    services = said.get("services")
    about = f"client {shown(client.name)}"
    own_search = said.get("safe_search") if is_on else None
    if own_search is not None:
        tell_safe_search(about, own_search, plan)
    return {
        "name": client.name,
        "ids": ids,
        "tags": list(client.tags),
        "upstreams": [each.url.text for each in servers],
        "use_global_settings": not any(key in said for key in _OWN_FILTER),
        "filtering_enabled": is_on,
        "parental_enabled": "adult" in categories,
        "safebrowsing_enabled": "malware" in categories,
        "safe_search": safe_search_as_theirs(search, own_search),
        "use_global_blocked_services": services is None,
        "blocked_services": services_as_theirs(services or (), about, plan),
        "ignore_querylog": said.get("log") is False,
        "ignore_statistics": said.get("statistics") is False,
    }


def services_as_theirs(choice: Iterable[str], about: str, plan: Plan) -> dict[str, Any]:
    """Services under their ids there; those that AdGuard Home does not know are told."""
    services = [each.id for word in choice for each in chosen_services([word])]
    if strange := [each for each in dict.fromkeys(services) if each not in KNOWN_THERE]:
        plan.left(about, f"{shortened(strange)}: not among the services of AdGuard Home")
    ids = dict.fromkeys(THEIR_NAMES.get(each, each) for each in services if each in KNOWN_THERE)
    return {"ids": list(ids), "schedule": {"time_zone": "Local"}}


def tell_safe_search(about: str, search: SafeSearchSettings | SafeSearchChoice, plan: Plan) -> None:
    """Tell what AdGuard Home does not know of safe search."""
    if search.brave:
        plan.left(about, "AdGuard Home has no safe search for Brave")
    if search.youtube == "strict":
        plan.differs(about, "AdGuard Home has one level for YouTube, which is moderate")


def safe_search_as_theirs(household: SafeSearchSettings, own: Any) -> dict[str, Any]:
    """Which engines are safe, by what somebody says beside the household."""
    engines: tuple[str, ...] = (*ENGINES, "youtube")
    values: dict[str, Any] = {each: getattr(own, each, None) for each in engines}
    found: dict[str, Any] = {
        each: getattr(household, each) if value is None else value for each, value in values.items()
    }
    found["youtube"] = found["youtube"] != "off"
    return {"enabled": any(found.values()), **found}


def _tell_rest(
    about: str, said: Mapping[str, Any], known: Iterable[str], has_schedules: bool, plan: Plan
) -> None:
    rest = sorted(set(said) - set(known)) + (["schedules"] if has_schedules else [])
    if rest:
        plan.left(about, f"AdGuard Home has no place for {', '.join(rest)}")
