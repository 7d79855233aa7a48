"""Moments as people write them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sinkhole.control.groups.moments import read_moment

BERLIN = ZoneInfo("Europe/Berlin")
NOW = "2026-11-29T14:58+01:00"  # a Sunday


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("15:00", "2026-11-29T15:00"),
        (" 14:58 ", "2026-11-30T14:58"),
        ("fri 21:30", "2026-12-04T21:30"),
        ("Sunday 15:00", "2026-11-29T15:00"),
        ("SUN 14:00", "2026-12-06T14:00"),
        ("2026-11-20", "2026-11-20T00:00"),
        ("2027-03-28T02:30", "2027-03-28T03:00"),  # which no clock shows that night
    ],
)
def test_a_moment_is_by_the_clock_of_the_household(text: str, moment: str) -> None:
    found_s = read_moment(text, datetime.fromisoformat(NOW).timestamp(), BERLIN)
    assert datetime.fromtimestamp(found_s, BERLIN).isoformat()[:16] == moment


def test_one_with_a_zone_is_that_one() -> None:
    text = "2026-11-30T12:00:00+00:00"
    assert read_moment(text, 0.0, BERLIN) == datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        *("", "fr 21:30", "fun 21:30", "24:00", "fri", "9999999-01-01"),
        *("9999-12-31T23:59:59", "1969-07-20T20:17+00:00", "0001-01-01"),
    ],
)
def test_others_are_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no moment; write a time such as 21:30 or fri 21:30"):
        read_moment(text, 1_800_000_000.0, BERLIN)
