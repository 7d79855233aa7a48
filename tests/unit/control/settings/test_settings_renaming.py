"""Another name for something is another name wherever the settings use it."""

from __future__ import annotations

from typing import Any

import pytest
from settings_file import settings_from

from sinkhole.control.settings.changes import Change
from sinkhole.control.settings.differences import Difference
from sinkhole.control.settings.renaming import (
    Renamed,
    client_in_rule,
    renamed,
    renames_in,
    rule_for_renamed,
)
from sinkhole.model.errors import RequestError

HOUSE: dict[str, Any] = {
    "schedules": [{"name": "bedtime", "windows": ["daily 21:00-07:00"]}],
    "groups": [
        {"name": "kids", "schedules": [{"when": "Bedtime", "allow_only": True}]},
        {"name": "guests", "lists": ["ads"], "rules": ["||a.example^$client=Tablet"]},
    ],
    "clients": [
        {"name": "Tablet", "addresses": ["192.0.2.7"], "group": "KIDS"},
        {"name": "TV", "addresses": ["192.0.2.8"]},
    ],
    "filtering": {
        "lists": [{"name": "Ads", "url": "https://lists.example.org/ads.txt"}],
        "rules": ["||b.example^$client='tablet'|~TV", "||c.example^"],
    },
    "query_log": {"ignore_clients": ["Tablet", "192.0.2.9"]},
}


def changed(key: str, old: str, new: str) -> dict[tuple[str, str], Any]:
    """What is wanted of each place."""
    found = renamed(settings_from(HOUSE), key, old, new)
    return {(each.key, each.item): each.value for each in found}


def test_the_clients_of_a_group_move_to_its_new_name() -> None:
    found = renamed(settings_from(HOUSE), "groups", "KIDS", "children")
    assert found[0] == Change("groups", "KIDS", "remove")
    wanted = {(each.key, each.item): each.value for each in found}
    assert list(wanted) == [("groups", "KIDS"), ("groups", "children"), ("clients", "Tablet")]
    assert wanted["clients", "Tablet"]["group"] == "children"
    assert wanted["groups", "children"]["name"] == "children"


def test_whoever_goes_by_a_schedule_or_a_list_keeps_it() -> None:
    found = changed("schedules", "bedtime", "night")
    assert found["groups", "kids"]["schedules"][0]["when"] == "night"
    found = changed("filtering.lists", "ads", "Adverts")
    assert found["groups", "guests"]["lists"] == ["Adverts"]
    assert ("groups", "kids") not in found


def test_a_client_is_meant_by_rules_and_by_whom_the_log_ignores() -> None:
    found = changed("clients", "tablet", "Slate")
    assert found["groups", "guests"]["rules"] == ["||a.example^$client='Slate'"]
    assert "||b.example^$client='Slate'|~TV" in {item for _, item in found}
    assert found["query_log.ignore_clients", ""] == ["Slate", "192.0.2.9/32"]
    assert ("filtering.rules", "||c.example^") not in found


def test_another_spelling_is_another_name_too() -> None:
    assert list(changed("groups", "kids", "Kids")) == [("groups", "Kids"), ("clients", "Tablet")]


@pytest.mark.parametrize(
    ("key", "old", "new", "told"),
    [
        ("groups", "nobody", "x", "there is no group 'nobody'; there are kids, guests"),
        ("groups", "kids", "GUESTS", "'guests' is the name of another group"),
        ("groups", "kids", "default", "whoever is in no other"),
        ("schedules", "noon", "x", "there is no schedule 'noon'"),
    ],
)
def test_what_can_have_no_such_name_is_refused(key: str, old: str, new: str, told: str) -> None:
    with pytest.raises(RequestError, match=told):
        renamed(settings_from(HOUSE), key, old, new)


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        ("||a.example^$client=Tablet", "||a.example^$client='Slate, 2'"),
        ("||a.example^$client=~'tablet'|TV", "||a.example^$client=~'Slate, 2'|TV"),
        ("@@||a.example^$important,client='Tablet'", "@@||a.example^$important,client='Slate, 2'"),
        ("||a.example^$client='Tablets'", None),
        ("||tablet.example^", None),
        ("||a.example^$client=192.0.2.7", None),
        ("no rule $client=Tablet", None),
    ],
)
def test_a_rule_for_a_client_goes_on_being_for_it(rule: str, other: str | None) -> None:
    wanted = rule if other is None else other.replace("Slate, 2", "Slate\\, 2")
    assert rule_for_renamed(rule, "Tablet", "Slate, 2") == wanted


@pytest.mark.parametrize("name", ["Anna's phone", "a, b|c", "$x", "x|~y"])
def test_odd_names_are_found_again(name: str) -> None:
    rule = f"||a.example^$client={client_in_rule(name)}"
    assert rule_for_renamed(rule, name, "TV") == "||a.example^$client='TV'"


def test_a_new_name_is_told_by_what_else_is_the_same() -> None:
    kids, tablet = {"name": "kids", "log": False}, {"name": "A", "ids": ["a"], "rules": ["x"]}
    found = [
        Difference("groups", "kids", kids, None),
        Difference("groups", "children", None, {**kids, "name": "children"}),
        Difference("groups", "others", None, {"name": "others"}),
        Difference("clients", "A", tablet, None),
        Difference("clients", "B", None, {**tablet, "name": "B", "rules": ["y"]}),
        Difference("schedules", "Night", {"name": "night"}, {"name": "Night"}),
    ]
    assert renames_in(found) == [
        Renamed("group", "kids", "children"),
        Renamed("client", "A", "B"),
        Renamed("schedule", "night", "Night"),
    ]
    assert renames_in(found[1:3]) == []
