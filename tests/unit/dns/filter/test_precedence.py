"""Who wins among rules that match, each step by itself; whole tables are in `language/`."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.compiled.grams import PatternIndex
from sinkhole.dns.filter.compiled.key import query_key
from sinkhole.dns.filter.patterns.pattern import Subject
from sinkhole.dns.filter.precedence import NO_SUBJECT, Asked, Judgement, fitting, judge, named
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text

NAME = from_text("x.a.example")
ASKED = Asked(query_key(NAME), NAME, 1, frozenset(), Subject.of_name(NAME))


def judged(*lists: tuple[str, ...], asked: Asked = ASKED) -> Judgement | None:
    made = [CompiledList.from_rules(str(at), "block", texts) for at, texts in enumerate(lists)]
    index = PatternIndex(each.patterns for each in made)
    return judge([*named(made, asked), *fitting(made, index, asked.subject)], asked)


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
    judgement = judged(*lists)
    assert judgement is not None
    assert (judgement.winner.place, judgement.winner.held.line) == (place, line)


def test_nothing_wins_where_nothing_counts() -> None:
    assert judged() is None
    assert judged(("||a.example^$dnstype=TXT", "||b.example^")) is None
    assert judged(("||a.example^", "||a.example^$badfilter")) is None


def test_rewrites_come_before_all_other_rules() -> None:
    judgement = judged(("@@||a.example^$important", "||example^$dnsrewrite=NXDOMAIN"))
    assert judgement is not None
    assert [rewrite.rcode for rewrite in judgement.rewrites] == [3]


def test_an_important_rewrite_needs_an_important_exception() -> None:
    rewrite = "||example^$dnsrewrite=NXDOMAIN,important"
    judgement = judged((rewrite, "@@||example^$dnsrewrite"))
    assert judgement is not None and judgement.rewrites
    assert judged((rewrite, "@@||example^$dnsrewrite,important")) is None


def test_names_alone_need_no_subject() -> None:
    assert judged(("||a.example^",), asked=ASKED._replace(subject=NO_SUBJECT)) is not None
