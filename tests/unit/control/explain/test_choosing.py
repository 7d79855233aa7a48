"""The mildest rule is found that blocks or allows a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sinkhole.control.explain.choosing import choose, client_modifier
from sinkhole.control.explain.trial import trial_of_rules
from sinkhole.dns.filter.language.line import Rule
from sinkhole.dns.filter.language.rules import parse_line


@pytest.mark.parametrize(
    ("rules", "block", "wanted", "added", "removed"),
    [
        ([], ["||a.example^"], "allow", ["@@||a.example^"], []),
        (["||a.example^"], [], "allow", [], ["||a.example^"]),
        (["@@||a.example^"], ["||a.example^"], "block", [], ["@@||a.example^"]),
        ([], [], "block", ["||a.example^"], []),
        ([], ["@@||a.example^"], "block", ["||a.example^$important"], []),
    ],
)
def test_for_everybody(
    house: Callable[..., Any],
    rules: list[str],
    block: list[str],
    wanted: Any,
    added: list[str],
    removed: list[str],
) -> None:
    inquiry = house(rules=rules, block=block).inquiry("a.example")
    choice = choose(inquiry, wanted)
    assert (list(choice.added), list(choice.removed)) == (added, removed)


def test_for_a_time_nothing_is_removed(house: Callable[..., Any]) -> None:
    inquiry = house(rules=["||a.example^"]).inquiry("a.example")
    choice = choose(inquiry, "allow", may_remove=False)
    assert (choice.added, choice.removed) == (("@@||a.example^",), ())


def test_for_one_client_the_rule_holds_for_nobody_else(house: Callable[..., Any]) -> None:
    built = house(block=["||a.example^$important"])
    inquiry = built.inquiry("a.example", client="192.0.2.9")
    choice = choose(inquiry, "allow", for_client="192.0.2.9")
    assert choice.added == ("@@||a.example^$important,client='192.0.2.9'",)
    trial = trial_of_rules(built.matcher, built.settings, choice.added)
    assert trial.change(inquiry.question.name, "192.0.2.9") == "freed"
    assert trial.change(inquiry.question.name, "192.0.2.7") is None


def test_where_an_allow_list_decides_no_rule_blocks(house: Callable[..., Any]) -> None:
    inquiry = house(allow=["a.example"]).inquiry("a.example")
    for options in ({}, {"for_client": "192.0.2.9"}, {"may_remove": False}):
        choice = choose(inquiry, "block", **options)
        assert not choice.is_possible
        assert choice.note


@pytest.mark.parametrize(
    "client", ["Kids tablet", "Anna's phone", "a, b|c", "192.0.2.1", "x\\y", "$a"]
)
def test_a_client_of_any_name_is_named_in_a_rule(client: str) -> None:
    read = parse_line(f"||a.example^${client_modifier(client)}")
    assert isinstance(read, Rule)
    (criterion,) = read.conditions.clients
    assert criterion.partition(":")[2] == client
