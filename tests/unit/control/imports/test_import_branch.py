"""A tree knows what nobody asked it for, and tells what is of another kind."""

from __future__ import annotations

import pytest
from imported import told

from sinkhole.control.imports.branch import Branch, span_of, span_text
from sinkhole.control.imports.plan import Plan


def test_what_nobody_asked_for_is_known_wherever_it_stands() -> None:
    tree = {"a": 1, "b": {"c": 2, "d": 3}, "e": [{"f": 4}, 5], "g": "", "h": [], "i": False}
    root = Branch(tree, plan := Plan("x"))
    assert root.number("a", 0) == 1 and root.below("b").text("c") == "2"
    assert [each.path for each in root.each("e")] == ["e[0]"]
    assert root.below("missing").texts("more") == []
    assert list(root.unasked()) == ["b.d", "e[0].f"]
    assert told(plan) == {"e[1]": "5 is no set of keys"}


def test_what_is_of_another_kind_counts_as_not_written() -> None:
    root = Branch({"n": "x", "f": 1, "t": {}, "l": {"a": 1}, "b": "text"}, plan := Plan("x"))
    assert (root.number("n", 7), root.flag("f", True), root.text("t", "u")) == (7, True, "u")
    assert (root.texts("l"), root.below("b").text("x"), root.each("b")) == ([], "", [])
    assert [each.about for each in plan.notes] == ["n", "f", "t", "l", "b", "b"]


@pytest.mark.parametrize(
    ("text", "seconds", "written"),
    [("90d", 7_776_000, "90d"), ("1h30m", 5400, "90m"), ("2160h", 7_776_000, "90d"),
     ("1.5s", 1.5, "1500ms"), ("30", 30, "30s"), ("0s", 0, "0s")],
)  # fmt: skip
def test_time_spans_are_read_and_written(text: str, seconds: float, written: str) -> None:
    assert span_of(text) == seconds
    assert span_text(seconds) == written


def test_what_is_no_time_span_is_none() -> None:
    assert [span_of(each) for each in ("", "soon", "5 m", "-1h", "1h x")] == [None] * 5
