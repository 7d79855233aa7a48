"""Blocked services: ours have the ids of that server where both know one; and groups of ours are
shown as all of their services."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final

from pydantic import Field

from sinkhole.control.imports.adguardhome.services import OUR_NAMES, THEIR_NAMES
from sinkhole.control.operations.operation import Nothing as NoInput
from sinkhole.control.operations.services import SERVICES
from sinkhole.control.operations.services import list_all as list_operation
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.shipped import GROUP, BlockableService, known_services
from sinkhole.control.web.adguard.answers import NOTHING, Nothing
from sinkhole.control.web.adguard.asked import Asked, Body, bad_request, unprocessable
from sinkhole.control.web.adguard.pauses import (
    Week,
    everybody_changes,
    for_everybody,
    zone_changes,
)
from sinkhole.control.web.refusals import Refused

_CHANGE: Final = "services.change"
_ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" '
    'rx="5" fill="#64748b"/><text x="12" y="17" font-size="14" text-anchor="middle" '
    'font-family="sans-serif" fill="#fff">{}</text></svg>'
)
"""The first letter of a service: icons of brands are nobody's to give away."""

Known = Mapping[str, BlockableService]


async def ids(asked: Asked) -> list[str]:
    """GET blocked_services/services: the ids of all."""
    return sorted(map(id_there, await asyncio.to_thread(known_services)))


def id_there(service: str) -> str:
    """The id that a service has there."""
    return THEIR_NAMES.get(service, service)


async def show_all(asked: Asked) -> dict[str, Any]:
    """GET blocked_services/all: every service there is."""
    known = await asyncio.to_thread(known_services)
    return {
        "blocked_services": [
            {
                "id": id_there(each.id),
                "name": each.name,
                "icon_svg": _icon(each.name),
                "rules": [f"||{domain}^" for domain in each.domains],
                "group_id": each.group,
            }
            for each in sorted(known.values(), key=lambda each: id_there(each.id))
        ],
        "groups": [{"id": each} for each in sorted({each.group for each in known.values()})],
    }


async def blocked(asked: Asked) -> list[str]:
    """GET blocked_services/list: the ids of those that are blocked."""
    found = await asked.do(list_operation, NoInput())
    return sorted(id_there(each.id) for each in found.services if each.blocked)


async def show(asked: Asked) -> dict[str, Any]:
    """GET blocked_services/get: these, and the hours in which they are not."""
    return {"schedule": for_everybody(asked.settings), "ids": await blocked(asked)}


class _Blocked(Body):
    schedule: Week = Week()
    ids: list[str] = Field(default=[])


async def set_blocked(asked: Asked) -> Nothing:
    """POST blocked_services/set: these, and no others; the hours stay."""
    found = await asked.plain_body()
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise bad_request("json.Decode: a list of ids is wanted")
    await _change(asked, found, [])
    return NOTHING


async def update(asked: Asked) -> Nothing:
    """PUT blocked_services/update: these and no others, and the hours in which they are not."""
    given, settings = await asked.body(_Blocked), asked.settings
    zone = zone_changes(settings, given.schedule)
    windows = given.schedule.windows()
    await _change(asked, given.ids, [*zone, *everybody_changes(settings, windows)])
    return NOTHING


async def _change(asked: Asked, wanted: Sequence[str], more: list[Change]) -> None:
    known = await asyncio.to_thread(known_services)
    now = asked.settings.filtering.services
    then = chosen(wanted, now, known)
    changes = [Change(SERVICES, each, "set", each) for each in then if each not in now]
    changes += [Change(SERVICES, each, "remove") for each in now if each not in then]
    name = "settings.change" if more else _CHANGE
    await asked.change(name, [*changes, *more], f"{len(wanted)} services blocked")


def names_to_ids() -> dict[str, str]:
    """The id that each service has there, by its name; reads the data of services."""
    return {each.name: id_there(each.id) for each in known_services().values()}


def chosen(
    wanted: Sequence[str],
    now: Sequence[str],
    known: Known,
    refused: Callable[[str], Refused] = unprocessable,
) -> list[str]:
    """What to choose so that these are blocked: a group that is chosen now stays one, where all of
    its services are wanted. Refused (422, if not by `refused`) for one that there is not."""
    ids = dict.fromkeys(OUR_NAMES.get(each, each) for each in wanted)
    for each in ids:
        if each not in known:
            raise refused(f'validating: unknown blocked-service "{each[:60]}"')
    then = []
    for each in now:
        if not each.startswith(GROUP):
            continue
        members = [one.id for one in known.values() if GROUP + one.group == each]
        if all(one in ids for one in members):
            then.append(each)
            for one in members:
                if one not in now:
                    del ids[one]
    return [*then, *ids]


def expanded(choice: Sequence[str], known: Known) -> list[str]:
    """The ids of all services of a choice, groups among them."""
    wanted = set(choice)
    return sorted(
        id_there(each.id)
        for each in known.values()
        if each.id in wanted or GROUP + each.group in wanted
    )


def _icon(name: str) -> str:
    return base64.b64encode(_ICON.format(escape(name[:1].upper())).encode()).decode()
