"""Moments as people write them, by the clock of the household."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sinkhole.control.groups.calendar import moment_of, wall_at
from sinkhole.control.settings.windows import day_number

_TIME_OF_DAY: Final = re.compile(r"(?:([a-zA-Z]+)\s+)?([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)

_LATEST_S: Final = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
"""The days behind a moment are looked at, too, and there have to be some."""


def read_moment(text: str, now_s: float, zone: ZoneInfo | None) -> float:
    """The moment that a text means, in seconds since 1970: "21:30", the next time that it is that
    late; "fri 21:30", the next Friday, today's if that is yet to come; or ISO 8601.

    By the clock of `zone`, None for this machine's, where none is written. ValueError for anything
    else, saying what to write.
    """
    words = text.strip()
    found = _TIME_OF_DAY.fullmatch(words)
    day = day_number(found[1]) if found and found[1] else None
    if found and (day is not None or not found[1]):
        return _next(now_s, zone, day, 60 * int(found[2]) + int(found[3]))
    try:
        moment = datetime.fromisoformat(words)
        found_s = moment.timestamp() if moment.tzinfo else moment_of(moment, zone)
    except (ValueError, OverflowError, OSError):
        found_s = -1.0
    if not 0 <= found_s <= _LATEST_S:
        raise ValueError(
            f"{text!r} is no moment; write a time such as 21:30 or fri 21:30, or a moment such as "
            "2030-01-31T21:30"
        )
    return found_s


def _next(now_s: float, zone: ZoneInfo | None, day: int | None, minutes: int) -> float:
    """When it is that late the next time, on a day of the week, or on any."""
    midnight = wall_at(now_s, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    for days in range(9):
        wall = midnight + timedelta(days=days, minutes=minutes)
        if day is None or wall.weekday() == day:
            moment_s = moment_of(wall, zone)
            if moment_s > now_s:
                return moment_s
    raise ValueError(f"no clock shows {minutes // 60}:{minutes % 60:02} in the next days")
