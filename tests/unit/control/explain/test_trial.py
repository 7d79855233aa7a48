"""Rules on trial: what they would change about a name, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sinkhole.control.explain.trial import Becomes, Trial, trial_of_list, trial_of_rules
from sinkhole.control.querylog.recent_names import AskedBy
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text

KIDS = [{"name": "Kids tablet", "addresses": ["192.0.2.9"], "ids": ["kids"], "tags": []}]


def test_added_and_removed_rules_block_and_free(house: Callable[..., Any]) -> None:
    built = house(rules=["||a.example^"], block=["||b.example^"])
    trial = trial_of_rules(built.audience, ["||c.example^"], [("own rules", 1)])
    assert trial.change(from_text("x.a.example")) == "freed"
    assert trial.change(from_text("c.example")) == "blocked"
    assert trial.change(from_text("b.example")) is None
    assert not trial.asks_clients(from_text("x.a.example"))


def test_only_names_that_the_rules_are_about_may_change(house: Callable[..., Any]) -> None:
    built = house(rules=["||a.example^"], block=["||b.example^"])
    added = ["/^c[0-9]/", "||d.example^$badfilter", "||e.example^$dnstype=AAAA"]
    trial = trial_of_rules(built.audience, added, [("own rules", 1)])
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
    trial = trial_of_rules(built.audience, ["||a.example^$client='Kids tablet'"])
    name = from_text("a.example")
    assert trial.asks_clients(name)
    asked = [AskedBy(each) for each in ("192.0.2.9", "kids", "192.0.2.7", "")]
    assert [trial.change(name, trial.audience.asker(each)) for each in asked] == [
        "blocked",
        "blocked",
        None,
        None,
    ]


def test_a_question_is_seen_under_both(house: Callable[..., Any]) -> None:
    built = house(clients=KIDS, block=["||b.example^"])
    trial = trial_of_rules(built.audience, ["||a.example^$client='Kids tablet'"])
    before, after = trial.seen_by(built.inquiry("a.example", client="192.0.2.9"))
    assert before.verdict().outcome.name == "FORWARDED"
    assert after.verdict().outcome.name == "BLOCKED"


def test_a_further_list_stands_behind_those_in_use(house: Callable[..., Any]) -> None:
    built = house(block=["@@||b.example^"])
    new = CompiledList.from_rules("New", "block", ["||a.example^", "||b.example^"])
    trial = trial_of_list(built.audience, new)
    assert trial.change(from_text("a.example")) == "blocked"
    assert trial.change(from_text("b.example")) is None


# ---- for groups --------------------------------------------------------------------------------

GROUPS: dict[str, Any] = {
    "groups": [
        {"name": "kids", "allow_only": True},
        {"name": "guests", "lists": []},
        {"name": "free", "filtering": False},
    ],
    "clients": [
        {"name": f"One of {name}", "addresses": [address], "group": name}
        for name, address in (
            ("kids", "192.0.2.21"),
            ("guests", "192.0.2.22"),
            ("free", "192.0.2.23"),
        )
    ],
}


def by_group(trial: Trial, name: str) -> dict[str, Becomes | None]:
    """What becomes of a name for a member of each group."""
    groups = ("default", "kids", "guests", "free")
    asked = from_text(name)
    return {each: trial.change(asked, trial.audience.member_of(each)) for each in groups}


def test_a_list_counts_for_those_who_would_be_asked_by_it(house: Callable[..., Any]) -> None:
    built = house(block=["||b.example^"], **GROUPS)
    new = CompiledList.from_rules("New", "block", ["||a.example^", "||b.example^"])
    trial = trial_of_list(built.audience, new)
    nothing = {"kids": None, "guests": None, "free": None}
    assert by_group(trial, "a.example") == {"default": "blocked", **nothing}
    assert by_group(trial, "b.example") == {"default": None, **nothing}
    assert trial.asks_clients(from_text("a.example"))
    assert not trial.asks_clients(from_text("b.example"))


def test_a_list_that_a_group_chose_counts_for_it(house: Callable[..., Any]) -> None:
    entry = {"name": "New", "url": "https://lists.example.org/new.txt", "enabled": False}
    groups = [{"name": "guests", "lists": ["new"]}]
    built = house(groups=groups, filtering={"lists": [entry]})
    trial = trial_of_list(built.audience, CompiledList.from_rules("New", "block", ["||a.example^"]))
    assert trial.change(from_text("a.example"), trial.audience.member_of("guests")) == "blocked"


def test_an_allow_list_frees_those_who_get_only_what_is_allowed(
    house: Callable[..., Any],
) -> None:
    built = house(**GROUPS)
    new = CompiledList.from_rules("New", "allow", ["||a.example^"])
    trial = trial_of_list(built.audience, new)
    others = {"default": None, "guests": None, "free": None}
    assert by_group(trial, "a.example") == {"kids": "freed", **others}
    assert by_group(trial, "b.example") == {"kids": None, **others}


def test_own_rules_count_for_all_but_those_who_are_refused_nothing(
    house: Callable[..., Any],
) -> None:
    trial = trial_of_rules(house(**GROUPS).audience, ["||a.example^", "@@||c.example^"])
    found = by_group(trial, "a.example")
    assert found == {"default": "blocked", "kids": None, "guests": "blocked", "free": None}
    found = by_group(trial, "c.example")
    assert found == {"default": None, "kids": "freed", "guests": None, "free": None}


def test_a_question_is_seen_by_the_rules_of_who_asks(house: Callable[..., Any]) -> None:
    trial = trial_of_rules((built := house(**GROUPS)).audience, ["@@||c.example^"])
    before, after = trial.seen_by(built.inquiry("c.example", client="192.0.2.21"))
    assert (before.verdict().cause.list_name, after.verdict().allowed) == ("allow only", True)
    inquiry = built.inquiry("c.example")
    before, _ = trial.seen_by(inquiry, trial.audience.member_of("KIDS"))
    assert before.verdict().cause.list_name == "allow only"


def test_rules_for_a_client_that_are_there_already_make_it_ask_clients(
    house: Callable[..., Any],
) -> None:
    built = house(rules=["@@||a.example^$client='Kids tablet',important"], clients=KIDS)
    trial = trial_of_rules(built.audience, ["||a.example^"])
    assert trial.asks_clients(from_text("a.example"))
    assert trial.change(from_text("a.example"), trial.audience.asker(AskedBy("192.0.2.9"))) is None
    assert trial.change(from_text("a.example")) == "blocked"


def test_a_name_that_is_rewritten_is_blocked_by_a_block_and_freed_by_an_exception(
    house: Callable[..., Any],
) -> None:
    built, name = house(filtering={"safe_search": {"google": True}}), from_text("www.google.com")
    tried = ("||www.google.com^", "@@||www.google.com^")
    assert [trial_of_rules(built.audience, [rule]).change(name) for rule in tried] == [
        "blocked",
        "freed",
    ]
    blocked = house(filtering={"safe_search": {"google": True}}, rules=["||www.google.com^"])
    assert trial_of_rules(blocked.audience, (), [("own rules", 1)]).change(name) == "freed"
