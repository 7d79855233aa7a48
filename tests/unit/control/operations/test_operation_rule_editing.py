"""Own rules are looked at line by line while somebody types, and changed as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from houses import OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import rule_editing, rules
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]


async def change(built: BuiltHouse, **given: Any) -> rules.Rules:
    return await perform(
        rule_editing.change, built.house, OPERATOR, rule_editing.RuleChanges(**given)
    )


async def test_each_line_is_told_apart_and_nothing_is_kept(build: Build) -> None:
    built = await build()
    lines = [" ||ads.example^", "@@||a.example^", "! a note", "||b.example^$odd", "||ads.example^"]
    given = rule_editing.Lines(rules=[*lines, "||c.example^$dnsrewrite=192.0.2.1"])
    told = await perform(rule_editing.check, built.house, VIEWER, given)
    assert [(each.does, each.complaint) for each in told.rules] == [
        ("block", ""),
        ("allow", ""),
        ("nothing", "it is a comment"),
        ("nothing", "unknown modifier $odd"),
        ("block", ""),
        ("answer", ""),
    ]
    assert built.settings.settings.filtering.rules == ()


async def test_rules_come_and_go_as_one_revision(build: Build) -> None:
    built = await build()
    await change(built, add=["||a.example^", "||b.example^"], note="from a text")
    told = await change(built, add=["||b.example^", " ||c.example^ "], remove=["||a.example^"])
    assert [each.rule for each in told.rules] == ["||b.example^", "||c.example^"]
    assert built.revisions == 2
    notes = [each.note for each in await built.settings.revisions(2)]
    assert notes == ["own rules: 2 added, 1 removed", "from a text"]
    await change(built)
    assert built.revisions == 2


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"add": ["||c.example^", "! none"], "remove": ["||a.example^"]}, "rule_invalid"),
        ({"add": ["||c.example^"], "remove": ["||missing.example^"]}, "rule_unknown"),
        ({"add": ["||a.example^"], "remove": ["||a.example^"]}, "rule_invalid"),
        ({"add": ["||c.example^"], "remove": ["||held.example^"]}, "held_by_file"),
    ],
)
async def test_what_can_not_be_done_leaves_all_as_it_was(
    build: Build, given: dict[str, Any], code: str
) -> None:
    built = await build({"filtering": {"rules": ["||held.example^"]}})
    await change(built, add=["||a.example^"])
    with pytest.raises(RequestError) as refused:
        await change(built, **given)
    assert refused.value.code == code
    assert set(built.settings.settings.filtering.rules) == {"||held.example^", "||a.example^"}
