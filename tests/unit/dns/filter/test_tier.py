"""Lists among whose rules one wins, and some of them."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.compiled.bloom import FEWEST_NAMES
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.selection import about_address, about_name
from sinkhole.dns.filter.tier import Match, Tier
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.model.verdict import Cause

A = 1
MANY = [f"||n{number}.example^" for number in range(FEWEST_NAMES)]


def rules(name: str, *texts: str, kind: Kind = "block") -> CompiledList:
    return CompiledList.from_rules(name, kind, texts)


TIER = Tier(
    [
        rules("many", *MANY),
        rules("patterns", "-n7-", "n7-$dnstype=A"),
        rules("more", *MANY, "||more.example^"),
        rules("allow", "||n3.example^", kind="allow"),
        rules("networks", "||192.0.2.1^"),
    ],
    builtin=True,
)


def found(tier: Tier, name: str) -> Match | None:
    return tier.match(about_name(from_text(name), A))


@pytest.mark.parametrize(
    ("places", "name", "decides"),
    [
        ({0, 1, 2, 3, 4}, "n3.example", "allow"),
        ({0, 1, 2, 4}, "n3.example", "many"),
        ({2}, "n3.example", "more"),
        ({1, 3}, "n3.example", "allow"),
        ({1, 4}, "n3.example", ""),
        ({2, 3}, "x.more.example", "more"),
        ({0, 3}, "x.more.example", ""),
        ({1}, "a-n7-b.n3.example", "patterns"),
        ({0, 2}, "a-n7-b.n3.example", "many"),
        ({0, 1, 3}, "a-n7-b.n3.example", "allow"),
        (set(), "n3.example", ""),
    ],
)
def test_only_lists_at_chosen_places_are_asked(places: set[int], name: str, decides: str) -> None:
    match = found(TIER.chosen(places), name)
    assert (match.cause.list_name if match else "") == decides
    assert match is None or match.builtin


def test_candidates_are_numbered_as_the_chosen_lists_are() -> None:
    chosen = TIER.chosen({1, 2})
    lookup = about_name(from_text("a-n7-b.n3.example"), A)
    assert [(each.place, each.source.name) for each in chosen.candidates(lookup)] == [
        (0, "patterns"),
        (0, "patterns"),
        (1, "more"),
    ]


def test_what_no_chosen_list_has_is_not_looked_for() -> None:
    assert TIER.has_patterns and TIER.checks_addresses
    few = TIER.chosen({0, 2, 3})
    assert not few.has_patterns and not few.checks_addresses
    lookup = about_address(bytes((192, 0, 2, 1)), A)
    assert few.match(lookup) is None
    match = TIER.chosen({4}).match(lookup)
    assert match is not None and match.cause == Cause("networks", 1, "||192.0.2.1^")


def test_all_places_are_the_tier_itself() -> None:
    assert TIER.chosen(range(5)) is TIER
