"""Who has which policy; tests/property/test_effective_policy.py holds all fields to a reading of
the settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sinkhole.control.groups.household import Household
from sinkhole.control.settings import Settings
from sinkhole.control.state.pauses import Pause, PauseScope
from sinkhole.model.stamp import Stamp

TREE = {
    "time_zone": "Europe/Berlin",
    "schedules": [{"name": "bedtime", "windows": ["daily 21:00-07:00"]}],
    "groups": [
        {"name": "kids", "rate_limit": 50, "schedules": [{"when": "Bedtime", "allow_only": True}]}
    ],
    "clients": [
        {"name": "pad", "ids": ["pad"], "group": "KIDS"},
        {"name": "homework", "ids": ["pc"], "group": "kids", "allow_only": False},
        {"name": "TV", "ids": ["tv"]},
    ],
}


def household(**more: Any) -> Household:
    return Household(Settings.model_validate({**TREE, **more}))


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


def off(scope: PauseScope, name: str = "") -> Pause:
    return Pause(scope, name, Stamp("", 0.0, 0.0), None, "otto")


DAY, NIGHT = at("2026-11-30T12:00"), at("2026-11-30T22:00")


def test_clients_that_say_nothing_have_the_very_policy_of_their_group() -> None:
    found = household().policies(NIGHT)
    assert found.clients["pad"] is found.groups["kids"]
    assert found.clients["TV"] is found.groups["default"]
    assert found.clients["homework"] not in (found.groups["kids"], found.groups["default"])


def test_what_a_client_says_counts_whatever_is_open_for_its_group() -> None:
    by_day, by_night = (household().policies(each) for each in (DAY, NIGHT))
    assert (by_day.open, by_night.open) == (frozenset(), {"bedtime"})
    assert not by_day.groups["kids"].allow_only and by_night.groups["kids"].allow_only
    assert by_day.clients["homework"] == by_night.clients["homework"]
    assert by_night.clients["homework"].rate_limit == 50


def test_equal_policies_are_equal_whoever_has_them() -> None:
    found = household(groups=[{"name": "kids", "log": True}, {"name": "b"}]).policies(DAY)
    assert len({found.groups["kids"], found.groups["b"], found.groups["default"]}) == 1


def test_who_is_as_before_keeps_the_very_policy() -> None:
    found = household()
    by_day, paused = found.policies(DAY), found.policies(DAY, [off("client", "pad")])
    assert paused.groups["kids"] is by_day.groups["kids"]
    assert paused.clients["pad"] != by_day.clients["pad"]
    again = found.policies(NIGHT).clients["homework"]
    assert found.policies(NIGHT).clients["homework"] is again


def test_the_next_edge_is_when_a_schedule_opens_or_closes() -> None:
    assert household().next_edge(DAY) == at("2026-11-30T21:00")
    assert household().next_edge(NIGHT) == at("2026-12-01T07:00")
    assert Household(Settings()).next_edge(DAY) is None


@pytest.mark.parametrize(
    ("pause", "felt_by"),
    [
        (off("all"), {"pad", "homework", "TV"}),
        (off("group", "Kids"), {"pad", "homework"}),
        (off("group", "default"), {"TV"}),
        (off("client", "tv"), {"TV"}),
        (off("client", "gone"), set()),
        (off("service", "tiktok"), set()),
    ],
)
def test_a_pause_is_felt_by_those_it_is_for(pause: Pause, felt_by: set[str]) -> None:
    found = household().policies(NIGHT, [pause])
    assert {name for name, each in found.clients.items() if each.is_paused} == felt_by
    assert found.groups["kids"].is_paused is (pause.key in (("all", ""), ("group", "kids")))


def test_it_is_told_why_something_applies() -> None:
    pauses = [off("client", "PAD"), off("group", "default"), off("service", "tiktok")]
    applied = household().applied(NIGHT, pauses, client="Pad")
    assert applied.group == "kids" and applied.open == {"bedtime"} and applied.policy.is_paused
    assert [(each.kind, each.owner, each.when) for each in applied.layers] == [
        ("group", "kids", ""),
        ("group", "kids", "bedtime"),
    ]
    assert [each.scope for each in applied.pauses] == ["client", "service"]
    assert household().applied(NIGHT, client="nobody").group == "default"
    assert household().applied(NIGHT, group="Kids").policy.allow_only


def test_a_group_that_was_left_out_has_no_members() -> None:
    """A client of the file may be in one that is stored, and no longer fits."""
    known = Settings.model_validate(TREE)
    found = Household(known.model_copy(update={"groups": (), "schedules": ()}))
    assert found.group_of("pad") == found.group_of("nobody") == "default"
    policies = found.policies(NIGHT)
    assert policies.clients["pad"] is policies.groups["default"]
