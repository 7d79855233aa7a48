"""Explanations: with lists in use, and from list files alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sinkhole.errors import ListError, SinkholeError
from sinkhole.filter.explain import explain, explain_queries
from sinkhole.filter.match import Matcher
from sinkhole.filter.trie import CompiledList

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
    explained = explain(Matcher([block, allow]), "Shop.ads.example", 28)
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
        },
        {
            "list": "Allow",
            "kind": "allow",
            "line": 1,
            "rule": "||shop.ads.example^$important",
            "allowed": True,
            "important": True,
        },
    ]
    json.dumps(explained)
    with pytest.raises(ValueError, match="empty label"):
        explain(Matcher([block]), "a..b", 1)
