from __future__ import annotations

from typing import Any

import pytest
import yaml

from sinkhole.control.settings import document
from sinkhole.control.settings.document import (
    Origin,
    Problem,
    Value,
    read_document,
    syntax_message,
)

STORED = Origin("stored")
FILE = Origin("file s.yaml", 3)


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def _either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "LOADER", getattr(yaml, request.param))


def read(text: str) -> tuple[Any, list[str]]:
    problems: list[Problem] = []
    value = read_document(text, "file s.yaml", problems)
    return value.plain() if value else None, [str(problem) for problem in problems]


def test_scalars_are_read_by_the_core_schema() -> None:
    plain = "[1, -5, 2.5, true, False, null, ~, yes, 2:30, 0x10, 1_000, 2024-01-01, 1e5, .inf, '1']"
    wanted = [1, -5, 2.5, True, False, None, None]
    texts = ["yes", "2:30", "0x10", "1_000", "2024-01-01", "1e5", ".inf", "1"]
    assert read(plain) == ([*wanted, *texts], [])


def test_a_huge_number_is_text() -> None:
    assert read("9" * 6000) == ("9" * 6000, [])


def test_keys_are_text_as_written() -> None:
    assert read("{1: a, null: b, yes: c}") == ({"1": "a", "null": "b", "yes": "c"}, [])


def test_a_string_tag_makes_text() -> None:
    assert read("a: !!str 1") == ({"a": "1"}, [])


@pytest.mark.parametrize("text", ["", "# nothing", "\n\n", "---\n"])
def test_an_empty_document_is_no_value(text: str) -> None:
    assert read(text) == (None, [])


def test_every_value_knows_the_line_of_its_key_and_every_item_its_own() -> None:
    problems: list[Problem] = []
    text = 'a:\n  b:\n    long\n  c:\n    - x\n    - {y: 1,\n       z: 2}\nd: ["e",\n  "f"]'
    tree = read_document(text, "file s.yaml", problems)
    assert tree is not None

    def line(*path: str | int) -> int:
        return tree.origin_at(path).line

    assert [line("a"), line("a", "b"), line("a", "c")] == [1, 2, 4]
    assert [line("a", "c", 0), line("a", "c", 1), line("a", "c", 1, "z")] == [5, 6, 7]
    assert [line("d"), line("d", 0), line("d", 1)] == [8, 8, 9]


def test_values_of_the_environment_have_no_line() -> None:
    assert read_document("1", "environment X", []) == Value(1, Origin("environment X"))


def test_every_key_that_is_written_twice_is_a_problem_and_the_first_stands() -> None:
    plain, problems = read("a: 1\nb: {c: 1, c: 2}\na: 2\n")
    assert plain == {"a": 1, "b": {"c": 1}}
    assert problems == [
        "s.yaml:2: b.c: this key is written twice, first on line 2; remove one of them",
        "s.yaml:3: a: this key is written twice, first on line 1; remove one of them",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\n---\nb: 2", "s.yaml:2: a second document begins, remove the ---"),
        ("a: &x 1\n", "s.yaml:1: a: text that begins with & must be in quotes"),
        ("a:\n  b: *x", "s.yaml:2: a.b: text that begins with * must be in quotes"),
        ("a: !foo 1", "s.yaml:1: a: text that begins with ! must be in quotes"),
        ("!!set {a}", "s.yaml:1: text that begins with ! must be in quotes"),
        ("a:\n  ? [b]\n  : c", "s.yaml:2: a: text with [ ] or { } belongs in quotes"),
        ("a: 1\nb: \x00", "s.yaml:2: the character U+0000 is not allowed in YAML"),
        ("a: \ud800", "s.yaml:1: the character U+D800 is not allowed in YAML"),
        ("[" * 5000, "s.yaml:1: [0][0][0]: nested too deeply to be a setting"),
        ("{a: " * 5000, "s.yaml:1: a.a.a: nested too deeply to be a setting"),
        ("- " * 500, "s.yaml:1: [0][0][0]: nested too deeply to be a setting"),
        ("- " * 5000, "s.yaml:1: [0][0][0]: nested too deeply to be a setting"),
        ("[\n" * 5000, "s.yaml:22: [0][0][0]: nested too deeply to be a setting"),
        ("é: 1\nb:\n  c: " + "[" * 5000, "s.yaml:3: b.c[0]: nested too deeply to be a setting"),
        ("a: &x " + "[" * 5000, "s.yaml:1: a: text that begins with & must be in quotes"),
    ],
)
def test_what_settings_do_not_need_ends_the_reading(text: str, problem: str) -> None:
    assert read(text) == (None, [problem])


def test_what_is_wrong_in_front_of_a_deep_nest_is_told_once() -> None:
    assert read("a: 1\na: 2\nb: " + "[" * 5000)[1] == [
        "s.yaml:2: a: this key is written twice, first on line 1; remove one of them",
        "s.yaml:3: b[0][0]: nested too deeply to be a setting",
    ]


def test_a_recursive_alias_is_refused_like_any_other() -> None:
    assert read("&a [*a]") == (None, ["s.yaml:1: text that begins with & must be in quotes"])


@pytest.mark.parametrize("text", ['a: "\\U99999999"', "%YAML 1." + "9" * 5000 + "\n---\na: 1"])
def test_numbers_out_of_range_in_escapes_and_directives_are_one_problem(text: str) -> None:
    value, problems = read(text)
    assert value is None
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("text", "line", "explanation"),
    [
        ("a:\n\tb: 1", 2, "a tab is used for indentation, write spaces"),
        ("a: 1\nrules:\n - @@||x^", 3, 'text that begins with "@" must be in quotes'),
        ("a: `x`", 1, 'text that begins with "`" must be in quotes'),
        ("rules:\n - ||ads.example^", 2, "text that begins with | or > must be in quotes"),
        ("*.nas.home: 1", 1, "text that begins with * or & must be in quotes"),
        ("a: 1\nb: 'x\n\n\n", 2, "the text in quotes that begins here is not closed"),
        ('a: "\\q"', 1, r"a \ in double quotes has a meaning, write \\ or use single quotes"),
        ("a: [1,\n2\nb: 3", 1, "the list that begins here with [ lacks a comma or its ]"),
        (
            "a: 1\nb: {c: 1\n\n",
            2,
            "the keys that begin here with { lack a comma, a ':' or the }",
        ),
        ("a: ]", 1, 'unexpected "]": text with : [ ] or { } belongs in quotes'),
        (
            "a: 1\n b: 2",
            2,
            "unexpected ':': check the indentation, and put text that holds ': ' in quotes",
        ),
        ("a: 1\nb\nc", 2, "a ':' is missing behind the key"),
        ("a: [::1]", 1, 'unexpected ":": text with : [ ] or { } belongs in quotes'),
        ("a: 1\n- b", 2, "this line fits nothing above it, check its indentation"),
        ("- a\nb: 1", 2, "this line fits nothing above it, check its indentation"),
        ("a: !<x\nb: 1", 1, "text that begins with ! or % must be in quotes"),
    ],
)
def test_mistakes_are_explained_at_the_line_to_look_at(
    text: str, line: int, explanation: str
) -> None:
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        list(yaml.parse(text, Loader=document.LOADER))
    assert syntax_message(caught.value, text) == (line, explanation)


def test_an_error_without_a_message_of_its_own_is_quoted_on_one_line() -> None:
    error = yaml.MarkedYAMLError(problem="something\n  else")
    assert syntax_message(error, "") == (1, "this is not YAML: something else")


def test_origins_and_problems_read_well() -> None:
    assert str(FILE) == "file s.yaml:3"
    assert str(STORED) == "stored"
    problem = Problem(FILE, ("upstream", "timeout"), "is wrong")
    assert str(problem) == "s.yaml:3: upstream.timeout: is wrong"
    assert str(Problem(STORED, (), "is wrong")) == "stored: is wrong"


def test_the_origin_of_what_is_not_there_is_that_of_what_surrounds_it() -> None:
    tree = Value({"a": Value([Value(1, Origin("file s.yaml", 2))], FILE)}, STORED)
    assert tree.origin_at(("a", 0, "x")) == Origin("file s.yaml", 2)
    assert tree.origin_at(("a", 7)) == tree.origin_at(("a", "x")) == FILE
    assert tree.origin_at(("b", "c")) == STORED
