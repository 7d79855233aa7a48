"""The compiled lists agree with reading every line for every question, whatever the rules are."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from filter_reference import Judgement, Place, Question, judge
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.filter.clientele import traits_of
from sinkhole.filter.compile import compile_file
from sinkhole.filter.line import Kind
from sinkhole.filter.match import Match, Matcher
from sinkhole.filter.trie import CompiledList
from sinkhole.wire.name import from_text, to_text
from sinkhole.wire.numbers import rcode_name, type_name, type_number
from sinkhole.wire.rdata import rdata_to_text

# Few labels, some within others, so that names, patterns and expressions meet.
LABELS = st.sampled_from(["a", "b", "ab", "aab", "ads", "a-b", "b1"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
LONGER_NAMES = st.lists(LABELS, min_size=2, max_size=4).map(".".join)

PIECES = st.sampled_from(["a", "b", "ab", "a.b", ".a", "b.", "ads", ".ads.", "a-", "*", "^"])
MIXED = st.lists(PIECES, min_size=2, max_size=4).map("".join).filter(lambda text: "a" in text)
ANCHORED = st.builds(
    "{}{}{}".format,
    st.sampled_from(["||", "|", "", "||*.", "*.", "||.", "://", "http://"]),
    LONGER_NAMES | MIXED,
    st.sampled_from(["", "^", "|", "^|", "/*"]),
)
PATTERNS = st.one_of(
    st.builds("||{}^".format, NAMES),
    ANCHORED.filter(lambda pattern: len(pattern) > 2 and ".." not in pattern),
    st.sampled_from(
        [
            *(r"/^a+\./", r"/b\.a/", r"/^(a|ads)\.b$/", r"/[a-c]{2}\./", r"/^[^a]/"),
            *(r"/^http:\/\/a/", r"/:\/\/(a|b)*\.ads$/", r"/A?B\.b/", r"/(-|1)/"),
        ]
    ),
)
BROAD = st.sampled_from(["*", "||", "a", "b^"])

TYPES = st.sampled_from(["A", "AAAA", "~A", "A|AAAA", "~AAAA|A", "TXT|~A"])
CLIENTS = st.sampled_from(
    ["192.0.2.1", "192.0.2.0/24", "~192.0.2.1", "Kid", "~Kid", "192.0.2.0/24|~Kid", "Kid|TV"]
)
TAGS = st.sampled_from(["device_tv", "~device_tv", "user_child|device_tv", "user_child|~device_tv"])
DENIED = st.lists(NAMES, min_size=1, max_size=2, unique=True).map("|".join)
CONDITIONS = st.fixed_dictionaries(
    {}, optional={"dnstype": TYPES, "client": CLIENTS, "ctag": TAGS, "denyallow": DENIED}
)
VALUES = st.sampled_from(
    [
        *("192.0.2.9", "192.0.2.10", "2001:db8::9", "NOERROR", "NXDOMAIN", "REFUSED"),
        *("a.b", "ads", "ab.a", "NOERROR;MX;5 a.b", "NOERROR;MX;6 b"),
    ]
)
REWRITES = st.none() | VALUES


def network_line(
    allow: bool, pattern: str, conditions: dict[str, str], rewrite: str | None, important: bool
) -> str:
    options = [f"{name}={value}" for name, value in conditions.items()]
    options += [] if rewrite is None else [f"dnsrewrite={rewrite}"]
    options += ["important"] * important
    return "@@" * allow + pattern + "$" * bool(options) + ",".join(options)


def without_options(line: str) -> bool:
    return "$" not in line


NETWORK = st.builds(network_line, st.booleans(), PATTERNS, CONDITIONS, REWRITES, st.booleans())
PLAIN = st.builds(
    "{}||{}^{}".format, st.sampled_from(["", "@@"]), NAMES, st.sampled_from(["", "$important"])
)
NARROWED = st.builds(
    network_line, st.booleans(), BROAD, CONDITIONS.filter(bool), REWRITES, st.booleans()
)
CANCELS = st.builds("@@||{}^$dnsrewrite{}".format, NAMES, st.sampled_from(["", ",important"]))
HOSTS = st.builds(
    "{} {}".format,
    st.sampled_from(["0.0.0.0", "::", "192.0.2.77"]),
    st.lists(LONGER_NAMES, min_size=1, max_size=2).map(" ".join),
)
LINES = st.one_of(NETWORK, NETWORK, PLAIN, NARROWED, CANCELS, HOSTS, LONGER_NAMES) | st.builds(
    "*.{}".format, NAMES
)


@st.composite
def lines_of_a_list(draw: st.DrawFn) -> list[str]:
    """Some lines, some of them switched off by a twin with `badfilter`."""
    lines = draw(st.lists(LINES, min_size=1, max_size=12))
    for line in draw(st.lists(st.sampled_from(lines), max_size=2)):
        if line.startswith(("|", "@@", "/", "://")) or "$" in line:
            lines.append(line + ("$" if without_options(line) else ",") + "badfilter")
    return lines


Lists = list[tuple[Kind, list[str]]]
KINDS = st.sampled_from(["block", "block", "block", "allow"])
LISTS = st.lists(st.tuples(KINDS, lines_of_a_list()), min_size=1, max_size=3)
QUESTIONS = st.builds(
    Question,
    NAMES,
    st.sampled_from(["A", "AAAA", "TXT", "MX"]),
    st.sampled_from(["", "192.0.2.1", "192.0.2.2", "2001:db8::1"]),
    st.sampled_from(["", "Kid", "TV"]),
    st.sampled_from([(), ("device_tv",), ("user_child", "device_tv")]),
)


def asked(matcher: Matcher, question: Question) -> Match | None:
    address = ip_address(question.ip) if question.ip else None
    names = [question.client] if question.client else []
    traits = traits_of(matcher.criteria, address, names, question.tags)
    return matcher.match(from_text(question.name), type_number(question.qtype), traits)


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


def agree(match: Match | None, judgement: Judgement) -> None:
    if match is None:
        assert judgement.verdict == "none"
        return
    assert verdict_of(match) == (judgement.verdict, judgement.answer)
    assert Place(int(match.cause.list_name), match.cause.line) in judgement.places


def asked_about(lists: Sequence[tuple[Kind, list[str]]], questions: list[Question]) -> None:
    made = [
        CompiledList.from_rules(str(number), kind, lines)
        for number, (kind, lines) in enumerate(lists)
    ]
    assert not [sample for each in made for sample in each.report.samples]
    matcher = Matcher(made)
    for question in questions:
        agree(asked(matcher, question), judge(lists, question))


@settings(max_examples=400, deadline=None)
@given(LISTS, st.lists(QUESTIONS, min_size=4, max_size=12))
def test_the_compiled_lists_agree_with_the_reference(
    lists: Lists, questions: list[Question]
) -> None:
    asked_about(lists, questions)


@settings(max_examples=150, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=3), st.lists(NAMES, min_size=1, max_size=20))
def test_patterns_match_as_their_regular_expressions(patterns: list[str], names: list[str]) -> None:
    rules = [f"{pattern}$important" for pattern in patterns]
    asked_about([("block", rules)], list(map(Question, names)))


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
            agree(match, judge([("block", lines)], question))
            if match is not None:
                assert matcher.rule_text(match.cause) == lines[match.cause.line - 1]
        mapped.close()
