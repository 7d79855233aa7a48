"""Explanations: with lists in use, and from list files alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sinkhole.control.explain.opinions import (
    explain_queries,
    explain_rules,
    opinions_on,
)
from sinkhole.dns.filter.compiled.compile import compile_file
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.precedence import BUILT_IN, NOT_ALLOWED
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type
from sinkhole.model.errors import ListError, SinkholeError
from sinkhole.model.verdict import Cause

KEYS = ["name", "type", "verdict", "rule", "list", "line", "rewrite"]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    block, allow = tmp_path / "block.txt", tmp_path / "allow.txt"
    block.write_text("! a list\n||ads.example^\n0.0.0.0 exact.example\n@@||good.ads.example^\n")
    allow.write_text("shop.ads.example\n")
    return str(block), str(allow)


def query(name: str, **more: object) -> str:
    return json.dumps({"name": name, "client": {"ip": "192.0.2.1", "name": "", "tags": []}} | more)


def test_queries_against_list_files(files: tuple[str, str]) -> None:
    block, allow = files
    queries = [
        query("x.ads.example", type="AAAA"),
        query("exact.example"),
        query("below.exact.example"),
        "\n",
        query("good.ads.example"),
        query("Shop.Ads.Example."),
    ]
    answers = list(explain_queries([block], [allow], queries))
    assert [list(answer) for answer in answers] == [KEYS] * 5
    assert answers[0] == {
        "name": "x.ads.example",
        "type": "AAAA",
        "verdict": "block",
        "rule": "||ads.example^",
        "list": block,
        "line": 2,
        "rewrite": None,
    }
    assert [(answer["verdict"], answer["line"]) for answer in answers[1:]] == [
        ("block", 3),
        ("none", None),
        ("allow", 4),
        ("allow", 1),
    ]
    assert answers[4]["name"] == "Shop.Ads.Example."
    assert answers[4]["list"] == allow
    assert answers[2]["rule"] is answers[2]["list"] is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("not json", "not JSON"),
        ("[]", "write an object"),
        ("{}", "write an object"),
        ('{"name": 5}', "write an object"),
        ('{"name": "a..b"}', "empty label"),
        ('{"name": "a.example", "type": "COLOUR"}', "not a record type"),
        ('{"name": "a.example", "type": 1}', "not text"),
    ],
)
def test_a_bad_query_names_its_line(files: tuple[str, str], line: str, problem: str) -> None:
    answers = explain_queries([files[0]], [], [query("a.example"), line])
    assert next(answers)["verdict"] == "none"
    with pytest.raises(SinkholeError, match=f"queries, line 2: .*{problem}"):
        next(answers)


def test_a_missing_list_names_its_file(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.txt")
    with pytest.raises(ListError, match=r"gone\.txt.*No such file"):
        list(explain_queries([gone], [], [query("a.example")]))


def test_an_explanation_tells_every_opinion() -> None:
    block = CompiledList.from_rules("Block", "block", ["||ads.example^"])
    allow = CompiledList.from_rules("Allow", "allow", ["||shop.ads.example^$important"])
    explained = explain_rules(Matcher([block, allow]), "Shop.ads.example", 28)
    assert list(explained) == [*KEYS, "opinions"]
    assert (explained["verdict"], explained["list"], explained["type"]) == (
        "allow",
        "Allow",
        "AAAA",
    )
    assert explained["opinions"] == [
        {
            "list": "Block",
            "kind": "block",
            "line": 1,
            "rule": "||ads.example^",
            "allowed": False,
            "important": False,
            "rewrite": None,
            "builtin": False,
            "decides": False,
            "note": "a stronger rule decides: allow lists come before all other rules",
        },
        {
            "list": "Allow",
            "kind": "allow",
            "line": 1,
            "rule": "||shop.ads.example^$important",
            "allowed": True,
            "important": True,
            "rewrite": None,
            "builtin": False,
            "decides": True,
            "note": "",
        },
    ]
    json.dumps(explained)
    with pytest.raises(ValueError, match="empty label"):
        explain_rules(Matcher([block]), "a..b", 1)


NOTED = [
    ("||a.example^$dnsrewrite=192.0.2.1", "cancelled by an exception for rewrites"),
    ("@@||a.example^$dnsrewrite=192.0.2.1", "an exception for rewrites"),
    ("||a.example^$dnsrewrite=a.example", "would rewrite a name to itself"),
    ("||a.example^$important", "switched off by $badfilter"),
    ("||a.example^$important,badfilter", "switches off other rules"),
    ("||a.example^$client=192.0.2.9", "another client"),
    ("||a.example^$dnstype=AAAA", "another query type"),
    ("||example^$denyallow=a.example", "the name is among those of $denyallow"),
    ("||example^", "a stronger rule decides"),
    ("a.example", "a stronger rule decides"),
    ("@@-a-", None),
    ("a.ex*$denyallow=b.example", "a stronger rule decides"),
    ("@@||a.example^", ""),
]


def test_why_a_rule_does_not_count() -> None:
    made = CompiledList.from_rules("own", "block", [rule for rule, _ in NOTED])
    assert made.report.refused == 0
    explained = explain_rules(Matcher([made]), "a.example", 1)
    notes = {each["rule"]: each["note"].split(":")[0] for each in explained["opinions"]}
    assert notes == {rule: note for rule, note in NOTED if note is not None}
    (decides,) = (each["rule"] for each in explained["opinions"] if each["decides"])
    assert explained["rule"] == decides == "@@||a.example^"


BEATEN = [
    ("@@||a.example^$important", "||a.example^$important", "an exception with $important beats"),
    ("||a.example^$important", "@@||a.example^", "a rule with $important beats an exception"),
    ("@@||a.example^", "||a.example^", "an exception beats a rule such as ||name^"),
    ("||a.example^", "0.0.0.0 a.example", "a rule such as ||name^ beats a hosts line"),
    ("||a.example^$dnstype=A", "||a.example^", "it has more modifiers"),
    ("||a.example^", "||example^", "it names more of the name"),
    ("|a.example^", "||a.example^", "it names more of the name"),
    ("||a.example^$dnsrewrite=192.0.2.1", "@@||a.example^", "rewrites come before rules"),
    ("||a.example^$dnsrewrite=b.example", "||a.example^$dnsrewrite=192.0.2.1", "first CNAME"),
    ("||a.example^$dnsrewrite=NXDOMAIN", "||a.example^$dnsrewrite=192.0.2.1", "an error decides"),
    ("||a.example^$dnsrewrite=192.0.2.1", "||a.example^$dnsrewrite=::1", "answers the type"),
    ("a*.example^", "a.exam*e^", "its line comes first"),
]


@pytest.mark.parametrize(
    ("winner", "loser", "reason"), BEATEN, ids=[f"{each[0]} {each[1]}" for each in BEATEN]
)
@pytest.mark.parametrize("loser_first", [False, True], ids=["loser last", "loser first"])
def test_what_makes_the_winner_stronger(
    winner: str, loser: str, reason: str, loser_first: bool
) -> None:
    rules = [loser, winner] if loser_first else [winner, loser]
    if reason == "its line comes first":
        winner, loser = rules
    made = CompiledList.from_rules("own", "block", rules)
    explained = explain_rules(Matcher([made]), "a.example", 1)
    notes = {each["rule"]: each["note"] for each in explained["opinions"]}
    assert notes[winner] == ""
    assert notes[loser].startswith("a stronger rule decides: ")
    assert reason in notes[loser]


def test_of_equal_rules_that_of_the_first_list_decides() -> None:
    lists = [CompiledList.from_rules(name, "block", ["||a.example^"]) for name in ("one", "two")]
    allowing = [CompiledList.from_rules(name, "allow", ["a.example"]) for name in ("one", "two")]
    for made, reason in ((lists, "its list comes first"), (allowing, "the first allow list")):
        (_, second) = explain_rules(Matcher(made), "a.example", 1)["opinions"]
        assert reason in second["note"]


@pytest.mark.parametrize(
    ("rules", "rewrite"),
    [
        (["192.0.2.1", "2001:db8::1", "192.0.2.2"], ["A", "192.0.2.1", "192.0.2.2"]),
        (["nas.example"], ["CNAME", "nas.example"]),
        (["2001:db8::1"], ["A"]),
    ],
    ids=["records", "CNAME", "another type"],
)
def test_a_rewrite_is_told_as_text(rules: list[str], rewrite: list[str]) -> None:
    texts = [f"||a.example^$dnsrewrite={rule}" for rule in rules]
    matcher = Matcher([CompiledList.from_rules("own", "block", texts)])
    explained = explain_rules(matcher, "a.example", 1)
    rtype, *answers = rewrite
    assert explained["verdict"] == "rewrite"
    assert explained["rewrite"] == {"rcode": "NOERROR", "answers": answers, "type": rtype}
    assert [each["decides"] for each in explained["opinions"]].count(True) == max(len(answers), 1)


def test_an_rcode_is_told(tmp_path: Path) -> None:
    (tmp_path / "block.txt").write_text("||a.example^$dnsrewrite=NXDOMAIN,client=TV\n")
    client = {"ip": "192.0.2.1", "name": "tv", "tags": ["device_tv"]}
    queries = [query("a.example", client=client), query("a.example")]
    answers = list(explain_queries([str(tmp_path / "block.txt")], [], queries))
    assert [each["verdict"] for each in answers] == ["rewrite", "none"]
    assert answers[0]["rewrite"] == {"rcode": "NXDOMAIN", "answers": [], "type": "A"}


@pytest.mark.parametrize(
    "client", [5, {"ip": "x"}, {"ip": 5}, {"name": 5}, {"tags": "x"}, {"tags": [5]}]
)
def test_a_client_must_be_written_as_one(files: tuple[str, str], client: object) -> None:
    with pytest.raises(SinkholeError, match="queries, line 1: "):
        list(explain_queries([files[0]], [], [query("a.example", client=client)]))


def test_every_list_is_heard_and_its_rule_read_back(tmp_path: Path) -> None:
    source = tmp_path / "list.txt"
    source.write_text("# head\n||a.example^\n")
    compile_file(source, tmp_path / "list.list")
    mapped = CompiledList.map(tmp_path / "list.list", "on disk", "block", source)
    allow = CompiledList.from_rules("allow", "allow", ["a.example"])
    other = CompiledList.from_rules("other", "block", ["||b.example^"])
    matcher = Matcher([mapped, other, allow])
    heard = opinions_on(matcher, from_text("a.example"), Type.A)
    assert [(opinion.list_name, opinion.kind) for opinion in heard] == [
        ("on disk", "block"),
        ("allow", "allow"),
    ]
    assert heard[0].match.cause == Cause("on disk", 2, "||a.example^")
    assert heard[1].match.allowed


def test_what_is_built_in_counts_where_no_list_says_anything() -> None:
    builtin = CompiledList.from_rules("services", "block", ["||a.example^"])
    own = CompiledList.from_rules("own", "block", ["@@||a.example^"])
    heard = opinions_on(Matcher([own], [builtin]), from_text("a.example"), Type.A)
    notes = {each.match.cause.rule: each.note for each in heard}
    assert notes == {"@@||a.example^": "", "||a.example^": BUILT_IN}


def test_where_only_allowed_names_pass_it_says_what_is_missing() -> None:
    own = CompiledList.from_rules("own rules", "block", ["||a.example^$dnsrewrite=192.0.2.1"])
    only = Matcher([own]).chosen(allow_only=True)
    told = explain_rules(only, "a.example", Type.A)
    assert (told["verdict"], told["list"], told["line"], told["rule"]) == (
        *("block", "allow only", 0, ""),
    )
    (opinion,) = told["opinions"]
    assert (opinion["decides"], opinion["note"]) == (False, NOT_ALLOWED)
