"""Rules that can't be used are found among many that can."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.control.settings.rule_check import is_comment, unusable, unusable_because
from sinkhole.dns.filter.trie import CompiledList

GOOD = [f"||own{number}.example^" for number in range(1000)]
BAD = ["# a comment", "||a.example^$nonsense", "example.org##.ad", "/(/"]


def test_all_that_are_none_are_found_with_their_reasons() -> None:
    rules = [*GOOD[:300], BAD[0], *GOOD[300:999], *BAD[1:], GOOD[999]]
    assert unusable(rules) == {rule: unusable_because(rule) for rule in BAD}
    assert all(unusable(rules).values())
    assert unusable(GOOD) == unusable([]) == {}


def test_comments_are_told_from_rules() -> None:
    assert [each for each in (*GOOD[:3], *BAD, "! more") if is_comment(each)] == [BAD[0], "! more"]


def test_many_rules_are_not_tried_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    compile_rules, compiled = CompiledList.from_rules, []

    def counting(name: str, kind: Any, rules: Any) -> CompiledList:
        compiled.append(len(rules))
        return compile_rules(name, kind, rules)

    monkeypatch.setattr(CompiledList, "from_rules", counting)
    assert unusable(GOOD) == {}
    assert compiled == [1000]
    assert list(unusable([*GOOD, BAD[1]])) == [BAD[1]]
    assert len(compiled) < 30
