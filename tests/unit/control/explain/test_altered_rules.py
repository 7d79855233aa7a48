"""Altered rules decide as a Matcher does that really has them."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import product

import pytest

from sinkhole.control.explain.altered_rules import AlteredRules
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type

RULES = [
    "||a.example^", "@@||a.example^", "||a.example^$important", "@@||a.example^$important",
    "a.example", "192.0.2.7 a.example", "||a.example^$dnsrewrite=192.0.2.1",
    "@@||a.example^$dnsrewrite", "||a.example^$dnsrewrite=b.example", "||example^$badfilter",
    "||example^", "/a\\.ex/", "||192.0.2.1^", "@@||192.0.2.1^", "192.0.2.0/24",
]  # fmt: skip
NAME = from_text("a.example")
ADDRESS = ip_address("192.0.2.1").packed


def own(rules: list[str]) -> list[CompiledList]:
    return [CompiledList.from_rules("own rules", "block", rules)] if rules else []


@pytest.mark.parametrize("of_own", [[], ["||example^"], ["@@||example^", "@@||192.0.2.1^"]])
@pytest.mark.parametrize("kind", ["block", "allow"])
def test_added_rules_count_as_if_they_stood_behind_the_own_ones(
    of_own: list[str], kind: str
) -> None:
    builtin = [CompiledList.from_rules("services", "block", ["||a.example^"])]
    for theirs, added in product(RULES, RULES):
        other = CompiledList.from_rules("Theirs", "block", [theirs])
        changed = AlteredRules(
            Matcher([*own(of_own), other], builtin),
            [added],
            own="own rules",
            kind="allow" if kind == "allow" else "block",
        )
        if kind == "allow":
            first = CompiledList.from_rules("own rules", "allow", [added])
            real = Matcher([first, *own(of_own), other], builtin)
        else:
            real = Matcher([*own([*of_own, added]), other], builtin)
        for ours, really in (
            (changed.match(NAME, Type.A), real.match(NAME, Type.A)),
            (changed.match_address(ADDRESS, Type.A), real.match_address(ADDRESS, Type.A)),
        ):
            assert (ours is None) == (really is None), (theirs, added)
            if ours is not None and really is not None:
                assert ours[1:] == really[1:], (theirs, added)


@pytest.mark.parametrize("of_own", [[], ["@@||b.example^"]])
@pytest.mark.parametrize("chosen", [[0], [1], [0, 1], []])
def test_rules_of_clients_and_groups_stand_before_added_ones(
    of_own: list[str], chosen: list[int]
) -> None:
    """Which of equal rules is told, and which CNAME is answered, goes by where they stand."""
    to = "||a.example^$dnsrewrite={}.example"
    groups = [CompiledList.from_rules(f"rules of {n}", "block", [to.format(n)]) for n in "xy"]
    ads = CompiledList.from_rules("Ads", "block", [to.format("ads")])
    rest = [*own(of_own), ads]
    matcher = Matcher([*groups, *rest])
    places = [*chosen, *range(2, 2 + len(rest))]
    changed = AlteredRules(matcher.chosen(places), [to.format("added")], own="own rules")
    really = Matcher([*(groups[n] for n in chosen), *own([*of_own, to.format("added")]), ads])
    ours, theirs = changed.match(NAME, Type.A), really.match(NAME, Type.A)
    assert ours is not None and theirs is not None
    assert (ours.cause.list_name, ours.rewrite) == (theirs.cause.list_name, theirs.rewrite)


def test_what_only_allowed_names_pass_is_what_an_added_rule_allows() -> None:
    only = Matcher(own(["||example^"])).chosen(allow_only=True)
    for added, without, expected in (
        ([], [], "own rules"),
        ([], [("own rules", 1)], "allow only"),
        (["@@||a.example^"], [], "own rules"),
    ):
        match = AlteredRules(only, added, own="own rules", without=without).match(NAME, Type.A)
        assert match is not None
        assert (match.cause.list_name, match.allowed) == (expected, bool(added))


def test_rules_taken_out_do_not_count() -> None:
    present = Matcher([*own(["||a.example^", "||example^"])])
    for without, line in (([], 1), ([1], 2), ([2], 1)):
        places = [("own rules", number) for number in without]
        match = AlteredRules(present, own="own rules", without=places).match(NAME, Type.A)
        assert match is not None
        assert match.cause.line == line
    gone = AlteredRules(present, own="own rules", without=[("own rules", 1), ("own rules", 2)])
    assert gone.match(NAME, Type.A) is None


def test_built_in_rules_can_be_taken_out() -> None:
    present = Matcher([], [CompiledList.from_rules("services", "block", ["||a.example^"])])
    match = AlteredRules(present, own="own rules").match(NAME, Type.A)
    assert match is not None
    assert match.builtin
    gone = AlteredRules(present, own="own rules", without=[("services", 1)])
    assert gone.match(NAME, Type.A) is None
