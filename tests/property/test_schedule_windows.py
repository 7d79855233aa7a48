"""What a calendar says is open, and when that changes, is what a clock says that is looked at each
minute: a window is open while the furthest that it has shown lies within.

Zones with summer time, with half an hour of it, with one month of winter time, with changes at
midnight, and one that left out a day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.groups.calendar import LOOK_AHEAD_DAYS, Calendar
from sinkhole.control.settings.windows import DAY_MINUTES, Window

NAMES = (
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("Africa/Casablanca", "America/Havana", "Asia/Beirut", "Pacific/Apia", "UTC"),
)
MINUTE_S = 60
BEGIN = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(2037, 1, 1, tzinfo=UTC).timestamp())


def naive(windows: list[Window], shown: datetime) -> bool:
    """Whether what a clock shows is within a window, by the dates of its start and its end."""
    for days_ago in (0, 1):
        day = datetime.combine(shown.date(), datetime.min.time()) - timedelta(days=days_ago)
        for each in windows:
            begin = day + timedelta(minutes=each.start)
            end = day + timedelta(minutes=each.end)
            end += timedelta(days=1) if each.end <= each.start else timedelta()
            if day.weekday() in each.days and begin <= shown < end:
                return True
    return False


class Walk:
    """From minute to minute, with the furthest that the clock has shown."""

    def __init__(self, windows: list[Window], zone: ZoneInfo, from_s: int) -> None:
        self.windows, self.zone, self.now_s = windows, zone, from_s
        self.furthest = datetime.min
        self.step(0)

    def step(self, by_s: int = MINUTE_S) -> bool:
        self.now_s += by_s
        shown = datetime.fromtimestamp(self.now_s, self.zone).replace(tzinfo=None, fold=0)
        self.furthest = max(self.furthest, shown)
        return naive(self.windows, self.furthest)


WINDOWS = st.lists(
    st.builds(
        Window,
        st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
        st.integers(0, DAY_MINUTES - 1),
        st.integers(0, DAY_MINUTES),
    ),
    max_size=4,
)


def changes_of(zone: ZoneInfo) -> list[int]:
    """The minutes at which the clock of a zone is changed, from 2010 on."""
    found, offset = [], datetime.fromtimestamp(BEGIN, zone).utcoffset()
    for day_s in range(BEGIN, END, 86_400):
        if datetime.fromtimestamp(day_s + 86_400, zone).utcoffset() != offset:
            low, high = day_s, day_s + 86_400
            while high - low > MINUTE_S:
                middle = (low + high) // 2 // MINUTE_S * MINUTE_S
                if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            found.append(high)
            offset = datetime.fromtimestamp(high, zone).utcoffset()
    return found


CHANGES = {name: changes_of(ZoneInfo(name)) for name in NAMES}


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, int]:
    """A zone and a minute, mostly near a change of its clock."""
    name = draw(st.sampled_from(NAMES))
    if CHANGES[name] and draw(st.integers(0, 3)):
        return name, draw(st.sampled_from(CHANGES[name])) + MINUTE_S * draw(st.integers(-900, 300))
    return name, draw(st.integers(BEGIN // MINUTE_S, END // MINUTE_S)) * MINUTE_S


@settings(max_examples=60, deadline=None)
@given(moments(), WINDOWS)
def test_what_is_open_is_what_the_reference_says(
    where: tuple[str, int], windows: list[Window]
) -> None:
    name, from_s = where
    zone = ZoneInfo(name)
    found = Calendar({"it": windows}, zone)
    walk = Walk(
        windows, zone, from_s - 4 * 3600
    )  # so that it has met a change that was just before
    for _ in range(4 * 60):
        walk.step()
    for _ in range(600):
        is_so = walk.step()
        assert bool(found.open_at(walk.now_s)) is is_so, datetime.fromtimestamp(walk.now_s, zone)


@settings(max_examples=40, deadline=None)
@given(moments(), WINDOWS)
def test_the_next_edge_is_that_of_the_reference(
    where: tuple[str, int], windows: list[Window]
) -> None:
    name, from_s = where
    zone = ZoneInfo(name)
    edge_s = Calendar({"it": windows}, zone).next_edge(from_s)
    walk = Walk(windows, zone, from_s - 4 * 3600)
    while walk.now_s < from_s:
        before = walk.step()
    for _ in range(8 * DAY_MINUTES):
        if walk.step() != before:
            assert edge_s == walk.now_s
            return
    assert edge_s is None or walk.now_s < edge_s <= from_s + LOOK_AHEAD_DAYS * 86_400
