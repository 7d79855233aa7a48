"""What a group, a client or a schedule decides is changed where it is said."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sinkhole.control.explain import explain
from sinkhole.control.explain.changes import changes
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.settings import Settings
from sinkhole.model.explanation import Change

Build = Callable[..., Any]

TABLET = "192.0.2.7"


def asked(house: Build, name: str, says: dict[str, Any], qtype: str = "A", **parts: Any) -> Inquiry:
    """A question of a tablet of the kids, who say this, by commands."""
    inquiry = held(house, name, says, qtype, **parts)
    nowhere = Settings.model_construct(**dict(inquiry.settings))  # without where it was written
    return replace(inquiry, settings=nowhere)


def held(house: Build, name: str, says: dict[str, Any], qtype: str = "A", **parts: Any) -> Inquiry:
    """The same where the settings file holds what they say."""
    built = house(
        groups=[{"name": "kids", **says}],
        clients=[{"name": "Tablet", "addresses": [TABLET], "group": "kids"}],
        **parts,
    )
    found: Inquiry = built.inquiry(name, qtype)
    layers = built.maker.household.applied(0.0, client="Tablet").layers
    return replace(found, matcher=found.client.policy.filter, layers=layers)


def told(inquiry: Inquiry) -> list[Change]:
    return changes(inquiry, [])


@pytest.mark.parametrize(
    ("says", "parts", "name", "wanted"),
    [
        (
            {"rules": ["||a.example^", "||b.example^"]},
            {},
            "a.example",
            [("remove", "rules", ["||a.example^"], ['rules=["||b.example^"]'])],
        ),
        (
            {"services": ["tiktok", "group:gaming"]},
            {},
            "www.tiktok.com",
            [
                ("remove", "services", ["tiktok"], ['services=["group:gaming"]']),
                ("add", "rules", ["@@||www.tiktok.com^"], ['rules=["@@||www.tiktok.com^"]']),
            ],
        ),
        (
            {"safe_search": {"google": True}},
            {},
            "www.google.com",
            [
                ("set", "safe_search.google", ["false"], ["safe_search.google=false"]),
                ("add", "rules", ["@@||www.google.com^"], ['rules=["@@||www.google.com^"]']),
            ],
        ),
        (
            {"allow_only": True, "rules": ["@@||b.example^"]},
            {},
            "a.example",
            [
                (
                    "add",
                    "rules",
                    ["@@||a.example^"],
                    ['rules=["@@||b.example^", "@@||a.example^"]'],
                ),
                ("set", "allow_only", ["false"], ["allow_only=false"]),
            ],
        ),
        (
            {"allow_only": True, "safe_search": {"google": True}},
            {},
            "www.google.com",
            [
                ("add", "rules", ["@@||www.google.com^"], ['rules=["@@||www.google.com^"]']),
                ("set", "allow_only", ["false"], ["allow_only=false"]),
            ],
        ),
        (
            {"allow_only": True, "safe_search": {"google": True}},
            {"rules": ["@@||www.google.com^"]},
            "www.google.com",
            [("set", "safe_search.google", ["false"], ["safe_search.google=false"])],
        ),
        (
            {"lists": ["block"]},
            {
                "block": ["||a.example^"],
                "filtering": {"lists": [{"name": "Block", "url": "https://lists.example.org/a"}]},
            },
            "a.example",
            [("add", "rules", ["@@||a.example^"], ['rules=["@@||a.example^"]'])],
        ),
    ],
    ids=[
        *("rules", "services", "safe-search", "allow-only", "allow-only-and-safe-search"),
        *("allowed-and-safe-search", "chosen-lists"),
    ],
)
def test_what_a_group_says_is_changed_there(
    house: Build, says: dict[str, Any], parts: dict[str, Any], name: str, wanted: Any
) -> None:
    found = [
        (each["change"], each["where"], each["items"], shlex.split(each["command"]))
        for each in told(asked(house, name, says, **parts))
    ]
    command = ["sinkhole", "groups", "set", "kids", "--keep"]
    assert found == [
        (how, f"groups[kids].{key}", items, command + words) for how, key, items, words in wanted
    ]


def test_a_refused_type_is_answered_again(house: Build) -> None:
    (change,) = told(asked(house, "a.example", {"refuse_types": ["AAAA", "HTTPS"]}, "AAAA"))
    assert (change["where"], change["items"]) == ("groups[kids].refuse_types", ["AAAA"])
    assert shlex.split(change["command"])[-1] == 'refuse_types=["HTTPS"]'


def test_where_nothing_is_refused_no_rule_is_proposed(house: Build) -> None:
    (change,) = told(asked(house, "a.example", {"filtering": False}))
    assert (change["effect"], change["where"]) == ("block", "groups[kids].filtering")
    assert change["items"] == ["true"]


def test_a_rule_of_the_group_that_allows_is_taken_out(house: Build) -> None:
    parts = {"block": ["||a.example^"]}
    (change,) = told(asked(house, "a.example", {"rules": ["@@||a.example^"]}, **parts))
    assert (change["effect"], change["change"]) == ("block", "remove")
    assert (change["where"], change["items"]) == ("groups[kids].rules", ["@@||a.example^"])
    assert shlex.split(change["command"])[-1] == "rules=[]"


def test_what_the_household_decides_is_changed_there_for_a_member_too(house: Build) -> None:
    for parts in ({"block": ["||a.example^"]}, {"rules": ["||a.example^"]}):
        (change,) = told(asked(house, "a.example", {"log": False}, **parts))
        assert (change["where"], change["command"]) == ("filtering.rules", "")
    services = {"filtering": {"services": ["tiktok"]}}
    first, _ = told(asked(house, "www.tiktok.com", {"log": False}, **services))
    assert (first["where"], first["items"]) == ("filtering.services", ["tiktok"])


def test_the_last_layer_that_says_it_is_the_one(house: Build) -> None:
    always = [{"name": "night", "windows": ["daily 0:00-24:00"]}]
    says = {"allow_only": False, "schedules": [{"when": "night", "allow_only": True}]}
    first, second = told(asked(house, "a.example", says, schedules=always))
    assert first["where"] == "groups[kids].schedules[night].rules"
    assert second["where"] == "groups[kids].schedules[night].allow_only"
    words = shlex.split(second["command"])
    assert words[3:] == ["kids", "--keep", "--during", "night", "allow_only=false"]


def test_allowing_everything_is_proposed_only_where_it_helps(house: Build) -> None:
    says = {"allow_only": True, "categories": []}
    found = told(asked(house, "a.example", says, block=["||a.example^"]))
    assert [each["where"] for each in found] == ["filtering.rules"]


def test_what_the_settings_file_holds_is_changed_there(house: Build) -> None:
    (change,) = told(held(house, "a.example", {"rules": ["||a.example^"]}))
    assert (change["where"], change["command"]) == ("groups[kids].rules", "")
    assert re.fullmatch(r"it stands in .*\.yaml:\d+", change["note"])


@pytest.mark.parametrize(
    ("name", "rules", "lists", "decides"),
    [
        ("www.google.com", [], "no rule allows it, and only what is allowed is answered", "lists"),
        (
            "www.google.com",
            ["@@||www.google.com^"],
            "a rule allows it, so what is built in answers",
            "built-in",
        ),
        ("use-application-dns.net", [], "no rule matches", "built-in"),
        ("a.example", ["@@||a.example^"], "allowed", "lists"),
    ],
)
def test_where_only_allowed_names_pass_the_stage_is_told_that_decides(
    house: Build, name: str, rules: list[str], lists: str, decides: str
) -> None:
    says = {"allow_only": True, "safe_search": {"google": True}, "rules": rules}
    told = explain(asked(house, name, says))["stages"]
    assert [each["stage"] for each in told if each["decides"]][:1] == [decides]
    assert [each["says"] for each in told if each["stage"] == "lists"] == [lists]
