"""Which schedules are open at a moment, and when that changes next; pure but for the zone's data.

A window is by the wall clock, and that is put forward and back. So what counts is the furthest that
the clock has shown: where it is put forward over the start of a window, that opens at once (one
that lies wholly in between never does); where it is put back, nothing that was over opens again,
and nothing that is open ends later than by the first of the two hours.

Moments are seconds since 1970. Walls, which is what a clock shows, are datetimes without a zone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sinkhole.control.settings.windows import Window

LOOK_AHEAD_DAYS: Final = 16
"""How far an edge is looked for: a week has all of them, but for those that a change of the clock
skips."""

_DAY: Final = timedelta(days=1)
_TICK: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1)


class Calendar:
    """The windows of schedules by their names, in a zone; None is that of this machine."""

    def __init__(self, schedules: Mapping[str, Iterable[Window]], zone: ZoneInfo | None) -> None:
        self._windows = {name: tuple(windows) for name, windows in schedules.items()}
        self._zone = zone
        self._edges = _edges_by_day(each for some in self._windows.values() for each in some)

    def open_at(self, at_s: float) -> frozenset[str]:
        """The names of the schedules that are open at a moment; a microsecond for each window."""
        wall = furthest_wall(at_s, self._zone)
        minute = 60 * wall.hour + wall.minute
        return frozenset(
            name
            for name, windows in self._windows.items()
            if any(_covers(each, wall.weekday(), minute) for each in windows)
        )

    def next_edge(self, after_s: float, of: frozenset[str] | None = None) -> float | None:
        """The first moment after one at which other schedules are open, of these or of all; None
        where nothing ever changes, or not within LOOK_AHEAD_DAYS."""
        wanted = frozenset(self._windows) if of is None else of
        before = self.open_at(after_s) & wanted
        for edge_s in self._edges_after(after_s):
            if self.open_at(edge_s) & wanted != before:
                return edge_s
        return None

    def _edges_after(self, after_s: float) -> Iterator[float]:
        """The moments at which windows begin or end, in order; some may change nothing."""
        midnight = furthest_wall(after_s, self._zone).replace(hour=0, minute=0, second=0)
        midnight = midnight.replace(microsecond=0)
        for day in range(LOOK_AHEAD_DAYS):
            here = midnight + day * _DAY
            for minute in self._edges[here.weekday()]:
                edge_s = moment_of(here + timedelta(minutes=minute), self._zone)
                if edge_s > after_s:
                    yield edge_s


def furthest_wall(at_s: float, zone: ZoneInfo | None) -> datetime:
    """The furthest that the clock has shown at a moment: what it shows, but where it was put back,
    the last that it showed before, until that comes again."""
    wall = wall_at(at_s, zone)
    if not wall.fold:
        return wall
    back_s = _utc_offset_s(wall.replace(fold=0), zone) - _utc_offset_s(wall, zone)
    change_s = _first(at_s - back_s, at_s, lambda moment_s: bool(wall_at(moment_s, zone).fold))
    return wall_at(change_s, zone).replace(fold=0) + timedelta(seconds=back_s) - _TICK


def wall_at(at_s: float, zone: ZoneInfo | None) -> datetime:
    """What the clock shows at a moment, with `fold` in an hour that comes the second time."""
    return datetime.fromtimestamp(at_s, zone).replace(tzinfo=None)


def moment_of(wall: datetime, zone: ZoneInfo | None) -> float:
    """The first moment at which the clock shows a wall, or has passed it without showing it."""
    first = wall.replace(fold=0)
    found_s = _timestamp(first, zone)
    if wall_at(found_s, zone) == first:
        return found_s
    # The clock was put forward over it: the two readings of such a wall lie on either side of that.
    early_s = _timestamp(wall.replace(fold=1), zone)
    return _first(early_s, found_s, lambda moment_s: wall_at(moment_s, zone) >= first)


def _first(not_yet_s: float, already_s: float, is_so: Callable[[float], bool]) -> float:
    """The first whole second at which something is so that then stays so."""
    low, high = int(not_yet_s), math.ceil(already_s)
    while low < high:
        middle = (low + high) // 2
        if is_so(middle):
            high = middle
        else:
            low = middle + 1
    return float(high)


def _timestamp(wall: datetime, zone: ZoneInfo | None) -> float:
    return wall.replace(tzinfo=zone).timestamp()


def _utc_offset_s(wall: datetime, zone: ZoneInfo | None) -> float:
    return (wall - _EPOCH).total_seconds() - _timestamp(wall, zone)


def _covers(window: Window, day: int, minute: int) -> bool:
    """Whether a wall clock that shows this is within a window."""
    if window.end > window.start:
        return day in window.days and window.start <= minute < window.end
    is_today = day in window.days and minute >= window.start
    return is_today or ((day - 1) % 7 in window.days and minute < window.end)


def _edges_by_day(windows: Iterable[Window]) -> tuple[tuple[int, ...], ...]:
    """The minutes of each day of the week at which windows begin or end, in order."""
    found: list[set[int]] = [set() for _ in range(7)]
    for window in windows:
        for day in window.days:
            found[day].add(window.start)
            found[(day + (window.end <= window.start)) % 7].add(window.end)
    return tuple(tuple(sorted(minutes)) for minutes in found)
