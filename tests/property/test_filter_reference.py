"""The compiled lists agree with reading every line for every question, whatever the rules are."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from filter_lines import (
    ADDRESS_LINES,
    ADDRESSES,
    HOSTS,
    KINDS,
    LISTS,
    LONGER_NAMES,
    NAMES,
    PATTERNS,
    QUESTIONS,
    Lists,
    lines_of_a_list,
)
from filter_reference import Expected, Place, Question, expect, expect_of_address
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.filter.compiled.collect import ALLOWS_NOTHING
from sinkhole.dns.filter.compiled.compile import compile_file
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.match import Match, Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text, to_text
from sinkhole.dns.wire.numbers import rcode_name, type_name, type_number
from sinkhole.dns.wire.text.rdata import rdata_to_text


def traits(matcher: Matcher, question: Question) -> frozenset[str]:
    address = ip_address(question.ip) if question.ip else None
    names = [question.client] if question.client else []
    return matcher.criteria.traits(address, names, question.tags)


def asked(matcher: Matcher, question: Question) -> Match | None:
    qtype = type_number(question.qtype)
    return matcher.match(from_text(question.name), qtype, traits(matcher, question))


def verdict_of(match: Match) -> tuple[str, frozenset[str]]:
    if match.rewrite is None:
        return "allow" if match.allowed else "block", frozenset()
    rcode, cname, records = match.rewrite
    if cname:
        return "rewrite", frozenset({f"CNAME {to_text(cname)}"})
    if rcode:
        return "rewrite", frozenset({rcode_name(rcode)})
    texts = (f"{type_name(rtype)} {rdata_to_text(rtype, rdata)}" for rtype, rdata in records)
    return "rewrite", frozenset(text.rstrip(".") for text in texts)


def agree(match: Match | None, expected: Expected) -> None:
    if match is None:
        assert expected.verdict == "none"
        return
    assert verdict_of(match) == (expected.verdict, expected.answer)
    assert Place(int(match.cause.list_name), match.cause.line) in expected.places


def asked_about(lists: Sequence[tuple[Kind, list[str]]], questions: list[Question]) -> None:
    made = [
        CompiledList.from_rules(str(number), kind, lines)
        for number, (kind, lines) in enumerate(lists)
    ]
    refused = [sample for each in made for sample in each.report.samples]
    assert not [sample for sample in refused if sample.reason != ALLOWS_NOTHING]
    matcher = Matcher(made)
    for question in questions:
        agree(asked(matcher, question), expect(lists, question))


@settings(max_examples=400, deadline=None)
@given(LISTS, st.lists(QUESTIONS, min_size=4, max_size=12))
def test_the_compiled_lists_agree_with_the_reference(
    lists: Lists, questions: list[Question]
) -> None:
    asked_about(lists, questions)


WHOLE_NAMES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["||", "|", "||*.", "@@||", "@@|", "@@."]),
    NAMES,
    st.sampled_from(["^", "^|", "^$important", "|$important"]),
)
PLAIN_LINES = st.lists(st.one_of(WHOLE_NAMES, WHOLE_NAMES, HOSTS, LONGER_NAMES), max_size=8)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(KINDS, PLAIN_LINES), min_size=1, max_size=5),
    st.lists(NAMES, min_size=1, max_size=12),
)
def test_lists_of_names_alone_are_decided_the_same(lists: Lists, names: list[str]) -> None:
    asked_about(lists, list(map(Question, names)))


@settings(max_examples=150, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=3), st.lists(NAMES, min_size=1, max_size=20))
def test_patterns_match_as_their_regular_expressions(patterns: list[str], names: list[str]) -> None:
    rules = [f"{pattern}$important" for pattern in patterns]
    asked_about([("block", rules)], list(map(Question, names)))


ATOMS = st.sampled_from(
    [
        *("a", "b", "A", "1", "-", ".", r"\.", "[ab]", "[^a]", "[a-c]", r"[^\d.]", r"[\w-]"),
        *(r"\d", r"\D", r"\w", r"\W", "[.]", "^", "$"),
    ]
)
REPEATS = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,2}", "{2,}", "*?", "+?", "??"])


def longer_expressions(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        several.map("".join),
        several.map(lambda each: f"({'|'.join(each)})"),
        several.map(lambda each: f"(?:{'|'.join(each)})"),
        st.builds("(?:{}){}".format, parts, REPEATS),
    )


EXPRESSIONS = st.recursive(ATOMS, longer_expressions, max_leaves=8)
WITH_MEANING = EXPRESSIONS.filter(
    lambda each: "$$" not in each and re.search(each, "", re.IGNORECASE) is None
)


@settings(max_examples=300, deadline=None)
@given(WITH_MEANING, st.lists(NAMES, min_size=1, max_size=12))
def test_expressions_match_as_in_python(expression: str, names: list[str]) -> None:
    compiled = CompiledList.from_rules("0", "block", [f"/{expression}/$dnstype=A"])
    assert compiled.report.rules == 1
    for name in names:
        found = Matcher([compiled]).match(from_text(name), 1) is not None
        assert found == (re.search(expression, name, re.IGNORECASE) is not None)


@settings(max_examples=300, deadline=None)
@given(st.lists(ADDRESS_LINES, min_size=1, max_size=8), st.lists(ADDRESSES, min_size=3), QUESTIONS)
def test_addresses_are_decided_as_by_the_reference(
    lines: list[str], addresses: list[str], who: Question
) -> None:
    compiled = CompiledList.from_rules("0", "block", lines)
    assert not compiled.report.refused
    matcher = Matcher([compiled])
    for address in addresses:
        expected = expect_of_address(lines, address, who)
        packed = ip_address(address).packed
        match = matcher.match_address(packed, type_number(who.qtype), traits(matcher, who))
        assert (match is not None and not match.allowed) == (expected.verdict == "block")
        if match is not None and expected.verdict == "block":
            assert Place(0, match.cause.line) in expected.places


@settings(max_examples=40, deadline=None)
@given(lines_of_a_list(), st.lists(QUESTIONS, min_size=1, max_size=12))
def test_a_mapped_file_says_the_same(lines: list[str], questions: list[Question]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "list.txt", Path(folder) / "list.list"
        source.write_text("".join(line + "\n" for line in lines))
        compile_file(source, target, "block")
        mapped = CompiledList.map(target, "0", "block", source)
        matcher = Matcher([mapped])
        for question in questions:
            match = asked(matcher, question)
            agree(match, expect([("block", lines)], question))
            if match is not None:
                assert matcher.rule_text(match.cause) == lines[match.cause.line - 1]
        mapped.close()
