"""How log and statistics are kept, in the form of that server.

Its two lists of names that are not told are one of ours, with a switch for the statistics. How long
statistics go back there is what programs are told of (`stats.period`); ours are kept for as long
as `stats.keep` says, whatever they ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic import Field

from sinkhole.control.settings import Settings
from sinkhole.control.settings.addresses import parse_host_name
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.units import Duration
from sinkhole.control.web.adguard.answers import NOTHING, Nothing
from sinkhole.control.web.adguard.asked import Asked, Body, bad_request, unprocessable

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
YEAR_MS: Final = 365 * DAY_MS

_IGNORED: Final = "query_log.ignore_names"
_NOT_COUNTED: Final = "query_log.ignore_in_statistics"
_ENABLED, _KEEP, _PRIVACY = "query_log.enabled", "query_log.keep", "query_log.privacy"
_PERIOD: Final = "stats.period"
_LOG_DAYS: Final = (0.25, 1, 7, 30, 90)
_STATISTICS_DAYS: Final = (0, 1, 7, 30, 90)
_NEEDED: Final = ("enabled", "anonymize_client_ip")


class _LogConfig(Body):
    enabled: bool | None = None
    anonymize_client_ip: bool | None = None
    interval: float | int = 0
    ignored: list[str] = Field(default=[])
    ignored_enabled: bool | None = None


class _StatisticsConfig(Body):
    enabled: bool | None = None
    interval: float | int = 0
    ignored: list[str] = Field(default=[])
    ignored_enabled: bool | None = None


class _Days(Body):
    enabled: bool | None = None
    interval: float | int | None = None
    anonymize_client_ip: bool | None = None


# ---- the log -----------------------------------------------------------------------------------


async def show(asked: Asked) -> dict[str, Any]:
    """GET querylog/config."""
    settings = asked.settings.query_log
    return {
        "enabled": settings.enabled,
        "interval": _ms(settings.keep),
        "anonymize_client_ip": settings.privacy != "full",
        "ignored": list(settings.ignore_names),
        "ignored_enabled": bool(settings.ignore_names),
    }


async def change(asked: Asked) -> Nothing:
    """PUT querylog/config/update."""
    given = await asked.body(_LogConfig)
    for key in _NEEDED:
        if getattr(given, key) is None:
            raise unprocessable(f"{key} is null")
    if not HOUR_MS <= given.interval <= 10 * YEAR_MS:
        which = "less than an hour" if given.interval < HOUR_MS else "more than ten years"
        raise unprocessable(f"unsupported interval: {which}")
    names = _names(given.ignored, given.ignored_enabled)
    now = asked.settings.query_log
    changes = _kept_changes(asked.settings, given.enabled, given.interval)
    changes += _privacy_changes(asked.settings, given.anonymize_client_ip)
    if names != list(now.ignore_names):
        changes.append(Change(_IGNORED, value=names))
    await asked.change("settings.change", changes, "query log")
    return NOTHING


async def show_in_days(asked: Asked) -> dict[str, Any]:
    """GET querylog_info: the same in days."""
    told = await show(asked)
    days = told["interval"] / DAY_MS
    return {
        "enabled": told["enabled"],
        "interval": int(days) if days.is_integer() else days,
        "anonymize_client_ip": told["anonymize_client_ip"],
    }


async def change_in_days(asked: Asked) -> Nothing:
    """POST querylog_config: what is said of it."""
    given, changes = await asked.body(_Days), []
    now = (await show_in_days(asked))["interval"]  # which programs send back
    if given.interval is not None and given.interval not in (*_LOG_DAYS, now):
        raise bad_request("unsupported interval")
    interval = None if given.interval is None else given.interval * DAY_MS
    changes += _kept_changes(asked.settings, given.enabled, interval)
    changes += _privacy_changes(asked.settings, given.anonymize_client_ip)
    await asked.change("settings.change", changes, "query log")
    return NOTHING


def _kept_changes(
    settings: Settings, enabled: bool | None, interval_ms: float | None
) -> list[Change]:
    changes, now = [], settings.query_log
    if enabled is not None and enabled != now.enabled:
        changes.append(Change(_ENABLED, value=enabled))
    if interval_ms is not None and round(interval_ms) != _ms(now.keep):
        changes.append(Change(_KEEP, value=_duration(interval_ms)))
    return changes


def _privacy_changes(settings: Settings, is_hidden: bool | None) -> list[Change]:
    """Stricter levels of ours hide addresses as well, and stay."""
    if is_hidden is None or is_hidden == (settings.query_log.privacy != "full"):
        return []
    return [Change(_PRIVACY, value="anonymous_clients" if is_hidden else "full")]


# ---- statistics --------------------------------------------------------------------------------


async def show_statistics(asked: Asked) -> dict[str, Any]:
    """GET stats/config."""
    log = asked.settings.query_log
    ignored = list(log.ignore_names) if log.ignore_in_statistics else []
    return {
        "enabled": True,
        "interval": _ms(asked.settings.stats.period),
        "ignored": ignored,
        "ignored_enabled": bool(ignored),
    }


async def change_statistics(asked: Asked) -> Nothing:
    """PUT stats/config/update."""
    given, log = await asked.body(_StatisticsConfig), asked.settings.query_log
    if given.enabled is None:
        raise unprocessable("enabled is null")
    if not HOUR_MS <= given.interval <= YEAR_MS:
        which = "less than an hour" if given.interval < HOUR_MS else "more than a year"
        raise unprocessable(f"unsupported interval: {which}")
    names = _names(given.ignored, given.ignored_enabled)
    if names and set(names) != set(log.ignore_names):
        raise bad_request(
            "sinkhole has one list of names that are not told, that of the query log: set that "
            "one, then the same here has statistics leave them out as well"
        )
    changes = _period_changes(asked.settings, given.enabled, given.interval)
    if bool(names) != log.ignore_in_statistics and log.ignore_names:
        changes.append(Change(_NOT_COUNTED, value=bool(names)))
    await asked.change("settings.change", changes, "statistics")
    return NOTHING


async def show_statistics_in_days(asked: Asked) -> dict[str, Any]:
    """GET stats_info: how many days are told, one at least."""
    return {"interval": max(1, round(_ms(asked.settings.stats.period) / DAY_MS))}


async def change_statistics_in_days(asked: Asked) -> Nothing:
    """POST stats_config."""
    given, now = await asked.body(_Days), (await show_statistics_in_days(asked))["interval"]
    if given.interval not in (*_STATISTICS_DAYS, now):
        raise bad_request("Unsupported interval")
    interval = given.interval * DAY_MS if given.interval and given.interval != now else None
    changes = _period_changes(asked.settings, given.interval != 0, interval)
    await asked.change("settings.change", changes, "statistics")
    return NOTHING


def _period_changes(settings: Settings, enabled: bool, interval_ms: float | None) -> list[Change]:
    if not enabled:
        raise bad_request(
            "sinkhole's statistics can't be switched off: say of groups and clients that they are "
            "not counted, or of names"
        )
    if interval_ms is None or round(interval_ms) == _ms(settings.stats.period):
        return []
    return [Change(_PERIOD, value=_duration(interval_ms))]


# ---- values ------------------------------------------------------------------------------------


def _ms(span: Duration) -> int:
    return round(float(span) * 1000)


def _duration(ms: float) -> str:
    return str(Duration(round(ms) / 1000))


def _names(ignored: Sequence[str], enabled: bool | None) -> list[str]:
    """Names that are not told, each with all below it; Refused (400) for what is none."""
    if enabled is False and ignored:
        raise bad_request(
            "sinkhole keeps no list of names that is not in use: leave `ignored` empty, or enable"
        )
    found = []
    for text in ignored:
        name = text.strip().removeprefix("||").removesuffix("^").removeprefix("*.")
        try:
            found.append(parse_host_name(name))
        except ValueError as error:
            raise bad_request(f"ignored: {error}") from None
    return list(dict.fromkeys(found))
