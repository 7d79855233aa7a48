"""A selection of the lists of a Matcher says what a Matcher of these lists alone would say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from filter_lines import ADDRESS_LINES, ADDRESSES, HOSTS, KINDS, NAMES, QUESTIONS, lines_of_a_list
from filter_reference import Expected, Question, expect
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.match import Match, Matcher, about_address, about_name
from sinkhole.dns.filter.selection import ALLOW_ONLY, Selection
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import type_number

NAMES_ONLY = st.lists(HOSTS | st.builds("{}||{}^".format, st.sampled_from(["", "@@"]), NAMES))
LINES = lines_of_a_list() | NAMES_ONLY | st.lists(ADDRESS_LINES, max_size=4)
CHOSEN = st.tuples(st.booleans(), KINDS, LINES)
USERS = st.lists(CHOSEN, min_size=1, max_size=5)
BUILTIN = st.lists(
    st.tuples(st.booleans(), st.just("block"), lines_of_a_list() | NAMES_ONLY), max_size=3
)
Choice = list[tuple[bool, Kind, list[str]]]


def compiled(choice: Choice, name: str) -> list[CompiledList]:
    return [
        CompiledList.from_rules(f"{name}{number}", kind, lines)
        for number, (_, kind, lines) in enumerate(choice)
    ]


def places(choice: Choice) -> list[int]:
    return [place for place, (is_chosen, _, _) in enumerate(choice) if is_chosen]


def of(choice: Choice, lists: Iterable[CompiledList]) -> list[CompiledList]:
    return [each for (is_chosen, _, _), each in zip(choice, lists, strict=True) if is_chosen]


def traits(rules: Selection, question: Question) -> frozenset[str]:
    address = ip_address(question.ip) if question.ip else None
    names = [question.client] if question.client else []
    return rules.criteria.traits(address, names, question.tags)


@settings(max_examples=400, deadline=None)
@given(USERS, BUILTIN, st.lists(QUESTIONS, min_size=3, max_size=8), st.lists(ADDRESSES))
def test_a_selection_is_as_good_as_a_matcher_of_its_lists(
    users: Choice, builtin: Choice, questions: list[Question], addresses: list[str]
) -> None:
    lists, built_in = compiled(users, "list "), compiled(builtin, "built-in ")
    matcher = Matcher(lists, built_in)
    chosen = matcher.chosen(places(users), places(builtin))
    alone = Matcher(of(users, lists), of(builtin, built_in))
    assert (chosen.lists, chosen.builtin) == (alone.lists, alone.builtin)
    assert (chosen.names, chosen.criteria) == (alone.names, alone.criteria)
    assert chosen.checks_addresses == alone.checks_addresses
    for question in questions:
        name, qtype, who = asked(question, chosen)
        assert who == traits(alone, question)
        assert chosen.match(name, qtype, who) == alone.match(name, qtype, who)
        lookup = about_name(name, qtype, who)
        of_both = chosen.candidates(lookup), alone.candidates(lookup)
        assert of_both[0] == of_both[1]
        assert chosen.weigh(of_both[0], lookup) == chosen.match(name, qtype, who)
    for packed in (ip_address(address).packed for address in addresses):
        for each in questions:
            who, rtype = traits(chosen, each), type_number(each.qtype)
            found = chosen.match_address(packed, rtype, who)
            assert found == alone.match_address(packed, rtype, who)
            about = about_address(packed, rtype, who)
            assert found == chosen.weigh(chosen.candidates(about), about)


def asked(question: Question, rules: Selection) -> tuple[bytes, int, frozenset[str]]:
    return from_text(question.name), type_number(question.qtype), traits(rules, question)


ERRORS = {"NXDOMAIN", "REFUSED"}


def refuses(expected: Expected) -> bool:
    """Whether a name does not exist or is blocked by what a reference expects."""
    return expected.verdict == "block" or bool(expected.answer & ERRORS)


def expect_where_only_allowed_names_pass(
    lists: Sequence[tuple[Kind, list[str]]],
    builtin: Sequence[tuple[Kind, list[str]]],
    question: Question,
) -> str:
    """The verdict, by what the reference says of lists with and without their rewrites."""
    said, other = expect(lists, question), expect(builtin, question)
    if refuses(said):
        return said.verdict
    without = [
        (kind, [line for line in lines if "dnsrewrite" not in line or "badfilter" in line])
        for kind, lines in lists
    ]
    if said.verdict == "rewrite" and expect(without, question).verdict == "allow":
        return "rewrite"
    if said.verdict == "allow":
        return "rewrite" if other.verdict == "rewrite" and not refuses(other) else "allow"
    return other.verdict if refuses(other) else "allow only"


def verdict(match: Match | None) -> str:
    assert match is not None
    if match.cause is ALLOW_ONLY:
        assert not match.allowed
        return "allow only"
    return "rewrite" if match.rewrite else "allow" if match.allowed else "block"


LISTS = st.lists(st.tuples(st.just(True), KINDS, lines_of_a_list()), min_size=1, max_size=3)
AS_BUILTIN = st.lists(st.tuples(st.just(True), st.just("block"), lines_of_a_list()), max_size=2)


@settings(max_examples=400, deadline=None)
@given(LISTS, AS_BUILTIN, st.lists(QUESTIONS, min_size=4, max_size=12))
def test_only_allowed_names_pass_where_that_is_wanted(
    users: Choice, builtin: Choice, questions: list[Question]
) -> None:
    matcher = Matcher(compiled(users, "list "), compiled(builtin, "built-in "))
    strict = matcher.chosen(allow_only=True)
    lines = [(kind, lines) for _, kind, lines in users], [(k, lines) for _, k, lines in builtin]
    for question in questions:
        name, qtype, who = asked(question, strict)
        match = strict.match(name, qtype, who)
        assert verdict(match) == expect_where_only_allowed_names_pass(*lines, question)
        lookup = about_name(name, qtype, who)
        candidates = strict.candidates(lookup)
        assert strict.weigh(candidates, lookup) == match
        deciding = [each for found in candidates for each in found if not each.note]
        assert bool(deciding) == (verdict(match) != "allow only")
