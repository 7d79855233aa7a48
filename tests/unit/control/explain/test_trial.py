"""Rules on trial: what they would change about a name, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sinkhole.control.explain.trial import trial_of_list, trial_of_rules
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text

KIDS = [{"name": "Kids tablet", "addresses": ["192.0.2.9"], "ids": ["kids"], "tags": []}]


def test_added_and_removed_rules_block_and_free(house: Callable[..., Any]) -> None:
    built = house(rules=["||a.example^"], block=["||b.example^"])
    trial = trial_of_rules(built.matcher, built.settings, ["||c.example^"], [("own rules", 1)])
    assert trial.change(from_text("x.a.example")) == "freed"
    assert trial.change(from_text("c.example")) == "blocked"
    assert trial.change(from_text("b.example")) is None
    assert not trial.asks_clients


def test_only_names_that_the_rules_are_about_may_change(house: Callable[..., Any]) -> None:
    built = house(rules=["||a.example^"], block=["||b.example^"])
    added = ["/^c[0-9]/", "||d.example^$badfilter", "||e.example^$dnstype=AAAA"]
    trial = trial_of_rules(built.matcher, built.settings, added, [("own rules", 1)])
    may = [
        name
        for name in ("a.example", "b.example", "c1.example", "d.example", "e.example")
        if trial.may_change(from_text(name))
    ]
    assert may == ["a.example", "c1.example", "d.example", "e.example"]


def test_rules_for_clients_hold_for_those_by_name_address_and_id(
    house: Callable[..., Any],
) -> None:
    built = house(clients=KIDS)
    trial = trial_of_rules(built.matcher, built.settings, ["||a.example^$client='Kids tablet'"])
    name = from_text("a.example")
    assert trial.asks_clients
    assert [trial.change(name, each) for each in ("192.0.2.9", "kids", "192.0.2.7", "")] == [
        "blocked",
        "blocked",
        None,
        None,
    ]


def test_a_question_is_seen_under_both(house: Callable[..., Any]) -> None:
    built = house(clients=KIDS, block=["||b.example^"])
    trial = trial_of_rules(built.matcher, built.settings, ["||a.example^$client='Kids tablet'"])
    before, after = trial.seen_by(built.inquiry("a.example", client="192.0.2.9"))
    assert before.verdict().outcome.name == "FORWARDED"
    assert after.verdict().outcome.name == "BLOCKED"


def test_a_further_list_stands_behind_those_in_use(house: Callable[..., Any]) -> None:
    built = house(block=["@@||b.example^"])
    new = CompiledList.from_rules("New", "block", ["||a.example^", "||b.example^"])
    trial = trial_of_list(built.matcher, built.settings, new)
    assert trial.change(from_text("a.example")) == "blocked"
    assert trial.change(from_text("b.example")) is None
