"""Windows of schedules: how they are written, and what is said of those that can't be read."""

from __future__ import annotations

import pytest

from sinkhole.control.settings.windows import Window, day_number, parse_window


@pytest.mark.parametrize(
    ("text", "days", "start", "end", "shortest"),
    [
        ("mon-thu 21:00-07:00", (0, 1, 2, 3), 1260, 420, "mon-thu 21:00-07:00"),
        ("Friday, SAT 22:30 - 8:00", (4, 5), 1350, 480, "fri,sat 22:30-08:00"),
        ("daily 12:00-13:00", tuple(range(7)), 720, 780, "daily 12:00-13:00"),
        ("mon-sun 0:00-24:00", tuple(range(7)), 0, 1440, "daily 00:00-24:00"),
        ("fri-mon 1:05–2:00", (0, 4, 5, 6), 65, 120, "mon,fri-sun 01:05-02:00"),
        ("sun,sun,tue 23:59-23:59", (1, 6), 1439, 1439, "tue,sun 23:59-23:59"),
        ("  wednesday   9:00-9:30 ", (2,), 540, 570, "wed 09:00-09:30"),
    ],
)
def test_windows_are_days_and_from_when_to_when(
    text: str, days: tuple[int, ...], start: int, end: int, shortest: str
) -> None:
    found = parse_window(text)
    assert found == Window(days, start, end) == parse_window(found)
    assert str(found) == shortest and parse_window(shortest) == found


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("21:00-07:00", "is no window, write days and times such as"),
        ("mon 21:00", "is no window"),
        ("mon 2100-0700", "is no window"),
        (2100, "2100 is not text"),
        ("", "is empty"),
        ("fun 21:00-22:00", '"fun" is no day, write mon, tue'),
        ("mon- 21:00-22:00", '"mon-" is no day'),
        ("mo 21:00-22:00", '"mo" is no day'),
        ("daily,mon 1:00-2:00", '"daily" is no day'),
        ("mon 24:00-02:00", "has a time that no clock shows"),
        ("mon 21:60-22:00", "has a time that no clock shows"),
        ("mon 21:00-24:01", "has a time that no clock shows"),
        ("mon 21:00-25:00", "has a time that no clock shows"),
    ],
)
def test_what_is_none_is_refused_with_how_to_write_one(value: object, why: str) -> None:
    with pytest.raises(ValueError, match="") as refused:
        parse_window(value)
    assert why in str(refused.value)


def test_days_are_known_by_three_letters_or_more() -> None:
    words = ("mon", "Tues", "SUNDAY", "su", "", "sunny")
    assert [day_number(word) for word in words] == [0, 1, 6, None, None, None]
