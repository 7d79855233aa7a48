"""The rules of the settings."""

from __future__ import annotations

from sinkhole.control.lists.own_rules import compile_own
from sinkhole.dns.filter.compiled.report import MAX_SAMPLES


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
