"""What a client of the settings looks like at that server, and what a change of that comes to.

Only what is another value than was shown is changed, so a client that is edited there keeps what
only we know of it: its group, its rules, its lists, what is different by the hour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import Field

from sinkhole.control.settings import ClientSettings, GroupSettings, Settings
from sinkhole.control.settings.addresses import parse_network
from sinkhole.control.settings.clients_schema import IDENTIFIERS, read_client_id, read_mac
from sinkhole.control.settings.groups_schema import DEFAULT_GROUP
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.web.adguard import upstreams as notation
from sinkhole.control.web.adguard.access import network_text, network_texts
from sinkhole.control.web.adguard.asked import Body, bad_request
from sinkhole.control.web.adguard.pauses import (
    NAME,
    Week,
    owner_of_client,
    pause_in,
    paused_by,
    paused_item,
    shown_week,
)
from sinkhole.control.web.adguard.services import Known, chosen, expanded
from sinkhole.control.web.adguard.switches import (
    ENGINES,
    SafeSearchBody,
    levels_of,
    shown_safe_search,
)

SETS: Final = "upstream.sets"

_GLOBAL: Final = ("filtering", "categories", "safe_search")
"""What a client has from its group or the household while it uses the global settings there."""
_EMPTY: Final = (*IDENTIFIERS, "tags", "schedules")
_LONGEST_NAME: Final = 100
_SET_PREFIX: Final = "client-"
_CATEGORIES: Final = {"parental_enabled": "adult", "safebrowsing_enabled": "malware"}


class ClientBody(Body):
    """A client there; what is left out is off or empty."""

    name: str = Field(default="", max_length=100)
    ids: list[str] = Field(default=[])
    tags: list[str] = Field(default=[])
    upstreams: list[str] = Field(default=[])
    use_global_settings: bool = False
    filtering_enabled: bool = False
    parental_enabled: bool = False
    safebrowsing_enabled: bool = False
    safesearch_enabled: bool = False
    safe_search: SafeSearchBody | None = None
    use_global_blocked_services: bool = False
    blocked_services: list[str] = Field(default=[])
    blocked_services_schedule: Week = Week()
    ignore_querylog: bool = False
    ignore_statistics: bool = False
    upstreams_cache_enabled: bool = False
    upstreams_cache_size: int = 0

    @property
    def wanted_safe_search(self) -> SafeSearchBody:
        """Where only the older switch is said, it is for all search engines."""
        if self.safe_search is not None:
            return self.safe_search
        engines = dict.fromkeys(ENGINES, self.safesearch_enabled)
        return SafeSearchBody.model_validate({"enabled": self.safesearch_enabled, **engines})


class Scene(NamedTuple):
    """What a client is seen in: all settings, and the services there are."""

    settings: Settings
    known: Known


def shown(client: ClientSettings, scene: Scene) -> dict[str, Any]:
    """A client as it is there. What it has from others while it uses the global settings is not
    its own, and off there; so are all search engines while safe search is."""
    settings = scene.settings
    is_global = all(getattr(client, key) is None for key in _GLOBAL)
    categories = _said(client, settings, "categories", settings.filtering.categories)
    is_filtered = _said(client, settings, "filtering", settings.filtering.enabled)
    safe_search = shown_safe_search(_levels(client, settings))
    if is_global:
        categories, is_filtered = (), False
    if is_global or not safe_search["enabled"]:
        safe_search = dict.fromkeys(safe_search, False)
    return {
        "name": client.name,
        "ids": _ids(client),
        "tags": list(client.tags),
        "upstreams": _upstreams(client, settings),
        "use_global_settings": is_global,
        "filtering_enabled": is_filtered,
        "parental_enabled": "adult" in categories,
        "safebrowsing_enabled": "malware" in categories,
        "safesearch_enabled": safe_search["enabled"],
        "safe_search": safe_search,
        "use_global_blocked_services": client.services is None,
        "blocked_services": expanded(client.services or (), scene.known),
        "blocked_services_schedule": shown_week(settings, pause_in(client.schedules)),
        "ignore_querylog": not _said(client, settings, "log", True),
        "ignore_statistics": not _said(client, settings, "statistics", True),
        "upstreams_cache_enabled": False,
        "upstreams_cache_size": 0,
    }


def _ids(client: ClientSettings) -> list[str]:
    found = [*network_texts(client.addresses), *client.macs, *client.ids]
    return found or list(client.hosts)


def _upstreams(client: ClientSettings, settings: Settings) -> list[str]:
    found = settings.upstream.without_secrets().sets.get(client.upstream or "")
    return notation.texts_of(found.servers) if found is not None else []


def _group_of(client: ClientSettings, settings: Settings) -> GroupSettings | None:
    folded = (client.group or DEFAULT_GROUP).casefold()
    return next((each for each in settings.groups if each.name.casefold() == folded), None)


def _said(client: ClientSettings, settings: Settings, key: str, usual: Any) -> Any:
    """What a client says, else its group, else the household."""
    for each in (client, _group_of(client, settings)):
        if each is not None and (value := getattr(each, key)) is not None:
            return value
    return usual


def _levels(client: ClientSettings, settings: Settings) -> dict[str, Any]:
    levels = settings.filtering.safe_search.model_dump()
    for each in (_group_of(client, settings), client):
        if each is not None and each.safe_search is not None:
            levels |= each.safe_search.model_dump(exclude_none=True)
    return levels


# ---- changes -----------------------------------------------------------------------------------


def said_of(client: ClientSettings) -> dict[str, Any]:
    """What the settings say of a client, without what is empty because nothing is said. An empty
    list of its own, such as of services, is something."""
    said = plain_of(client)
    return {key: value for key, value in said.items() if value or key not in _EMPTY}


class Edited(NamedTuple):
    """A client as the settings are to have it, and what has to change besides."""

    item: dict[str, Any]
    changes: list[Change]


def edited(client: ClientSettings | None, given: ClientBody, scene: Scene) -> Edited:
    """What a client, or a new one, is to be. Refused (400) for what can't be had here."""
    if given.upstreams_cache_enabled or given.upstreams_cache_size:
        raise bad_request("upstreams_cache_enabled: one cache is for all clients here")
    blank = ClientSettings.model_construct(name=given.name)
    before = client or blank
    item = said_of(client) if client is not None else {}
    told = shown(before, scene)
    item["name"] = given.name
    _identify(item, before, given, told)
    _filter(item, before, given, told, scene.settings)
    _block_services(item, before, given, told, scene.known)
    for name, key in (("ignore_querylog", "log"), ("ignore_statistics", "statistics")):
        if (ignored := getattr(given, name)) != told[name]:
            item[key] = not ignored
    item, paused = _pause(item, before, given, told, scene.settings)
    return Edited(item, [*paused, *_ask(item, before, given, told, scene.settings)])


def _identify(
    item: dict[str, Any], before: ClientSettings, given: ClientBody, told: Mapping[str, Any]
) -> None:
    if not given.ids:
        raise bad_request("id required")
    if set(given.ids) != set(told["ids"]):
        found = sorted_ids(given.ids, before.hosts)
        if not (set(before.hosts) & set(told["ids"])):
            found["hosts"] = list(before.hosts)  # which are not told there
        for key in IDENTIFIERS:
            item.pop(key, None)
            if found[key]:
                item[key] = found[key]
    if set(given.tags) != set(told["tags"]):
        item["tags"] = given.tags


_READERS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("addresses", lambda text: network_text(parse_network(text))),
    ("macs", read_mac),
    ("ids", read_client_id),
)
"""What an id may be, in the order in which that is tried."""


def sorted_ids(ids: Sequence[str], hosts: Sequence[str]) -> dict[str, list[str]]:
    """What a client is known by, by keys of ours; Refused (400) for what is none of it."""
    found: dict[str, list[str]] = {key: [] for key in IDENTIFIERS}
    for text in dict.fromkeys(each.strip() for each in ids):
        if text in hosts:
            found["hosts"].append(text)
            continue
        for key, read in _READERS:
            try:
                found[key].append(read(text))
            except ValueError as error:
                told = error
            else:
                break
        else:
            raise bad_request(f"invalid clientid: {told}")
    return found


def _filter(
    item: dict[str, Any],
    before: ClientSettings,
    given: ClientBody,
    told: Mapping[str, Any],
    settings: Settings,
) -> None:
    was_global = told["use_global_settings"]
    if given.use_global_settings:
        for key in () if was_global else _GLOBAL:
            item.pop(key, None)
        return
    if was_global or given.filtering_enabled != told["filtering_enabled"]:
        item["filtering"] = given.filtering_enabled
    if was_global or any(getattr(given, key) != told[key] for key in _CATEGORIES):
        item["categories"] = [word for key, word in _CATEGORIES.items() if getattr(given, key)]
    wanted = given.wanted_safe_search
    is_off = not (wanted.enabled or told["safesearch_enabled"])
    if was_global or not (is_off or wanted.model_dump() == told["safe_search"]):
        item["safe_search"] = levels_of(wanted, _levels(before, settings))


def _block_services(
    item: dict[str, Any],
    before: ClientSettings,
    given: ClientBody,
    told: Mapping[str, Any],
    known: Known,
) -> None:
    was_global = told["use_global_blocked_services"]
    if given.use_global_blocked_services:
        if not was_global:
            item.pop("services", None)
    elif was_global or set(given.blocked_services) != set(told["blocked_services"]):
        item["services"] = chosen(given.blocked_services, before.services or (), known, bad_request)


def _pause(
    item: dict[str, Any],
    before: ClientSettings,
    given: ClientBody,
    told: Mapping[str, Any],
    settings: Settings,
) -> tuple[dict[str, Any], list[Change]]:
    """The hours in which its services are not blocked, if they are others."""
    shown_windows = Week.model_validate(told["blocked_services_schedule"]).windows()
    windows = given.blocked_services_schedule.windows()
    if windows == shown_windows:
        return item, []
    now, owners = pause_in(before.schedules), {owner_of_client(before.name)}
    wanted = f"{given.name}: {NAME}"[:_LONGEST_NAME]
    pause = paused_by(settings, now, windows, owners, wanted)
    return paused_item(item, now, pause.name), pause.changes


def _ask(
    item: dict[str, Any],
    before: ClientSettings,
    given: ClientBody,
    told: Mapping[str, Any],
    settings: Settings,
) -> list[Change]:
    """Whom it has asked: a set of its own, where that is not as it was."""
    if given.upstreams == told["upstreams"]:
        return []
    written = notation.read(given.upstreams)
    if written.routes:
        raise bad_request("upstreams: which names others are asked about is for everybody here")
    now = before.upstream or ""
    is_own = now.startswith(_SET_PREFIX) and now in settings.upstream.sets
    if not written.servers:
        item.pop("upstream", None)
        return [Change(SETS, now, "remove")] if is_own else []
    name = now if is_own else own_set(given.name)
    item["upstream"] = name
    value = plain_of(settings.upstream.sets[name]) if name in settings.upstream.sets else {}
    return [Change(SETS, name, "set", {**value, "servers": written.servers})]


def own_set(client: str) -> str:
    """The name of the upstream set that is made for a client."""
    return _SET_PREFIX + hashlib.blake2b(client.casefold().encode(), digest_size=4).hexdigest()
