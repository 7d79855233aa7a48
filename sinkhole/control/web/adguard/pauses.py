"""Hours of the week in which blocked services are not blocked, as that server has them: for each
day one stretch, within the day, in a time zone of its own.

Ours are schedules with a name, in the household's zone; while one is open, a group or a client
blocks other services, here none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count
from typing import Any, Final, NamedTuple

from pydantic import Field

from sinkhole.control.settings import Settings
from sinkhole.control.settings.groups_schema import (
    DEFAULT_GROUP,
    ScheduledSettings,
    read_time_zone,
)
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.windows import DAY_MINUTES, DAYS, Window
from sinkhole.control.web.adguard.asked import Body, bad_request
from sinkhole.control.web.adguard.everybody import default_group, said_of

NAME: Final = "services allowed"
"""The schedule of everybody; that of a client has the client's name in front of it."""

MACHINE_ZONE: Final = "Local"

_MINUTE_MS: Final = 60_000
_ZONE: Final = "time_zone"
_NO_SERVICES: Final[list[str]] = []
_PAUSE: Final[Mapping[str, Any]] = {"services": ()}


class Hours(Body):
    """A stretch of a day, in milliseconds since midnight; `end` does not belong to it. Some
    programs write a day without one as {}."""

    start: int = Field(default=0, ge=0, le=DAY_MINUTES * _MINUTE_MS)
    end: int = Field(default=0, ge=0, le=DAY_MINUTES * _MINUTE_MS)


class Week(Body):
    """The hours of each day, None for none."""

    time_zone: str = ""
    mon: Hours | None = None
    tue: Hours | None = None
    wed: Hours | None = None
    thu: Hours | None = None
    fri: Hours | None = None
    sat: Hours | None = None
    sun: Hours | None = None

    def windows(self) -> list[str]:
        """The same as windows of a schedule; Refused (400) for hours that are none."""
        found = []
        for number, day in enumerate(DAYS):
            hours: Hours | None = getattr(self, day)
            if hours is None or hours.start == hours.end == 0:
                continue
            if hours.end <= hours.start or hours.start % _MINUTE_MS or hours.end % _MINUTE_MS:
                raise bad_request(f"weekday {day}: bad day range: whole minutes, start before end")
            found.append(Window((number,), hours.start // _MINUTE_MS, hours.end // _MINUTE_MS))
        return [str(each) for each in found]


def pause_in(entries: Iterable[ScheduledSettings]) -> str:
    """The schedule by which somebody's services are paused: nothing else is different while it is
    open. "" for none."""
    named = (each.when for each in entries if each.said == _PAUSE)
    return next(named, "")


def shown_week(settings: Settings, name: str) -> dict[str, Any]:
    """The hours of a schedule as there, "" for none. What of it can't be said there, such as a
    second stretch of a day, is not; where there are no hours, no zone is meant."""
    windows = _windows(settings, name)
    week: dict[str, Any] = {_ZONE: (windows and settings.time_zone) or MACHINE_ZONE}
    for window in windows:
        end = window.end if window.end > window.start else DAY_MINUTES
        for day in window.days:
            hours = {"start": window.start * _MINUTE_MS, "end": end * _MINUTE_MS}
            week.setdefault(DAYS[day], hours)
    return week


def for_everybody(settings: Settings) -> dict[str, Any]:
    """The hours in which nobody's services are blocked who has none of his own."""
    return shown_week(settings, _name_for_everybody(settings))


def zone_changes(settings: Settings, week: Week) -> list[Change]:
    """What has the household go by the time zone of some hours, if there are any. Refused (400) for
    a zone that there is not, and where others go by the one there is."""
    zone = week.time_zone
    if zone in ("", MACHINE_ZONE, settings.time_zone):
        return []
    try:
        read_time_zone(zone)
    except ValueError:
        raise bad_request(f"unknown time zone {zone[:60]}") from None
    if not week.windows():
        return []
    pauses = {name.casefold() for name, _ in _users(settings, is_pause=True)}
    others = [each.name for each in settings.schedules if each.name.casefold() not in pauses]
    if others:
        told = settings.time_zone or "that of the machine"
        raise bad_request(
            f"the household's time zone is {told}, which schedules go by: {', '.join(others)}"
        )
    return [Change("time_zone", value=zone)]


class Pause(NamedTuple):
    """By which schedule services are paused from now on, "" for none, and what makes it so."""

    name: str
    changes: list[Change]


def paused_by(
    settings: Settings, now: str, windows: list[str], owners: Collection[str], wanted: str
) -> Pause:
    """The schedule for some hours: the one of `now`, where only `owners` go by it, else a new one
    called `wanted`; one that nobody goes by any more is removed."""
    users = _users(settings, is_pause=False)
    is_shared = any(name.casefold() == now.casefold() and who not in owners for name, who in users)
    if not windows:
        gone = [] if is_shared or not now else [Change("schedules", now, "remove")]
        return Pause("", gone)
    name = now if now and not is_shared else _free(settings, wanted)
    value = {"name": name, "windows": windows}
    return Pause(name, [Change("schedules", name, "set", value)])


def paused_item(item: Mapping[str, Any], before: str, after: str) -> dict[str, Any]:
    """A group or client of ours whose services are paused by another schedule, or by none; all
    else of it as it was."""
    entries = list(item.get("schedules", ()))
    kept = [each for each in entries if not (before and _is_entry(each, before))]
    if after:
        kept.append({"when": after, "services": _NO_SERVICES})
    then = {key: each for key, each in item.items() if key != "schedules"}
    return {**then, "schedules": kept} if kept else then


def everybody_changes(settings: Settings, windows: list[str]) -> list[Change]:
    """What pauses the services of everybody: those of the default group, and of groups that name
    none of their own. Nothing where these hours are shown already."""
    if windows == Week.model_validate(for_everybody(settings)).windows():
        return []
    now = _name_for_everybody(settings)
    groups = {each.name.casefold(): said_of(each) for each in settings.groups}
    groups.setdefault(DEFAULT_GROUP, {"name": DEFAULT_GROUP})
    owners = {_owner("group", each["name"]) for each in groups.values()}
    pause = paused_by(settings, now, windows, owners, NAME)
    changes = []
    for folded, item in groups.items():
        has_part = folded == DEFAULT_GROUP or "services" not in item
        then = paused_item(item, now, pause.name if has_part else "")
        if then == item:
            continue
        if then == {"name": DEFAULT_GROUP}:
            changes.append(Change("groups", DEFAULT_GROUP, "remove"))
        else:
            changes.append(Change("groups", item["name"], "set", then))
    return [*pause.changes, *changes]


def _name_for_everybody(settings: Settings) -> str:
    group = default_group(settings)
    return pause_in(group.schedules) if group is not None else ""


def owner_of_client(name: str) -> str:
    """What a client is called among those who go by schedules."""
    return _owner("client", name)


def _owner(kind: str, name: str) -> str:
    return f"{kind} {name.casefold()}"


def _users(settings: Settings, *, is_pause: bool) -> Iterator[tuple[str, str]]:
    """Schedules with who goes by them; with `is_pause` only as pauses of services."""
    kinds = (("group", settings.groups), ("client", settings.clients))
    for kind, owners in kinds:
        for owner in owners:
            for entry in owner.schedules:
                if not is_pause or entry.said == _PAUSE:
                    yield entry.when, _owner(kind, owner.name)


def _windows(settings: Settings, name: str) -> tuple[Window, ...]:
    known = (each for each in settings.schedules if each.name.casefold() == name.casefold())
    return next((each.windows for each in known), ())


def _free(settings: Settings, wanted: str) -> str:
    """A name that no schedule has."""
    taken = {each.name.casefold() for each in settings.schedules}
    names = (wanted if not number else f"{wanted} {number + 1}" for number in count())
    return next(each for each in names if each.casefold() not in taken)


def _is_entry(entry: Mapping[str, Any], name: str) -> bool:
    is_it = str(entry.get("when", "")).casefold() == name.casefold()
    return is_it and {key for key in entry if key != "when"} == {"services"}
