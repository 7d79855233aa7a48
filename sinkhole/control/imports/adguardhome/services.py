"""Blocked services and safe search of AdGuard Home, and the hours at which services may be used.

Its schedule says when services are *not* blocked. Ours say when something is different, so while
it is open nothing of the kind is blocked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sinkhole.control.imports.branch import Branch, span_of
from sinkhole.control.imports.plan import Plan, shortened
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.shipped import known_services
from sinkhole.control.settings.windows import DAY_MINUTES, DAYS, Window

ENGINES: Final = ("bing", "duckduckgo", "ecosia", "google", "pixabay", "yandex")
SERVICES: Final = "filtering.services"
LOCAL: Final = "Local"

OUR_NAMES: Final[Mapping[str, str]] = {
    "amazon_streaming": "prime_video",
    "apple_streaming": "apple_tv",
    "disneyplus": "disney_plus",
    "electronic_arts": "ea",
    "hbomax": "hbo_max",
    "max": "hbo_max",
    "ok": "odnoklassniki",
    "origin": "ea",
    "paramountplus": "paramount_plus",
    "peacock_tv": "peacock",
    "xboxlive": "xbox",
}
"""Services that have another id here."""

_TWICE: Final = frozenset({"max", "origin"})
"""Ids there of what has another one as well, which is the newer."""

THEIR_NAMES: Final = {here: there for there, here in OUR_NAMES.items() if there not in _TWICE}
"""Services that have another id there, by their ids here."""


def take_services(blocked: Branch, plan: Plan) -> None:
    """Services of the household."""
    ids = service_ids(blocked, plan)
    when = take_hours(blocked.below("schedule"), plan, "services allowed")
    for each in ids:
        plan.put(SERVICES, each)
    if ids and when:
        plan.for_everybody(schedules=[{"when": when, "services": []}])


def service_ids(blocked: Branch, plan: Plan) -> list[str]:
    """The services as they are called here; those that are not known are told."""
    known = known_services()
    found: dict[str, None] = {}
    strange: list[str] = []
    for each in blocked.texts("ids"):
        name = OUR_NAMES.get(each, each)
        if name in known:
            found[name] = None
        else:
            strange.append(each)
    if strange:
        text = f"{shortened(strange)}: not among the services here; block the names by own rules"
        plan.left(blocked.at("ids"), text)
    return list(found)


def take_hours(schedule: Branch, plan: Plan, wanted: str) -> str:
    """The name of a schedule with these hours, "" where there are none at all."""
    zone = schedule.text("time_zone", LOCAL)
    windows = [str(each) for each in _windows(schedule, plan)]
    if not windows:
        return ""
    _take_zone(schedule, zone, plan)
    for known in plan.items("schedules"):
        if plan.wants("schedules", known)["windows"] == windows:
            return known
    name = plan.schedules.free(wanted)
    plan.put("schedules", name, {"windows": windows})
    return name


def _windows(schedule: Branch, plan: Plan) -> Iterator[Window]:
    """The hours, days with the same ones together."""
    days: dict[tuple[int, int], list[int]] = {}
    for number, day in enumerate(DAYS):
        hours = schedule.below(day)
        start, end = _minutes(hours, "start"), _minutes(hours, "end")
        if start is None or end is None or not 0 <= start < end <= DAY_MINUTES:
            if start or end:
                plan.left(hours.path, "these hours can't be, so they are left out")
        else:
            days.setdefault((start, end), []).append(number)
    for (start, end), numbers in days.items():
        yield Window(tuple(numbers), start, end)


def _minutes(hours: Branch, key: str) -> int | None:
    """Minutes since midnight: "8h30m", or thousandths of a second as the API has them."""
    value = hours.raw(key)
    if value is None:
        return 0
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value // 60_000)
    seconds = span_of(str(value))
    return None if seconds is None else int(seconds // 60)


def _take_zone(schedule: Branch, zone: str, plan: Plan) -> None:
    if zone in ("", LOCAL):
        return
    known = plan.wants("time_zone")
    if known is None:
        plan.set("time_zone", zone)
    elif known != zone:
        text = f"{shown(zone)}: all schedules go by one time zone here, which is {known}"
        plan.differs(schedule.at("time_zone"), text)


# ---- safe search -------------------------------------------------------------------------------


def take_safe_search(search: Branch, plan: Plan) -> None:
    """Safe search of the household."""
    for engine, value in safe_search_of(search, usual=True).items():
        if value not in (False, "off"):
            plan.set(f"filtering.safe_search.{engine}", value)


def safe_search_of(search: Branch, *, usual: bool) -> dict[str, Any]:
    """What becomes of each engine; nothing is safe where it is switched off as a whole.

    An engine that is not written is as `usual`: on for the household, off for a client.
    """
    is_on = search.flag("enabled")
    found: dict[str, Any] = {each: search.flag(each, usual) and is_on for each in ENGINES}
    found["youtube"] = "strict" if search.flag("youtube", usual) and is_on else "off"
    return found
