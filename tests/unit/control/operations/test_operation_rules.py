"""Own rules are shown, added and removed, for good or for a time, and tried before that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from houses import ADMIN, CLIENT, OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import rules
from sinkhole.control.operations.explain import Question
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError
from sinkhole.model.verdict import Outcome

Build = Callable[..., Awaitable[BuiltHouse]]

KIDS = {"clients": [{"name": "Kids tablet", "addresses": ["192.0.2.9"]}]}


async def blocks(built: BuiltHouse, name: str, client: str = "") -> bool:
    answered = await built.house.resolve(name, "A", client)
    return answered["outcome"] == "blocked"


async def add(built: BuiltHouse, *texts: str, **options: Any) -> rules.Rules:
    given = rules.NewRules(rules=list(texts), **options)
    return await perform(rules.add, built.house, OPERATOR, given)


async def test_own_rules_are_shown_with_what_they_do_and_who_holds_them(build: Build) -> None:
    built = await build({"filtering": {"rules": ["||ads.example^", "@@||shop.example^", "##x"]}})
    await add(built, "||a.example^$dnsrewrite=192.0.2.1")
    shown = (await perform(rules.list_all, built.house, VIEWER, Nothing())).rules
    assert [(each.line, each.does, each.in_use, each.origin) for each in shown] == [
        (1, "block", True, "file"),
        (2, "allow", True, "file"),
        (3, "nothing", False, "file"),
        (4, "answer", True, "stored"),
    ]
    assert shown[0].held_by.startswith(f"{built.config}:")
    assert shown[2].complaint
    assert shown[3].held_by == ""


async def test_a_rule_counts_from_the_next_query_on_until_it_is_removed(build: Build) -> None:
    built = await build()
    built.upstreams.says("ads.example", "A", "ads.example. 60 A 192.0.2.80")
    assert not await blocks(built, "ads.example")
    told = await add(built, " ||ads.example^ ", "||ads.example^", note="from the log")
    assert [each.rule for each in told.rules] == ["||ads.example^"]
    assert await blocks(built, "ads.example")
    given = rules.RuleTexts(rules=["||ads.example^"])
    assert (await perform(rules.remove, built.house, OPERATOR, given)).rules == []
    assert not await blocks(built, "ads.example")
    notes = [each.note for each in await built.settings.revisions(2)]
    assert notes == ["rule ||ads.example^ removed", "from the log"]


async def test_what_is_no_rule_is_refused_with_the_reason_and_nothing_is_added(
    build: Build,
) -> None:
    built = await build()
    with pytest.raises(RequestError) as refused:
        await add(built, "||ads.example^", "! nothing", "||a.example^$nonsense")
    assert (refused.value.kind, refused.value.code) == ("invalid", "rule_invalid")
    assert set(refused.value.more["rules"]) == {"! nothing", "||a.example^$nonsense"}
    assert built.settings.settings.filtering.rules == ()


async def test_a_rule_of_the_file_is_removed_there(build: Build) -> None:
    built = await build({"filtering": {"rules": ["||ads.example^"]}})
    given = rules.RuleTexts(rules=["||ads.example^"])
    with pytest.raises(RequestError) as refused:
        await perform(rules.remove, built.house, ADMIN, given)
    assert (refused.value.kind, refused.value.code) == ("conflict", "held_by_file")
    with pytest.raises(RequestError, match="no own rule") as missing:
        await perform(rules.remove, built.house, ADMIN, rules.RuleTexts(rules=["||b.example^"]))
    assert (missing.value.kind, missing.value.code) == ("not_found", "rule_unknown")


async def test_a_rule_for_a_time_ends_by_itself_or_by_hand(build: Build) -> None:
    built = await build()
    built.upstreams.says("ads.example", "A", "ads.example. 60 A 192.0.2.80")
    told = await add(built, "||ads.example^", "||more.example^", seconds=600, note="lunch")
    first, second = told.for_a_time
    assert (first.rule, first.left_s, first.note) == ("||ads.example^", 600, "lunch")
    assert first.made_by == "otto (session)"
    assert await blocks(built, "ads.example")
    built.boot = built.boot._replace(since_boot_s=built.boot.since_boot_s + 100)
    given = rules.RuleNumbers(numbers=[first.number])
    left = (await perform(rules.end, built.house, OPERATOR, given)).for_a_time
    assert [(each.number, each.left_s) for each in left] == [(second.number, 500)]
    assert not await blocks(built, "ads.example")
    with pytest.raises(RequestError) as missing:
        await perform(rules.end, built.house, OPERATOR, given)
    assert missing.value.code == "rule_unknown"


async def test_viewers_may_try_rules_but_not_make_them(build: Build) -> None:
    built = await build()
    tried = rules.RuleTest(add=["||ads.example^"], log=False)
    told = await perform(rules.test, built.house, VIEWER, tried)
    assert (told.before, told.after, told.log) == (None, None, None)
    with pytest.raises(RequestError) as refused:
        await perform(rules.add, built.house, VIEWER, rules.NewRules(rules=["||ads.example^"]))
    assert refused.value.kind == "forbidden"


async def test_a_rule_is_tried_on_a_question_and_on_the_log(build: Build) -> None:
    built = await build(lists=["||ads.example^"])
    await built.log("ads.example", times=3, outcome=Outcome.BLOCKED)
    await built.log("www.example.org", times=5)
    await built.log("www.example.org", times=2, client="192.0.2.9")
    given = rules.RuleTest(
        add=["||example.org^", "@@||ads.example^"], question=Question(name="www.example.org")
    )
    told = await perform(rules.test, built.house, VIEWER, given)
    assert told.before is not None and told.after is not None and told.log is not None
    assert (told.before.outcome, told.after.outcome) == ("forwarded", "blocked")
    assert (told.after.list, told.after.line, told.after.rule) == (
        "own rules",
        None,
        "||example.org^",
    )
    log = told.log
    assert (log.names_asked, log.queries) == (2, 10)
    assert (log.names_blocked, log.queries_blocked) == (1, 7)
    assert (log.names_freed, log.queries_freed) == (1, 3)
    assert log.percent == 100
    assert [(each.name, each.becomes, each.queries) for each in log.top] == [
        ("www.example.org", "blocked", 7),
        ("ads.example", "freed", 3),
    ]
    asked = [(each.client, each.queries) for each in log.top[0].clients]
    assert asked == [(CLIENT, 5), ("192.0.2.9", 2)]
    assert built.settings.settings.filtering.rules == ()


async def test_a_rule_for_one_client_changes_what_that_client_asked(build: Build) -> None:
    built = await build(KIDS)
    await built.log("www.example.org", times=5)
    await built.log("www.example.org", times=2, client="192.0.2.9")
    given = rules.RuleTest(
        add=["||example.org^$client='Kids tablet'"],
        question=Question(name="www.example.org", client="kids tablet"),
    )
    told = await perform(rules.test, built.house, VIEWER, given)
    assert told.after is not None and told.log is not None
    assert told.after.blocked
    assert (told.log.names_blocked, told.log.queries_blocked) == (1, 2)
    (changed,) = told.log.top
    assert [(each.client, each.client_name) for each in changed.clients] == [
        ("192.0.2.9", "Kids tablet")
    ]


MAC = "02:00:5e:10:00:01"

GROUPS = {
    "groups": [{"name": "kids", "allow_only": True}],
    "clients": [
        {"name": "Tablet", "macs": [MAC], "group": "kids"},
        {"name": "Phone", "addresses": ["192.0.2.8"]},
    ],
}


async def a_household(build: Build) -> BuiltHouse:
    """One of whose devices has two addresses, and is in a group."""
    built = await build(GROUPS)
    await built.log("www.example.org", times=5)
    await built.log("www.example.org", times=2, client="192.0.2.9", device=MAC)
    await built.log("www.example.org", times=3, client="2001:db8::1", device=MAC)
    await built.log("www.example.org", times=1, client="192.0.2.8")
    return built


async def test_each_client_of_the_log_is_judged_by_its_own_rules(build: Build) -> None:
    built = await a_household(build)
    given = rules.RuleTest(add=["||www.example.org^"])
    told = await perform(rules.test, built.house, VIEWER, given)
    assert told.log is not None
    assert (told.log.queries, told.log.queries_blocked) == (11, 6)
    given = rules.RuleTest(add=["@@||www.example.org^"])
    told = await perform(rules.test, built.house, VIEWER, given)
    assert told.log is not None
    assert (told.log.queries_freed, told.log.queries_blocked) == (5, 0)
    assert [(each.client_name, each.queries) for each in told.log.top[0].clients] == [("Tablet", 5)]


@pytest.mark.parametrize(
    ("whose", "asked", "freed", "asker"),
    [
        ({"client": "tablet"}, 5, 5, ("Tablet", "kids")),
        ({"client": MAC}, 5, 5, ("Tablet", "kids")),
        ({"client": "192.0.2.8"}, 1, 0, ("Phone", "default")),
        ({"client": CLIENT}, 5, 0, (CLIENT, "default")),
        ({"group": "KIDS"}, 5, 5, ("", "kids")),
        ({"group": "default"}, 6, 0, ("", "default")),
    ],
)
async def test_rules_are_tried_for_one_client_or_group(
    build: Build, whose: dict[str, str], asked: int, freed: int, asker: tuple[str, str]
) -> None:
    built = await a_household(build)
    question = Question(name="www.example.org")
    given = rules.RuleTest(add=["@@||www.example.org^"], question=question, **whose)
    told = await perform(rules.test, built.house, VIEWER, given)
    assert told.log is not None and told.before is not None and told.asker is not None
    assert (told.log.queries, told.log.queries_freed) == (asked, freed)
    assert (told.asker.client, told.asker.group) == asker
    assert told.before.blocked == bool(freed)


@pytest.mark.parametrize(
    ("whose", "told"),
    [
        ({"client": "nobody"}, "no client that the settings know"),
        ({"group": "nobody"}, "there are kids, default"),
        ({"group": "kids", "client": CLIENT}, "not both"),
    ],
)
async def test_whom_nobody_knows_is_said(build: Build, whose: dict[str, str], told: str) -> None:
    built = await build(GROUPS)
    given = rules.RuleTest(add=["||a.example^"], **whose)
    with pytest.raises(RequestError, match=told):
        await perform(rules.test, built.house, VIEWER, given)


async def test_what_taking_a_rule_out_frees_is_told(build: Build) -> None:
    built = await build({"filtering": {"rules": ["||ads.example^", "||more.example^"]}})
    await built.log("ads.example", times=4, outcome=Outcome.BLOCKED)
    given = rules.RuleTest(remove=["||ads.example^"], question=Question(name="ads.example"))
    told = await perform(rules.test, built.house, VIEWER, given)
    assert told.before is not None and told.after is not None and told.log is not None
    assert (told.before.rule, told.after.outcome) == ("||ads.example^", "forwarded")
    assert (told.log.names_freed, told.log.queries_freed) == (1, 4)


async def test_without_a_log_the_rest_is_told(build: Build) -> None:
    built = await build(has_log=False)
    given = rules.RuleTest(add=["||a.example^"], question=Question(name="a.example"))
    told = await perform(rules.test, built.house, VIEWER, given)
    assert told.after is not None
    assert told.after.blocked
    assert told.log is None
    assert told.log_error


async def test_no_more_than_a_few_tests_run_at_once(build: Build) -> None:
    built = await build()
    refused = RequestError("too_many", "x", "x")
    given = rules.RuleTest(add=["||a.example^"])
    with (
        built.house.underway.one_of(2, "rules.test", refused),
        built.house.underway.one_of(2, "rules.test", refused),
        pytest.raises(RequestError) as told,
    ):
        await perform(rules.test, built.house, VIEWER, given)
    assert (told.value.kind, told.value.code) == ("too_many", "too_many_underway")
    assert (await perform(rules.test, built.house, VIEWER, given)).log is not None
