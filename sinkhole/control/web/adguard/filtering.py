"""Lists and own rules in the form of that server: a list is known by its address there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final, Literal

from pydantic import Field

from sinkhole.control.operations import list_versions, lists
from sinkhole.control.operations.lists import ListChange, ListInfo, ListName, NewList
from sinkhole.control.operations.operation import Nothing as NoInput
from sinkhole.control.settings import ListSettings
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.units import Duration
from sinkhole.control.web.adguard import everybody
from sinkhole.control.web.adguard.answers import NOTHING, Nothing, Text
from sinkhole.control.web.adguard.asked import Asked, Body, bad_request
from sinkhole.control.web.adguard.reasons import number_of
from sinkhole.control.web.refusals import Refused
from sinkhole.model.actor import Permission
from sinkhole.model.errors import RequestError

RULES: Final = "filtering.rules"
LONGEST_HOURS: Final = 30 * 24

_ENABLED, _INTERVAL = "filtering.enabled", "filtering.update_interval"
_HOUR_S: Final = 3600
Kind = Literal["block", "allow"]


async def status(asked: Asked) -> dict[str, Any]:
    """GET filtering/status. Lists are an array, as one program needs it; own rules null for none,
    as there. Addresses are whole for who may change all settings, as programs copy them."""
    filtering = asked.settings.filtering
    is_whole = asked.actor.may(Permission.SETTINGS_WRITE)
    url_of = filtering.whole_url if is_whole else filtering.shown_url
    rows = (await asked.do(lists.list_all, NoInput())).lists
    entries = {each.name: each for each in filtering.lists}
    known = [(row, entries[row.name]) for row in rows if row.name in entries]
    shown = [(row, _shown(row, entry, url_of(entry))) for row, entry in known]
    return {
        "enabled": everybody.said(asked.settings, "filtering", filtering.enabled),
        "interval": hours_of(filtering.update_interval),
        "filters": [each for row, each in shown if row.kind == "block"],
        "whitelist_filters": [each for row, each in shown if row.kind == "allow"] or None,
        "user_rules": list(filtering.rules) or None,
    }


def _shown(row: ListInfo, entry: ListSettings, url: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": number_of(entry),
        "enabled": row.enabled,
        "url": address_there(url),
        "name": row.name,
        "rules_count": row.rules if row.enabled else 0,
    }
    if row.checked is not None:
        moment = datetime.fromtimestamp(int(row.checked), UTC)
        told["last_updated"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return told


def hours_of(span: Duration) -> int:
    """A time in whole hours, one at least: 0 means never there."""
    return max(1, round(float(span) / _HOUR_S)) if span else 0


def address_there(url: str) -> str:
    """An address as it is written there: files are paths."""
    return url.removeprefix("file://").removeprefix("file:")


def address_here(url: str) -> str:
    """An address as it is written here."""
    return f"file:{url}" if url.startswith("/") else url


class _Config(Body):
    enabled: bool = False
    interval: int | None = Field(default=None, ge=0, le=8760)


async def configure(asked: Asked) -> Nothing:
    """POST filtering/config: the filter on or off, and how often lists are fetched, which stays as
    it is where only the filter is meant."""
    given, now = await asked.body(_Config), asked.settings.filtering
    hours = hours_of(now.update_interval)
    wanted = hours if given.interval is None else given.interval
    if wanted != hours and wanted > LONGEST_HOURS:
        raise bad_request(f"sinkhole fetches lists every {LONGEST_HOURS} hours at least, or never")
    is_on = everybody.said(asked.settings, "filtering", now.enabled)
    changes = everybody.changes_of(asked.settings, "filtering", _ENABLED, is_on, given.enabled)
    if wanted != hours:
        span = str(Duration(wanted * _HOUR_S))
        changes.append(Change(_INTERVAL, value=span))
    await asked.change("lists.change", changes, "filtering")
    return NOTHING


# ---- lists -------------------------------------------------------------------------------------


class _Address(Body):
    url: str = Field(max_length=4000)
    whitelist: bool = False

    @property
    def kind(self) -> Kind:
        """Which of the two kinds of lists."""
        return "allow" if self.whitelist else "block"


class _New(_Address):
    name: str = Field(default="", max_length=200)


async def add_list(asked: Asked) -> Text:
    """POST filtering/add_url: one that can't be fetched is not added, as there."""
    given = await asked.body(_New)
    new = NewList(source=address_here(given.url.strip()), name=given.name or None, kind=given.kind)
    added = await asked.do(lists.add, new)
    row = await _fetched(asked, added.name)
    if row.state == "failed":
        await asked.do(lists.remove, ListName(name=added.name))
        raise _not_fetched(row)
    return Text(f"OK {row.rules} rules")


async def _fetched(asked: Asked, name: str) -> ListInfo:
    """A list once it was fetched, or failed to be."""
    try:
        await asked.do(list_versions.update, list_versions.UpdateInput(names=[name]))
    except RequestError as error:
        if error.code != "update_underway":  # then it is fetched by and by
            raise
    return await lists.info_of(asked.house, asked.actor, name)


def _not_fetched(row: ListInfo) -> Refused:
    return bad_request(f'Couldn\'t fetch filter from URL "{row.url}": {row.error}')


async def remove_list(asked: Asked) -> Text:
    """POST filtering/remove_url: an address that no list has is no mistake, as there."""
    entry = _find(asked, await asked.body(_Address))
    if entry is None:
        return Text("OK 0 rules")
    row = await lists.info_of(asked.house, asked.actor, entry.name)
    await asked.do(lists.remove, ListName(name=entry.name))
    return Text(f"OK {row.rules} rules")


class _Data(Body):
    enabled: bool = False
    name: str = Field(default="", max_length=200)
    url: str = Field(default="", max_length=4000)


class _Changed(_Address):
    data: _Data


async def change_list(asked: Asked) -> Nothing:
    """POST filtering/set_url: another name or address, on or off. An address from which nothing can
    be fetched changes nothing, as there."""
    given = await asked.body(_Changed)
    entry = _find(asked, given)
    if entry is None:
        raise bad_request("url doesn't exist")
    name, url = given.data.name.strip(), given.data.url.strip()
    change = ListChange(
        name=entry.name,
        enabled=given.data.enabled if given.data.enabled != entry.enabled else None,
        rename=name if name and name != entry.name else None,
        url=address_here(url) if url and url != given.url.strip() else None,
    )
    if (change.enabled, change.rename, change.url) == (None, None, None):
        return NOTHING
    then = await asked.do(lists.change, change)
    if change.url is not None and then.enabled:
        row = await _fetched(asked, then.name)
        if row.state == "failed":
            before = ListChange(
                name=then.name, rename=entry.name, url=entry.url, enabled=entry.enabled
            )
            await asked.do(lists.change, before)
            raise _not_fetched(row)
    return NOTHING


class _Refresh(Body):
    whitelist: bool = False


async def refresh(asked: Asked) -> dict[str, int]:
    """POST filtering/refresh: the lists of one kind, now."""
    given = await asked.body(_Refresh)
    kind = "allow" if given.whitelist else "block"
    entries = asked.settings.filtering.lists
    names = [each.name for each in entries if each.enabled and each.kind == kind]
    if not names:
        return {"updated": 0}
    done = await asked.do(list_versions.update, list_versions.UpdateInput(names=names))
    return {"updated": done.updated}


def _find(asked: Asked, given: _Address) -> ListSettings | None:
    """The list of an address, as it is, or as people are shown it, without secrets."""
    filtering, wanted = asked.settings.filtering, given.url.strip()
    for each in filtering.lists:
        told = (address_there(each.url), address_there(filtering.shown_url(each)), each.url)
        if each.kind == given.kind and wanted in told:
            return each
    return None


# ---- own rules ---------------------------------------------------------------------------------


class _Rules(Body):
    rules: list[str] = Field(default=[])


async def set_rules(asked: Asked) -> Nothing:
    """POST filtering/set_rules: all of them. Comments stay, empty lines and repeated ones do not.
    What is no rule is refused, with the reason, which that server does not."""
    given = await asked.body(_Rules)
    rules = await asyncio.to_thread(_once_each, given.rules)
    now = list(asked.settings.filtering.rules)
    changes = [Change(RULES, value=rules)] if rules != now else []
    await asked.change("rules.change", changes, f"own rules: {len(rules)} in all")
    return NOTHING


def _once_each(lines: list[str]) -> list[str]:
    return list(dict.fromkeys(each for line in lines if (each := line.strip())))
