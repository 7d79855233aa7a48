"""Which schedules are open, and the next edge: the clock forward and back, midnight, leap days;
tests/property/test_schedule_windows.py holds it to a reference."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sinkhole.control.groups.calendar import Calendar, furthest_wall, moment_of
from sinkhole.control.settings.windows import parse_window

BERLIN = ZoneInfo("Europe/Berlin")


def calendar(*windows: str, zone: ZoneInfo = BERLIN) -> Calendar:
    return Calendar({"it": [parse_window(each) for each in windows]}, zone)


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def is_open(found: Calendar, text: str, fold: int = 0) -> bool:
    return found.open_at(at(text, fold=fold)) == {"it"}


def next_edge(found: Calendar, text: str, fold: int = 0) -> str:
    edge_s = found.next_edge(at(text, fold=fold))
    assert edge_s is not None
    return datetime.fromtimestamp(edge_s, BERLIN).isoformat()


def test_a_window_is_open_from_its_start_to_before_its_end() -> None:
    found = calendar("mon 12:00-13:00")
    monday = "2026-11-30"
    shown = {
        text: is_open(found, f"{monday}T{text}") for text in ("11:59", "12:00", "12:59", "13:00")
    }
    assert list(shown.values()) == [False, True, True, False]
    assert not is_open(found, "2026-12-01T12:30")
    assert next_edge(found, f"{monday}T11:00") == "2026-11-30T12:00:00+01:00"
    assert next_edge(found, f"{monday}T12:00") == "2026-11-30T13:00:00+01:00"
    assert next_edge(found, f"{monday}T13:00") == "2026-12-07T12:00:00+01:00"


def test_one_across_midnight_belongs_to_the_day_of_its_beginning() -> None:
    found = calendar("fri 22:30-08:00")
    assert is_open(found, "2026-11-28T07:59") and not is_open(found, "2026-11-28T08:00")
    assert not is_open(found, "2026-11-27T07:00") and not is_open(found, "2026-11-28T23:00")
    assert next_edge(found, "2026-11-27T22:30") == "2026-11-28T08:00:00+01:00"


def test_sunday_goes_over_into_monday() -> None:
    found = calendar("sun 21:00-07:00")
    assert is_open(found, "2026-11-30T06:59") and not is_open(found, "2026-11-29T06:59")


def test_24_00_is_the_end_of_the_day_and_as_long_as_a_day_is_a_day() -> None:
    assert is_open(calendar("sat 12:00-24:00"), "2026-11-28T23:59")
    assert not is_open(calendar("sat 12:00-24:00"), "2026-11-29T00:00")
    assert is_open(calendar("sat 21:00-21:00"), "2026-11-29T20:59")
    assert not is_open(calendar("sat 21:00-21:00"), "2026-11-29T21:00")


def test_windows_that_join_have_no_edge_in_between_and_what_is_always_open_has_none() -> None:
    found = calendar("mon 20:00-24:00", "tue 00:00-07:00")
    assert next_edge(found, "2026-11-30T21:00") == "2026-12-01T07:00:00+01:00"
    assert calendar("daily 00:00-24:00").next_edge(at("2026-11-30T12:00")) is None
    assert calendar().next_edge(at("2026-11-30T12:00")) is None


def test_put_forward_over_the_start_it_opens_at_once() -> None:
    found = calendar("sun 02:30-04:00")  # at 02:00 it was 03:00 that day
    assert not is_open(found, "2026-03-29T01:59") and is_open(found, "2026-03-29T03:00")
    assert next_edge(found, "2026-03-29T01:00") == "2026-03-29T03:00:00+02:00"
    assert next_edge(found, "2026-03-29T03:00") == "2026-03-29T04:00:00+02:00"


def test_put_forward_over_the_end_it_closes_at_once() -> None:
    found = calendar("sat 22:00-02:30")
    assert is_open(found, "2026-03-29T01:59") and not is_open(found, "2026-03-29T03:00")
    assert next_edge(found, "2026-03-28T22:00") == "2026-03-29T03:00:00+02:00"


def test_put_forward_over_all_of_it_it_is_not_open_that_day() -> None:
    found = calendar("sun 02:10-02:50")
    assert next_edge(found, "2026-03-28T12:00") == "2026-04-05T02:10:00+02:00"


def test_put_back_it_opens_at_the_first_of_two_hours_and_closes_at_the_first() -> None:
    found = calendar("sun 02:15-02:45")
    assert is_open(found, "2026-10-25T02:30") and not is_open(found, "2026-10-25T02:30", fold=1)
    assert next_edge(found, "2026-10-25T02:15") == "2026-10-25T02:45:00+02:00"
    assert next_edge(found, "2026-10-25T02:45") == "2026-11-01T02:15:00+01:00"


def test_put_back_within_it_it_stays_open() -> None:
    found = calendar("sat 22:00-03:00")
    for fold in (0, 1):
        assert is_open(found, "2026-10-25T02:30", fold=fold)
    assert next_edge(found, "2026-10-24T22:00") == "2026-10-25T03:00:00+01:00"
    assert at("2026-10-25T03:00") - at("2026-10-24T22:00") == 6 * 3600


def test_the_29th_of_february_is_a_day_of_the_week_like_any_other() -> None:
    found = calendar("tue 22:00-06:00")
    assert is_open(found, "2028-02-29T23:00") and is_open(found, "2028-03-01T05:59")
    assert next_edge(found, "2028-02-28T12:00") == "2028-02-29T22:00:00+01:00"


def test_the_same_moment_is_another_time_of_day_elsewhere() -> None:
    moment_s = at("2026-11-30T12:30")
    for name, is_there in (("Europe/Berlin", True), ("America/New_York", False)):
        found = calendar("mon 12:00-13:00", zone=ZoneInfo(name))
        assert bool(found.open_at(moment_s)) is is_there


def test_without_a_zone_it_goes_by_this_machine() -> None:
    found = Calendar({"it": [parse_window("daily 12:00-13:00")]}, None)
    noon = datetime(2026, 11, 30, 12).timestamp()
    assert found.open_at(noon) == {"it"} and found.next_edge(noon) == noon + 3600


def test_a_wall_that_no_clock_shows_is_when_it_is_passed() -> None:
    assert moment_of(datetime(2026, 3, 29, 2, 30), BERLIN) == at("2026-03-29T03:00")
    skipped = datetime(2011, 12, 30, 12)  # Samoa went over the date line
    apia = ZoneInfo("Pacific/Apia")
    assert moment_of(skipped, apia) == at("2011-12-31T00:00", apia)


def test_the_furthest_that_a_clock_has_shown_stands_while_an_hour_comes_again() -> None:
    shown = furthest_wall(at("2026-10-25T02:30", fold=1), BERLIN)
    assert (shown.hour, shown.minute, shown.second) == (2, 59, 59)
    assert furthest_wall(at("2026-10-25T03:00"), BERLIN) == datetime(2026, 10, 25, 3)
