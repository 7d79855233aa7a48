"""Hours of the week as AdGuard Home has them, and as schedules of ours."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.control.settings import Settings
from sinkhole.control.web.adguard.pauses import (
    NAME,
    Week,
    everybody_changes,
    for_everybody,
    paused_by,
    shown_week,
    zone_changes,
)
from sinkhole.control.web.refusals import Refused

HOUR = 3_600_000


def week(**days: tuple[int, int]) -> Week:
    told: dict[str, Any] = {day: {"start": a, "end": b} for day, (a, b) in days.items()}
    return Week.model_validate({"time_zone": "Local", **told})


def settings_with(**tree: Any) -> Settings:
    return Settings.model_validate(tree)


def test_hours_are_windows_of_a_day() -> None:
    assert week(mon=(0, 24 * HOUR), sat=(9 * HOUR, 12 * HOUR + 1_800_000)).windows() == [
        "mon 00:00-24:00",
        "sat 09:00-12:30",
    ]
    assert week(mon=(0, 0)).windows() == week().windows() == []


@pytest.mark.parametrize("hours", [(HOUR, HOUR), (2 * HOUR, HOUR), (0, 1), (5, HOUR)])
def test_hours_that_are_none_are_refused(hours: tuple[int, int]) -> None:
    with pytest.raises(Refused, match="bad day range"):
        week(tue=hours).windows()


def test_the_services_of_all_are_paused_who_have_none_of_their_own() -> None:
    groups = [{"name": "kids", "services": ["tiktok"]}, {"name": "guests", "rate_limit": 5}]
    settings = settings_with(groups=groups)
    changes = everybody_changes(settings, ["mon 00:00-01:00"])
    assert [(each.key, each.item, each.action) for each in changes] == [
        ("schedules", NAME, "set"),
        ("groups", "guests", "set"),
        ("groups", "default", "set"),
    ]
    assert changes[1].value["rate_limit"] == 5
    assert changes[1].value["schedules"] == [{"when": NAME, "services": []}]


def test_they_are_shown_and_taken_back() -> None:
    entry = {"when": NAME, "services": []}
    bedtime = {"when": "bedtime", "allow_only": True}
    settings = settings_with(
        schedules=[
            {"name": NAME, "windows": ["mon,tue 08:00-09:00"]},
            {"name": "bedtime", "windows": ["daily 21:00-07:00"]},
        ],
        groups=[{"name": "default", "schedules": [bedtime, entry]}],
    )
    hours = {"start": 8 * HOUR, "end": 9 * HOUR}
    shown = for_everybody(settings)
    assert shown == {"time_zone": "Local", "mon": hours, "tue": hours}
    windows = Week.model_validate(shown).windows()
    changes = everybody_changes(settings, [])
    assert [(each.key, each.item, each.action) for each in changes] == [
        ("schedules", NAME, "remove"),
        ("groups", "default", "set"),
    ]
    assert changes[1].value["schedules"] == [bedtime]
    assert windows == ["mon 08:00-09:00", "tue 08:00-09:00"]
    assert everybody_changes(settings, windows) == []


def test_a_schedule_that_others_go_by_stays() -> None:
    entry = {"when": "School", "services": []}
    settings = settings_with(
        schedules=[{"name": "School", "windows": ["mon-fri 08:00-13:00"]}],
        groups=[{"name": "default", "schedules": [entry]}],
        clients=[{"name": "tv", "ids": ["tv"], "schedules": [entry]}],
    )
    assert for_everybody(settings)["fri"] == {"start": 8 * HOUR, "end": 13 * HOUR}
    changes = everybody_changes(settings, ["mon 08:00-09:00"])
    assert [(each.key, each.item) for each in changes] == [
        ("schedules", NAME),
        ("groups", "default"),
    ]
    assert everybody_changes(settings, [])[0].key == "groups"
    alone = paused_by(settings, "School", ["mon 01:00-02:00"], {"client tv", "group default"}, "x")
    assert (alone.name, alone.changes[0].item) == ("School", "School")
    assert paused_by(settings, "", ["mon 01:00-02:00"], set(), "school").name == "school 2"


def test_the_zone_is_the_households() -> None:
    berlin = Week.model_validate({"time_zone": "Europe/Berlin", "mon": {"start": 0, "end": HOUR}})
    assert [each.value for each in zone_changes(Settings(), berlin)] == ["Europe/Berlin"]
    assert zone_changes(settings_with(time_zone="Europe/Berlin"), berlin) == []
    assert zone_changes(Settings(), week(mon=(0, HOUR))) == []
    with pytest.raises(Refused, match="unknown time zone Nope"):
        zone_changes(Settings(), Week(time_zone="Nope"))
    others = settings_with(schedules=[{"name": "bedtime", "windows": ["daily 21:00-07:00"]}])
    with pytest.raises(Refused, match="which schedules go by: bedtime"):
        zone_changes(others, berlin)


def test_without_hours_no_zone_is_meant() -> None:
    assert zone_changes(Settings(), Week(time_zone="Europe/Berlin")) == []
    assert shown_week(settings_with(time_zone="Europe/Berlin"), "") == {"time_zone": "Local"}
