"""The windows of a schedule: days of the week, and from when to when, by the wall clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.values import Kind, read_text

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As `datetime.weekday` counts them."""

DAY_MINUTES: Final = 24 * 60

_NAMES: Final = (*("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),)
_DAILY: Final = "daily"
_WINDOW: Final = re.compile(r"(.*\S)\s+(\d{1,2}):(\d{2})\s*(?:-|–)\s*(\d{1,2}):(\d{2})", re.ASCII)
_HOW: Final = 'write days and times such as "mon-thu 21:00-07:00", "sat,sun 9:00-12:30" or'
_EXAMPLE: Final = f'{_HOW} "daily 22:00-06:00"'


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to before `end`, in minutes since midnight, on `days` (0 is Monday).

    An end that is not later than the start is one of the next day; the day is that of the start.
    """

    days: tuple[int, ...]
    start: int
    end: int

    def __str__(self) -> str:
        """The text that it is read from, in its shortest spelling."""
        return f"{_days_text(self.days)} {_time_text(self.start)}-{_time_text(self.end)}"

    @property
    def minutes(self) -> int:
        """How long it is on a day without a change of the clock."""
        return (self.end - self.start - 1) % DAY_MINUTES + 1


def parse_window(value: Any) -> Window:
    """Read "mon-thu 21:00-07:00"; ValueError says how it is written."""
    if isinstance(value, Window):
        return value
    text = read_text(value, 200)
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(f"{shown(text)} is no window, {_EXAMPLE}")
    days, *numbers = found.groups()
    start_h, start_m, end_h, end_m = map(int, numbers)
    start, end = _minutes(start_h, start_m), _minutes(end_h, end_m)
    if start is None or end is None or start == DAY_MINUTES:
        raise ValueError(
            f"{shown(text)} has a time that no clock shows, write 00:00 to 23:59, as an end also"
            " 24:00"
        )
    return Window(_read_days(days, text), start, end)


def window() -> Kind:
    """Days of the week, and from when to when."""
    return Kind(parse_window, accepts={"type": "string", "minLength": 1})


def day_number(word: str) -> int | None:
    """The day that a word such as "fri" or "Friday" is, 0 for Monday; None for another word."""
    plain = word.strip().lower()
    if len(plain) < 3:
        return None
    return next((at for at, name in enumerate(_NAMES) if name.startswith(plain)), None)


def _read_days(words: str, text: str) -> tuple[int, ...]:
    if words.strip().lower() == _DAILY:
        return tuple(range(7))
    found: set[int] = set()
    for part in words.split(","):
        first, dash, last = part.partition("-")
        begin = day_number(first)
        end = day_number(last) if dash else begin
        if begin is None or end is None:
            raise ValueError(
                f"{shown(text)}: {shown(part.strip())} is no day, write {', '.join(DAYS)},"
                f' several as "mon-thu" or "sat,sun", or "{_DAILY}"'
            )
        found |= {(begin + each) % 7 for each in range((end - begin) % 7 + 1)}
    return tuple(sorted(found))


def _minutes(hour: int, minute: int) -> int | None:
    """Minutes since midnight, 24:00 among them; None where no clock shows that."""
    total = 60 * hour + minute
    return total if minute < 60 and total <= DAY_MINUTES else None


def _time_text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _days_text(days: tuple[int, ...]) -> str:
    if len(days) == 7:
        return _DAILY
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(_run_text(run) for run in runs)


def _run_text(run: list[int]) -> str:
    if len(run) < 3:
        return ",".join(DAYS[day] for day in run)
    return f"{DAYS[run[0]]}-{DAYS[run[-1]]}"
