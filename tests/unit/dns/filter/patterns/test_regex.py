"""Regular expressions of rules: what they look at, and the texts they can't do without."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.patterns.pattern import Subject
from sinkhole.dns.filter.patterns.regex import Regex, is_about_web_addresses


@pytest.mark.parametrize(
    ("expression", "groups"),
    [
        ("ads", [{"ads"}]),
        ("ADS", [{"ads"}]),
        (r"^ads\.example$", [{"ads.example"}]),
        ("ad?s", [{"a"}, {"s"}]),
        ("(ads)+x", [{"ads"}, {"x"}]),
        ("(ads)*x", [{"x"}]),
        ("(ads|track)", [{"ads", "track"}]),
        ("(ads|[0-9])x", [{"x"}]),
        ("^.*(ads|track.*er)", [{"ads", "track"}]),
        ("a[bc]d", [{"a"}, {"d"}]),
        ("[0-9]+", []),
        (r"^(a\/)?ads\.x", [{"ads.x"}]),
        (r"a/(ads|track)", [{"a/"}, {"ads", "track"}]),
    ],
)
def test_what_an_expression_can_not_do_without(expression: str, groups: list[set[str]]) -> None:
    assert list(map(set, Regex(expression).literals)) == groups


def test_every_one_sees_the_bare_name() -> None:
    assert Regex(r"^(http:\/\/)?a").matches(Subject("a.org"))
    assert Regex(r"://a|^a").matches(Subject("a.org"))
    assert not Regex("^http").matches(Subject("a.org"))


@pytest.mark.parametrize("expression", [r"^https?:\/\/a", "(http://a|b://)c", "a(://)+"])
def test_what_no_name_can_match_is_told(expression: str) -> None:
    assert is_about_web_addresses(Regex(expression))


def test_what_a_name_can_match_is_not_about_web_addresses() -> None:
    assert not is_about_web_addresses(Regex("(http://)?a(/|://|b)"))


def test_how_short_a_name_can_be() -> None:
    assert Regex("^(abc|d){2,}e?f").least == 3
    assert Regex("^(abc)?d").least == 1


def test_a_larger_one_costs_more() -> None:
    assert Regex("ads").cost < Regex("ads.{100}").cost
