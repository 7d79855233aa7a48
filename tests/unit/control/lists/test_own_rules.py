"""The rules of the settings."""

from __future__ import annotations

from pathlib import Path

from sinkhole.control.lists.own_rules import (
    OWN_RULES,
    RULES_OF,
    TEMPORARY_RULES,
    compile_own,
    own_place,
    with_temporary,
)
from sinkhole.dns.filter.compiled.report import MAX_SAMPLES
from sinkhole.dns.filter.trie import CompiledList


def test_what_is_not_in_use_is_told_in_order_with_its_place() -> None:
    own, problems = compile_own(
        ["||ads.example^", "two words", "! a note", "example.com##.ad", "||img.example^$image"]
    )
    assert own.rules == 1
    assert problems == [
        "filtering.rules[1]: 'two words' is not in use: more than one word on a line",
        "filtering.rules[3]: 'example.com##.ad' is not in use: "
        "hides or changes a part of a web page",
        "filtering.rules[4]: '||img.example^$image' is not in use: acts on web pages, not on names",
    ]


def test_beyond_the_samples_they_are_counted() -> None:
    _, problems = compile_own([f"a{number}##b" for number in range(MAX_SAMPLES + 7)])
    assert len(problems) == MAX_SAMPLES + 1
    assert problems[-1] == "filtering.rules: 7 more are not in use"


def test_rules_that_are_right_cause_no_problem() -> None:
    assert compile_own(["||ads.example^", ""])[1] == []


def test_rules_for_a_time_stand_behind_own_ones_and_these_behind_those_of_groups() -> None:
    def named(name: str) -> CompiledList:
        return CompiledList.from_rules(name, "block", ["||a.example^"])

    kids, own, ads = named(f"{RULES_OF}kids, bedtime"), named(OWN_RULES), named("Ads")
    for before, place in (([], 0), ([ads], 0), ([own, ads], 0), ([kids, own], 1), ([kids, ads], 1)):
        assert own_place(before) == place
        found = [each.name for each in with_temporary(before, ["||b.example^"])]
        expected = [each.name for each in before]
        expected.insert(place + (own in before), TEMPORARY_RULES)
        assert found == expected
    assert own_place([kids]) == 1


def test_a_list_from_elsewhere_may_be_called_as_the_rules_of_a_group(tmp_path: Path) -> None:
    source = tmp_path / "list.txt"
    source.write_text("||a.example^\n")
    subscribed = CompiledList.from_file(source, f"{RULES_OF}the game", "block")
    assert own_place([subscribed]) == 0
