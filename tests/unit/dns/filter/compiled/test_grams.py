"""Patterns of lists: filed, found, and bounded."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.compiled import entry, grams
from sinkhole.dns.filter.compiled.details import CompiledRule, encode
from sinkhole.dns.filter.compiled.grams import PatternIndex, PatternWriter, is_regex, read_patterns
from sinkhole.dns.filter.patterns.pattern import Subject

TEXTS = ["||ads*.example^", "-banner-", "/^track[0-9]+/", "/^[0-9]+$/", "*", "/^(mon|tue)/", "|x."]


def written(*texts: str) -> bytes:
    writer = PatternWriter()
    for line, text in enumerate(texts, start=1):
        writer.add(text, encode(CompiledRule(line, entry.NETWORK)), narrowed=text == "*")
    return writer.data()


def found(index: PatternIndex, host: str) -> list[str]:
    return sorted(filed.text for _, filed in index.find(Subject(host)))


@pytest.mark.parametrize(
    ("host", "fit"),
    [
        ("ads1.example", ["||ads*.example^"]),
        ("x-banner-y.ads.example", ["-banner-", "||ads*.example^"]),
        ("track7.org", ["/^track[0-9]+/"]),
        ("track.org", []),
        ("123", ["/^[0-9]+$/"]),
        ("monday.org", ["/^(mon|tue)/"]),
        ("x.org", ["|x."]),
        ("a", []),
    ],
)
def test_what_fits_is_found(host: str, fit: list[str]) -> None:
    index = PatternIndex([read_patterns(written(*TEXTS))])
    assert found(index, host) == ["*", *fit]


def test_many_short_texts_are_found_as_well_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    index = PatternIndex([read_patterns(written("mon", "tue", "wed", "||ads."))])
    few = found(index, "tue.ads.wed")
    monkeypatch.setattr(grams, "_FEW", 0)
    assert few == found(index, "tue.ads.wed") == ["tue", "wed", "||ads."]


def test_a_pattern_of_several_rules_and_lists() -> None:
    first = read_patterns(written("-a-b-", "-banner-"))
    writer = PatternWriter()
    assert writer.add("-a-b-", encode(CompiledRule(1, entry.NETWORK)))
    assert not writer.add("-a-b-", encode(CompiledRule(2, entry.ALLOW)))
    assert len(writer) == 1
    index = PatternIndex([first, (), read_patterns(writer.data())])
    fit = {place: filed.rules for place, filed in index.find(Subject("x-a-b-c"))}
    assert fit == {
        0: (CompiledRule(1, entry.NETWORK),),
        2: (CompiledRule(1, entry.NETWORK), CompiledRule(2, entry.ALLOW)),
    }


def test_without_patterns_there_is_nothing_to_ask() -> None:
    assert not PatternIndex([(), ()])
    assert PatternWriter().data() == b""
    assert read_patterns(b"") == ()


def test_which_could_fit_an_address() -> None:
    filed = {each.text: each.may_fit_addresses for each in read_patterns(written(*TEXTS, ".192."))}
    assert filed == {text: text in ("*", "/^[0-9]+$/", "|x.", ".192.") for text in filed}


def test_what_is_a_regular_expression() -> None:
    assert is_regex("/a/") and is_regex("//")
    assert not is_regex("/") and not is_regex("/a") and not is_regex("||a^")


def test_too_many_patterns_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grams, "MAX_PATTERNS", 2)
    writer = PatternWriter()
    writer.add("-aaaa-", b"{}")
    writer.add("-bbbb-", b"{}")
    with pytest.raises(ValueError, match="more than 2 patterns"):
        writer.add("-cccc-", b"{}")
    assert not writer.add("-aaaa-", b"{}")


def test_what_no_gram_tells_apart_is_bounded() -> None:
    writer = PatternWriter()
    short = [a + b for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghij"]
    for text in short[: grams.MAX_COST]:
        writer.add(text, b"{}")
    with pytest.raises(ValueError, match="too many patterns of this sort"):
        writer.add(short[-1], b"{}")
    assert writer.add("long-enough", b"{}")


def test_patterns_that_share_a_long_text_are_spread_over_its_grams() -> None:
    texts = [f"||{a}{b}*.cloud-of-someone.example^" for a in "abcdefghij" for b in "0123456789"]
    filed = read_patterns(written(*texts, *(text.replace("||", "") for text in texts)))
    busiest = max(
        sum(gram in each.grams for each in filed) for gram in {each.grams[0] for each in filed}
    )
    assert busiest <= 15


@pytest.mark.parametrize(
    "data",
    [b"{", b"5", b"[5]", b"[{}]", b'[{"pattern":"a","grams":5,"least":0,"cost":1,"rules":[]}]'],
)
def test_what_no_compiler_wrote_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"patterns|Expecting"):
        read_patterns(data)


def test_a_pattern_that_no_compiler_let_in_fits_nothing() -> None:
    data = b'[{"pattern":"/(/","grams":[""],"least":0,"cost":1,"rules":[5]}]'
    assert PatternIndex([read_patterns(data)]).find(Subject("a")) == []


@pytest.mark.parametrize("pattern", ["*", "||*", "://", "^*^", "/a*/", "/(a|)/"])
def test_what_may_fit_everything_needs_something_else_to_narrow_it(pattern: str) -> None:
    writer = PatternWriter()
    for _ in range(2):
        with pytest.raises(ValueError, match="too broad"):
            writer.add(pattern, b"{}")
    assert writer.add(pattern, b"{}", narrowed=True)
    with pytest.raises(ValueError, match="too broad"):
        writer.add(pattern, b"{}")
    assert len(writer) == 1


def test_a_name_that_meets_too_many_is_not_held_up_by_all(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"-{letter}bc-" for letter in "klmnopqr"]
    index = PatternIndex([read_patterns(written(*texts))])
    host = "".join(texts)
    assert found(index, host) == texts
    assert index.given_up == 0
    monkeypatch.setattr(grams, "MOST_TRIED", 5)
    assert len(found(index, host)) == 5
    assert index.given_up == 3
    assert found(index, texts[0]) == [texts[0]]
    assert index.given_up == 3


def test_patterns_of_some_lists_have_the_numbers_of_these(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = [(), ("-ads-", "/a[0-9]/"), ("-track-",), ("-ads-", "/b[0-9]/")]
    index = PatternIndex(read_patterns(written(*texts)) for texts in lists)
    host = "x-ads-a1-track-b2"
    whole = [(place, pattern.text) for place, pattern in index.find(Subject(host))]
    assert sorted(whole) == [(place, text) for place, texts in enumerate(lists) for text in texts]
    for wanted in ([0], [1], [3], [0, 2], [1, 3], [0, 2, 3], [0, 1, 2, 3]):
        chosen = index.chosen(wanted)
        assert bool(chosen) == (wanted != [0])
        expected = {(wanted.index(place), text) for place, text in whole if place in wanted}
        assert {(at, each.text) for at, each in chosen.find(Subject(host))} == expected
    monkeypatch.setattr(grams, "MOST_TRIED", 1)
    assert [each.text for _, each in index.chosen([2]).find(Subject(host))] == ["-track-"]
    assert index.given_up == 0
    assert len(index.chosen([1, 3]).find(Subject(host))) < 3
    assert index.given_up == index.chosen([2]).given_up > 0
