"""Who wins among rules that match, each step by itself; whole tables are in `semantics/`."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.compiled.grams import PatternIndex
from sinkhole.dns.filter.compiled.key import query_key
from sinkhole.dns.filter.patterns.pattern import Subject
from sinkhole.dns.filter.precedence import (
    NO_SUBJECT,
    Lookup,
    Winner,
    candidates_by_name,
    candidates_by_pattern,
    find_winner,
)
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text

NAME = from_text("x.a.example")
LOOKUP = Lookup(query_key(NAME), NAME, 1, frozenset(), Subject.of_name(NAME))


def winner_among(*lists: tuple[str, ...], lookup: Lookup = LOOKUP) -> Winner | None:
    made = [CompiledList.from_rules(str(at), "block", texts) for at, texts in enumerate(lists)]
    index = PatternIndex(each.patterns for each in made)
    found = candidates_by_name(made, lookup)
    found += candidates_by_pattern(made, index, lookup.subject)
    return find_winner(found, lookup)


@pytest.mark.parametrize(
    ("lists", "place", "line"),
    [
        ([("||a.example^", "||example^$dnstype=A")], 0, 2),
        ([("||a.example^$dnstype=A", "||example^$dnstype=A,denyallow=b")], 0, 2),
        ([("||example^",), ("||a.example^",)], 0, 1),
        ([("||example^", "||a.example^")], 0, 2),
        ([("x.*", "||example^")], 0, 2),
        ([("x.*", "x.a*")], 0, 1),
        ([("||a.example^", "x.*$important")], 0, 2),
        ([("||example^",), ("x.*$dnstype=A",)], 1, 1),
    ],
    ids=[
        *("modifiers", "more modifiers", "first list", "specific", "name before pattern"),
        *("first line", "strength", "modifiers before list"),
    ],
)
def test_the_order_of_equals(lists: list[tuple[str, ...]], place: int, line: int) -> None:
    winner = winner_among(*lists)
    assert winner is not None
    assert (winner.candidate.place, winner.candidate.rule.line) == (place, line)


def test_nothing_wins_where_nothing_counts() -> None:
    assert winner_among() is None
    assert winner_among(("||a.example^$dnstype=TXT", "||b.example^")) is None
    assert winner_among(("||a.example^", "||a.example^$badfilter")) is None


def test_rewrites_come_before_all_other_rules() -> None:
    winner = winner_among(("@@||a.example^$important", "||example^$dnsrewrite=NXDOMAIN"))
    assert winner is not None
    assert [rewrite.rcode for rewrite in winner.rewrites] == [3]


def test_an_important_rewrite_needs_an_important_exception() -> None:
    rewrite = "||example^$dnsrewrite=NXDOMAIN,important"
    winner = winner_among((rewrite, "@@||example^$dnsrewrite"))
    assert winner is not None and winner.rewrites
    assert winner_among((rewrite, "@@||example^$dnsrewrite,important")) is None


def test_names_alone_need_no_subject() -> None:
    assert winner_among(("||a.example^",), lookup=LOOKUP._replace(subject=NO_SUBJECT)) is not None
