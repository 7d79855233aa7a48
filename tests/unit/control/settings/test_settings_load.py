from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sinkhole.control.settings import Duration, Settings, Size, load, make_list, sources
from sinkhole.model.errors import SettingsError

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


def test_nothing_at_all_gives_the_defaults() -> None:
    assert load(None, {}) == Settings()


@pytest.mark.parametrize("text", ["", "# only a comment\n", "dns:\nupstream:\n", "---\n", "null\n"])
def test_an_empty_file_gives_the_defaults(loaded: Load, text: str) -> None:
    assert loaded(text) == Settings()


def test_the_file_wins_over_what_is_stored_and_the_environment_over_both(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("upstream:\n  timeout: 2s\ncache: {size: 2MiB}\n")
    stored = {
        ("upstream.timeout", ""): "1s",
        ("cache.size", ""): "1MiB",
        ("cache.max_ttl", ""): "1h",
    }
    settings = load(file, {"SINKHOLE__CACHE__SIZE": "3MiB"}, stored)
    assert settings.upstream.timeout == 2.0
    assert settings.cache.size == 3 << 20
    assert settings.cache.max_ttl == 3600.0
    assert settings.origin_of("upstream.timeout") == f"file {file}:2"
    assert settings.origin_of("cache.size") == "environment SINKHOLE__CACHE__SIZE"
    assert settings.origin_of("cache.max_ttl") == "stored"
    assert settings.origin_of("cache.min_ttl") == "default"


def test_stored_values_may_have_their_types_already() -> None:
    stored = {("upstream.timeout", ""): Duration(3), ("cache.size", ""): Size(1 << 20)}
    settings = load(None, {}, stored)
    assert (settings.upstream.timeout, settings.cache.size) == (3.0, 1 << 20)


def test_a_file_with_a_byte_order_mark_is_read(loaded: Load) -> None:
    assert loaded("\ufeffdata_dir: x\n").data_dir == Path("x")


def test_a_file_with_windows_line_ends_has_the_right_lines(problems: Problems) -> None:
    assert problems("dns:\r\n  rate_limit: 5\r\nx: 1\r\n")[0].startswith("s.yaml:3: x: ")


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "none.yaml", {})
    assert str(caught.value) == f"{tmp_path}/none.yaml: cannot be read: No such file or directory"


def test_a_missing_file_does_not_hide_what_is_wrong_in_the_environment(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "none.yaml", {"SINKHOLE__DNS__RATE_LIMIT": "many"})
    assert len(caught.value.problems) == 2


def test_a_file_that_is_no_utf_8_names_the_line(problems: Problems) -> None:
    assert problems(b"a: 1\nb: \xff\n") == [
        "s.yaml:2: is not UTF-8 text, save the file in that encoding"
    ]


def test_a_huge_file_is_not_read(
    problems: Problems, monkeypatch: pytest.MonkeyPatch, loaded: Load
) -> None:
    monkeypatch.setattr(sources, "MOST_BYTES", 1 << 20)
    loaded("#" * (1 << 20))
    assert problems("#" * ((1 << 20) + 1)) == ["s.yaml: has more than 1 MiB"]


@pytest.mark.parametrize(("text", "shown"), [("- a\n", "a list"), ("hello", '"hello"'), ("5", "5")])
def test_a_file_without_keys_says_what_settings_are(
    problems: Problems, text: str, shown: str
) -> None:
    assert problems(text) == [
        f"s.yaml:1: {shown} is all there is,"
        ' settings are keys such as "dns:" with values below them'
    ]


def test_broken_yaml_is_one_problem_with_its_line(problems: Problems) -> None:
    assert problems("dns:\n\tlisten: []\n") == [
        "s.yaml:2: a tab is used for indentation, write spaces"
    ]


@pytest.mark.parametrize(
    ("name", "url", "kind", "reason"),
    [
        ("", "https://example.org/a.txt", "block", "name"),
        ("Own rules", "https://example.org/a.txt", "block", "stands for something else"),
        ("A", "ftp://example.org/a.txt", "block", "url"),
        ("A", "https://example.org/a.txt", "odd", "kind"),
    ],
    ids=["no-name", "taken-name", "scheme", "kind"],
)
def test_a_list_by_command_is_refused_where_the_settings_file_would_refuse_it(
    name: str, url: str, kind: str, reason: str
) -> None:
    with pytest.raises(SettingsError, match=reason):
        make_list(name, url, kind)


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
        (
            "filtering: {rules: {a: b}}",
            "rules: a set of keys does not fit, write a list: each item",
        ),
        ("clients: {TV: {ids: [tv]}}", 'each item in a line of its own, behind "- "'),
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
