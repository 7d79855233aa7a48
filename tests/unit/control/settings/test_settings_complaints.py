from __future__ import annotations

import re
from collections.abc import Callable

import pytest

Problems = Callable[..., list[str]]


def test_every_mistake_is_reported_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    text = """\
dns:
  listn: ["0.0.0.0:53"]
  listen:
    - "0.0.0.0:53"
    - localhost
upstream:
  timeout: 2 sec
  timeout: 3s
cache:
  min_ttl: 2d
  size: 1KiB
quer_log: {}
"""
    found = problems(text, {"SINKHOLE__LOG__LEVEL": "loud"})
    assert [problem.split(" ")[:3] for problem in found] == [
        ["environment", "SINKHOLE__LOG__LEVEL:", "log.level:"],
        ["s.yaml:2:", "dns.listn:", "unknown"],
        ["s.yaml:5:", "dns.listen[1]:", '"localhost"'],
        ["s.yaml:7:", "upstream.timeout:", '"2'],
        ["s.yaml:8:", "upstream.timeout:", "this"],
        ["s.yaml:10:", "cache.min_ttl:", "2d"],
        ["s.yaml:11:", "cache.size:", "1KiB"],
        ["s.yaml:12:", "quer_log:", "unknown"],
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dns: {listn: []}", 'dns.listn: unknown key, did you mean "listen"?'),
        ("cache: {Max-TTL: 1h}", 'cache.Max-TTL: unknown key, did you mean "max_ttl"?'),
        ("timeout: 2s", 'timeout: unknown key here, did you mean "upstream.timeout"?'),
        (
            "dns: {keep: 1}",
            'dns.keep: unknown key here, did you mean "query_log.keep" or "stats.keep"?',
        ),
        ("stats: {zzz: 1}", "stats.zzz: unknown key, known here are keep"),
        ('dns: {"[key]": 1}', 'dns."[key]": unknown key, known here are'),
        ("filtering: {blocking: {mod: x}}", 'blocking.mod: unknown key, did you mean "mode"?'),
        (
            'filtering: {lists: [{name: A, url: "file:a", enabeld: true}]}',
            'filtering.lists[0].enabeld: unknown key, did you mean "enabled"?',
        ),
    ],
)
def test_an_unknown_key_suggests_a_known_one(problems: Problems, text: str, problem: str) -> None:
    (found,) = problems(text)
    assert problem in found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dns: 5", 'dns: 5 does not fit, write "key: value" lines, indented below this one'),
        ("upstream: []", 'upstream: a list does not fit, write "key: value" lines'),
        ("local: {records: [a]}", 'local.records: a list does not fit, write "key: value" lines'),
        (
            "dns: {allow: 10.0.0.0/8}",
            'dns.allow: "10.0.0.0/8" does not fit, write a list: ["10.0.0.0/8"]',
        ),
        ("filtering: {rules: {a: b}}", "rules: a set of keys does not fit, write a list: ["),
        ("filtering: {lists: [file:x]}", 'lists[0]: "file:x" does not fit, write "key: value"'),
        ("upstream: {timeout: }", "upstream.timeout: has no value, write one or remove the line"),
        ("dns: {listen: }", "dns.listen: has no value, write one or remove the line"),
        ("dns: {listen: [null]}", "dns.listen[0]: has no value, write one or remove the line"),
        ("filtering: {lists: [{name: A}]}", "lists[0].url: is missing, and there is no default"),
        ("upstream: {timeout: [2s]}", "upstream.timeout: a list is not a number with a unit"),
        ("upstream: {timeout: true}", "upstream.timeout: true is not a number with a unit"),
        ("upstream: {timeout: 2}", 'upstream.timeout: "2" has no unit, write for instance "2s"'),
        ("log: {level: {a: b}}", "log.level: a set of keys is not known, write debug, info, "),
    ],
)
def test_a_value_of_the_wrong_kind_says_what_to_write(
    problems: Problems, text: str, problem: str
) -> None:
    (found,) = problems(text)
    assert found.startswith("s.yaml:1: ")
    assert problem in found


VALUES = ["", "5", "2.5", "true", '"text"', '""', "[]", "[1]", "[[]]", "{}", "{a: b}", '"\\n"']
KEYS = ["dns", "dns: {allow", "filtering: {lists", "filtering: {rules", "local: {records"]
LEAVES = ["web: {listen", "web: {hosts", "cache: {size", "cache: {persist", "data_dir"]


@pytest.mark.parametrize("key", [*KEYS, *LEAVES])
def test_no_problem_speaks_in_terms_of_the_library(
    problems: Problems, loaded: Callable[..., object], key: str
) -> None:
    jargon = re.compile(r"input|valid|pydantic|instance of|dictionary|tuple|type=|Error", re.I)
    for value in VALUES:
        text = f"{key}: {value}{'}' if '{' in key else ''}"
        try:
            loaded(text)
        except Exception:
            for problem in problems(text):
                assert not jargon.search(problem), problem
                assert "\n" not in problem
