"""Aliases are what they stand for, within bounds; our own settings have none."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.control.settings import anchors
from sinkhole.control.settings.anchors import merged_keys
from sinkhole.control.settings.document import Problem, read_document

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


def read(text: str) -> tuple[Any, list[str]]:
    problems: list[Problem] = []
    value = read_document(text, "file x", problems, with_anchors=True)
    return (value and merged_keys(value.plain())), [str(each) for each in problems]


def test_an_alias_is_what_its_anchor_stands_before() -> None:
    text = "one: &a {x: [1, 2], y: &b text}\ntwo: *a\nthree: [*b, *a]\n&k four: *b\nfive: *k\n"
    whole = {"x": [1, 2], "y": "text"}
    told = {"one": whole, "two": whole, "three": ["text", whole], "four": "text", "five": "four"}
    assert read(text) == (told, [])


def test_an_anchor_may_stand_anew() -> None:
    assert read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")[0] == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_merged_keys_give_way_to_those_beside_them() -> None:
    text = "base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\na:\n  <<: *b\n  x: 9\nb: {<<: [*b, *m]}\n"
    found, problems = read(text)
    assert (found["a"], found["b"], problems) == (
        *({"x": 9, "y": 1}, {"x": 1, "y": 1, "z": 2}),
        [],
    )
    assert merged_keys({"<<": 7, "a": [{"<<": {"b": 1}}]}) == {"a": [{"b": 1}]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: *nobody\n", "x:1: *nobody stands for nothing above"),
        ("a: &x [1, *x]\n", "x:1: *x stands within what it stands for"),
        (LAUGHS, "too much to be settings"),
    ],
)
def test_what_stands_for_nothing_or_too_much_is_told(text: str, reason: str) -> None:
    found, (problem,) = read(text)
    assert found is None and reason in problem


def test_laughs_end_before_they_take_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "MOST_EVENTS", 50)
    assert read(LAUGHS)[0] is None
    assert read("a: 1\n") == ({"a": 1}, [])


def test_our_own_settings_have_none() -> None:
    problems: list[Problem] = []
    assert read_document("a: &x 1\n", "file x", problems) is None
    assert "must be in quotes" in str(problems[0])
