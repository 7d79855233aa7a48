"""The mildest rule is found that blocks or allows a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sinkhole.control.explain.cached import entries_of, kept_answer
from sinkhole.control.explain.choosing import COVERS_ANSWER, Choice, choose, client_modifier
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.explain.trial import trial_of_rules
from sinkhole.control.lists.builtin import SAFE_SEARCH
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.control.querylog.recent_names import AskedBy
from sinkhole.dns.filter.language.line import Rule
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.model.verdict import Outcome


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
    inquiry = (built := house(rules=rules, block=block)).inquiry("a.example")
    choice = choose(built.audience, inquiry, wanted)
    assert (list(choice.added), list(choice.removed)) == (added, removed)


def test_for_a_time_nothing_is_removed(house: Callable[..., Any]) -> None:
    inquiry = (built := house(rules=["||a.example^"])).inquiry("a.example")
    choice = choose(built.audience, inquiry, "allow", may_remove=False)
    assert (choice.added, choice.removed) == (("@@||a.example^",), ())


def test_for_one_client_the_rule_holds_for_nobody_else(house: Callable[..., Any]) -> None:
    built = house(block=["||a.example^$important"])
    inquiry = built.inquiry("a.example", client="192.0.2.9")
    choice = choose(built.audience, inquiry, "allow", for_client="192.0.2.9")
    assert choice.added == ("@@||a.example^$important,client='192.0.2.9'",)
    trial, name = trial_of_rules(built.audience, choice.added), inquiry.question.name
    assert trial.change(name, trial.audience.asker(AskedBy("192.0.2.9"))) == "freed"
    assert trial.change(name, trial.audience.asker(AskedBy("192.0.2.7"))) is None


def test_where_an_allow_list_decides_no_rule_blocks(house: Callable[..., Any]) -> None:
    inquiry = (built := house(allow=["a.example"])).inquiry("a.example")
    for options in ({}, {"for_client": "192.0.2.9"}, {"may_remove": False}):
        choice = choose(built.audience, inquiry, "block", **options)
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


def remembered(built: Any, name: str) -> Inquiry:
    """A question with what is known of its answer."""
    inquiry = built.inquiry(name)
    _, answer = kept_answer(entries_of(inquiry, built.table), inquiry)
    return replace(inquiry, answer=answer)


# ---- names that no rule refuses ----------------------------------------------------------------


def test_a_name_that_no_rule_names_is_allowed_by_an_exception(house: Callable[..., Any]) -> None:
    inquiry = (built := house(block=["||target.example^"])).inquiry("a.example")
    choice = choose(built.audience, inquiry, "allow")
    assert (choice.added, choice.note) == (("@@||a.example^",), COVERS_ANSWER)
    for_one = choose(built.audience, inquiry, "allow", for_client="192.0.2.7")
    assert for_one.added == ("@@||a.example^$client='192.0.2.7'",)
    assert for_one.note == COVERS_ANSWER


async def test_what_is_blocked_for_its_answer_is_allowed_also_when_that_is_forgotten(
    house: Callable[..., Any],
) -> None:
    built = house(block=["||target.example^"])
    answer = "a.example 60 IN CNAME x.target.example\nx.target.example 60 IN A 192.0.2.80"
    built.upstreams.says("a.example", "A", answer)
    await built.asks("a.example")
    known = remembered(built, "a.example")
    assert known.verdict().outcome is Outcome.BLOCKED_ANSWER
    assert choose(built.audience, known, "allow") == Choice(added=("@@||a.example^",))
    built.clock.now += 86_400
    forgotten = remembered(built, "a.example")
    assert forgotten.answer is None
    choice = choose(built.audience, forgotten, "allow")
    assert choice == Choice(added=("@@||a.example^",), note=COVERS_ANSWER)


@pytest.mark.parametrize("lists", [{"rules": ["@@||a.example^"]}, {"allow": ["a.example"]}])
def test_a_name_that_an_exception_or_an_allow_list_names_is_allowed_already(
    house: Callable[..., Any], lists: dict[str, Any]
) -> None:
    inquiry = (built := house(**lists)).inquiry("a.example")
    choice = choose(built.audience, inquiry, "allow")
    assert choice == Choice(note="that name is allowed already")


def test_where_a_rule_ends_that_refused_the_name_no_exception_is_added(
    house: Callable[..., Any],
) -> None:
    inquiry = (built := house(rules=["||a.example^"])).inquiry("a.example")
    choice = choose(built.audience, inquiry, "allow", without=[(OWN_RULES, 1)])
    assert (choice.added, choice.is_possible) == ((), True)


def test_where_an_exception_ends_another_takes_its_place(house: Callable[..., Any]) -> None:
    inquiry = (built := house(rules=["@@||a.example^"])).inquiry("a.example")
    choice = choose(built.audience, inquiry, "allow", without=[(OWN_RULES, 1)])
    assert choice.added == ("@@||a.example^",)


async def test_no_exception_helps_against_a_protection(house: Callable[..., Any]) -> None:
    built = house(filtering={"builtin": {"rebinding": True}})
    built.upstreams.says("a.example", "A", "a.example. 60 A 192.168.1.1")
    await built.asks("a.example")
    choice = choose(built.audience, remembered(built, "a.example"), "allow")
    assert not choice.is_possible
    assert choice.note == "rebinding protection would still refuse the answer"


# ---- names that are answered otherwise ---------------------------------------------------------

REWRITING = {"safe_search": {"google": True}, "builtin": {"private_relay": True}}


@pytest.mark.parametrize("name", ["www.google.com", "mask.icloud.com", "use-application-dns.net"])
def test_what_is_built_in_is_blocked_and_allowed(house: Callable[..., Any], name: str) -> None:
    inquiry = (built := house(filtering=REWRITING)).inquiry(name)
    assert choose(built.audience, inquiry, "block").added == (f"||{name}^",)
    assert choose(built.audience, inquiry, "allow").added == (f"@@||{name}^",)
    for_one = choose(built.audience, inquiry, "block", for_client="192.0.2.7")
    assert for_one.added == (f"||{name}^$client='192.0.2.7'",)


ALLOWED_ONLY = {
    "filtering": {"safe_search": {"google": True}},
    "groups": [{"name": "kids", "allow_only": True}],
    "clients": [{"name": "Tablet", "addresses": ["192.0.2.7"], "group": "kids"}],
}
"""Settings under which the client that asks gets allowed names only."""


@pytest.mark.parametrize(
    "refusing",
    [
        {},
        {"block": ["||google.com^"]},
        {"allow": ["google.com"], "block": ["||google.com^$important"]},
    ],
    ids=["not-allowed", "blocked", "allowed-but-blocked"],
)
@pytest.mark.parametrize("options", [{}, {"for_client": "Tablet"}, {"may_remove": False}])
def test_where_only_allowed_names_pass_an_exception_has_safe_search_answer(
    house: Callable[..., Any], refusing: dict[str, Any], options: dict[str, Any]
) -> None:
    inquiry = (built := house(**ALLOWED_ONLY, **refusing)).inquiry("www.google.com")
    assert inquiry.verdict().outcome is Outcome.BLOCKED
    choice = choose(built.audience, inquiry, "allow", **options)
    assert choice.is_possible
    after = trial_of_rules(built.audience, choice.added).seen_by(inquiry)[1].verdict()
    assert (after.outcome, after.cause.list_name) == (Outcome.REWRITTEN, SAFE_SEARCH)


def test_what_safe_search_answers_where_only_allowed_names_pass_is_allowed_already(
    house: Callable[..., Any],
) -> None:
    built = house(**ALLOWED_ONLY, rules=["@@||www.google.com^"])
    inquiry = built.inquiry("www.google.com")
    for options in ({}, {"for_client": "Tablet"}, {"may_remove": False}):
        choice = choose(built.audience, inquiry, "allow", **options)
        assert choice == Choice(note="that name is allowed already, and safe search answers it")
    assert choose(built.audience, inquiry, "block").added == ("||www.google.com^$important",)


def test_an_own_rule_is_removed_that_keeps_safe_search_from_answering(
    house: Callable[..., Any],
) -> None:
    rules = ["||www.google.com^$important", "@@||www.google.com^"]
    inquiry = (built := house(**ALLOWED_ONLY, rules=rules)).inquiry("www.google.com")
    assert choose(built.audience, inquiry, "allow").removed == ("||www.google.com^$important",)


def test_an_own_rule_that_leads_an_allowed_name_elsewhere_is_removed(
    house: Callable[..., Any],
) -> None:
    rules = ["||a.example^$dnsrewrite=b.example", "@@||a.example^"]
    inquiry = (built := house(**ALLOWED_ONLY, rules=rules)).inquiry("a.example")
    assert choose(built.audience, inquiry, "allow").removed == (rules[0],)


def test_what_an_own_rule_leads_elsewhere_is_blocked(house: Callable[..., Any]) -> None:
    inquiry = (built := house(rules=["||a.example^$dnsrewrite=b.example"])).inquiry("a.example")
    choice = choose(built.audience, inquiry, "block")
    assert choice.added == ("@@||a.example^$dnsrewrite", "||a.example^")


def test_what_a_rule_says_not_to_exist_is_blocked_already(house: Callable[..., Any]) -> None:
    inquiry = (built := house(rules=["||a.example^$dnsrewrite=NXDOMAIN"])).inquiry("a.example")
    assert choose(built.audience, inquiry, "block") == Choice(note="that name is blocked already")
