"""Protection: the filter on and off, for everybody or some, for a time or until it is resumed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import Field

from sinkhole.control.groups.moments import read_moment
from sinkhole.control.operations.asker import known_as
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import Code, refusal
from sinkhole.control.settings.groups_schema import DEFAULT_GROUP
from sinkhole.control.settings.quoting import nearest, quoted
from sinkhole.control.settings.shipped import GROUP, known_services
from sinkhole.control.state.pauses import Pause, PauseScope
from sinkhole.model.actor import Actor, Permission

LONGEST_PAUSE_S: Final = 30 * 86_400
"""The longest pause that ends by itself."""

_UNKNOWN: Final[dict[str, Code]] = {
    "group": "group_unknown",
    "client": "client_unknown",
    "service": "service_unknown",
    "list": "list_unknown",
}


class ScopeInput(Input):
    """What of the filter is meant: all of it, or a part by its name."""

    scope: PauseScope = Field(
        default="all",
        description="all: the filter for everybody. group, client: for those. service, list: only "
        "that, for everybody.",
    )
    name: str = Field(
        default="",
        max_length=100,
        description="Of the group, client or list, or the id of the service, with group: before "
        "it that of a group of services; nothing for all.",
        examples=["Kids tablet"],
    )


class PauseInput(ScopeInput):
    """What is to be off, and how long: `seconds`, or `until` a moment, or until it is resumed."""

    seconds: float | None = Field(
        default=None, gt=0, le=LONGEST_PAUSE_S, description="So many seconds.", examples=[600]
    )
    until: str | None = Field(
        default=None,
        max_length=40,
        description="A time of the day, today or tomorrow, or of a day of the week, or a moment "
        "(ISO 8601), by the clock of the household where no time zone is given.",
        examples=["21:30", "fri 21:30", "2030-01-31T21:30", "2030-01-31T21:30:00+01:00"],
    )


class PauseStatus(Output):
    """A pause: of what, who began it, and how long it goes on."""

    scope: PauseScope
    name: str = Field(description="Whose, or which; nothing for all.")
    paused_by: str = Field(description="Who began the pause.")
    paused_at: float = Field(description="When that was, in seconds since 1970.")
    left_s: float | None = Field(
        description="Seconds that are left; null: until somebody resumes it."
    )
    ends_at: float | None = Field(description="When that will be, in seconds since 1970.")


class ProtectionStatus(Output):
    """Whether names are refused now; of a pause for everybody who began it and how long it goes on;
    and all pauses, those of groups, clients, services and lists among them."""

    enabled: bool
    paused_by: str = Field(default="", description="Who began the pause.")
    paused_at: float | None = Field(
        default=None, description="When that was, in seconds since 1970."
    )
    left_s: float | None = Field(
        default=None, description="Seconds that are left; null: until somebody resumes it."
    )
    ends_at: float | None = Field(
        default=None, description="When that will be, in seconds since 1970."
    )
    pauses: list[PauseStatus] = Field(default=[], description="In the order in which they began.")


@operation("protection.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> ProtectionStatus:
    """Tell whether names are refused now, and what is paused."""
    return status_of(house)


@operation("protection.pause", Permission.PROTECTION_WRITE, changes=True)
async def pause(house: House, actor: Actor, given: PauseInput) -> ProtectionStatus:
    """Switch the filter off: for everybody, a group or a client, or one service or list of it.

    For a time, until a moment, or until it is resumed. It survives a restart. There is one pause at
    a time for each of these: a second one takes the place of the first.
    """
    until_s = None
    if given.until is not None:
        if given.seconds is not None:
            raise refusal("invalid", "moment_invalid", "say either seconds or until, not both")
        until_s = moment_of(given.until, house.protection.now_s, zone_of(house))
    name = await asyncio.to_thread(_known_name, house, given)
    await house.protection.begin(given.seconds, actor, given.scope, name, until_s=until_s)
    return status_of(house)


@operation("protection.resume", Permission.PROTECTION_WRITE, changes=True)
async def resume(house: House, actor: Actor, given: ScopeInput) -> ProtectionStatus:
    """Switch the filter on again, or that part of it which was paused; other pauses go on."""
    key = given.scope, given.name.strip().casefold()
    name = given.name.strip()
    if all(each.key != key for each in house.protection.pauses):
        name = await asyncio.to_thread(_known_name, house, given)
    await house.protection.end(actor, given.scope, name)
    return status_of(house)


def status_of(house: House) -> ProtectionStatus:
    """Whether the filter is on, and for whom it is not."""
    protection, now_s = house.protection, house.protection.now_s
    pauses = [_status(each, protection.left_s(each), now_s) for each in protection.pauses]
    of_all = next((each for each in pauses if each.scope == "all"), None)
    if of_all is None:
        return ProtectionStatus(enabled=True, pauses=pauses)
    told = of_all.model_dump(exclude={"scope", "name"})
    return ProtectionStatus(enabled=False, **told, pauses=pauses)


def _status(pause: Pause, left_s: float | None, now_s: float) -> PauseStatus:
    return PauseStatus(
        scope=pause.scope,
        name=pause.name,
        paused_by=pause.by,
        paused_at=pause.began.wall_s,
        left_s=left_s,
        ends_at=None if left_s is None else now_s + left_s,
    )


# ---- what is meant -----------------------------------------------------------------------------


def _known_name(house: House, given: ScopeInput) -> str:
    """The name in the spelling of the settings; RequestError where nothing is called so.

    May read the file of the services.
    """
    name, settings = given.name.strip(), house.settings.settings
    if given.scope == "all":
        if name:
            text = "all has no name; write the scope that is meant, such as client"
            raise refusal("invalid", "scope_invalid", text)
        return ""
    if not name:
        raise refusal("invalid", "scope_invalid", f"which {given.scope}? Write its name")
    if given.scope == "client":
        client = known_as(house, name)
        return client.name if client else _named(name, given.scope, _names(settings.clients))
    if given.scope == "group":
        return _named(name, given.scope, [DEFAULT_GROUP, *_names(settings.groups)])
    if given.scope == "list":
        return _named(name, given.scope, _names(settings.filtering.lists))
    services = known_services()
    groups = dict.fromkeys(GROUP + each.group for each in services.values())
    return _named(name, given.scope, [*services, *groups])


def _names(items: Iterable[Any]) -> list[str]:
    return [each.name for each in items]


def _named(name: str, scope: str, known: Collection[str]) -> str:
    by_fold = {each.casefold(): each for each in known}
    if found := by_fold.get(name.casefold()):
        return found
    near = by_fold.get(nearest(name, by_fold), "")
    hint = f"did you mean {quoted(near)}?" if near else "it has to be in the settings"
    text = f"there is no {scope} {quoted(name)}: {hint}"
    raise refusal("not_found", _UNKNOWN[scope], text)


# ---- moments -----------------------------------------------------------------------------------


def zone_of(house: House) -> ZoneInfo | None:
    """The time zone of the household; None for this machine's."""
    name = house.settings.settings.time_zone
    return ZoneInfo(name) if name else None


def moment_of(text: str, now_s: float, zone: ZoneInfo | None = None) -> float:
    """The moment, in seconds since 1970 as `now_s`, of a time of the day or a moment by the clock
    of `zone`, or of this machine; RequestError for one that is past, too far away, or not
    understood."""
    try:
        moment_s = read_moment(text, now_s, zone)
    except ValueError as error:
        raise refusal("invalid", "moment_invalid", str(error)) from None
    if moment_s <= now_s:
        raise refusal("invalid", "moment_invalid", f"{text!r} is past")
    if moment_s - now_s > LONGEST_PAUSE_S:
        days = LONGEST_PAUSE_S // 86_400
        advice = f"more than {days} days away; leave it out, and resume by hand"
        raise refusal("invalid", "moment_invalid", f"{text!r} is {advice}")
    return moment_s
