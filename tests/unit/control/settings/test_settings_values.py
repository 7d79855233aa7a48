from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sinkhole.control.settings import values

Read = Callable[..., Any]
Refusal = Callable[..., str]


def test_whole_numbers_are_neither_text_nor_truth(read: Read, refusal: Refusal) -> None:
    kind = values.whole_number(0, 10)
    assert read(kind, 10) == 10
    for value, shown in (("5", '"5"'), (True, "true"), (2.0, "2.0"), (11, "11"), (-1, "-1")):
        assert refusal(kind, value) == f"{shown} is not a whole number from 0 to 10"


def test_a_number_may_have_a_word_in_its_place(read: Read, refusal: Refusal) -> None:
    kind = values.number_or("auto", 1, 64)
    assert [read(kind, value) for value in (1, "64", "auto")] == [1, 64, "auto"]
    for value, shown in (
        (0, "0"),
        ("65", '"65"'),
        ("Auto", '"Auto"'),
        (True, "true"),
        (1.0, "1.0"),
    ):
        assert refusal(kind, value) == f"{shown} is neither auto nor a whole number 1 to 64"


@pytest.mark.parametrize(("value", "meant"), [(True, True), ("yes", True), ("Off", False)])
def test_flags_take_the_words_people_use(read: Read, value: object, meant: bool) -> None:
    assert read(values.flag(), value) is meant


@pytest.mark.parametrize("value", [1, 0, "maybe", "true "])
def test_flags_take_nothing_else(refusal: Refusal, value: object) -> None:
    assert refusal(values.flag(), value).endswith("is neither true nor false")


def test_text_is_one_line_that_is_not_blank(read: Read, refusal: Refusal) -> None:
    kind = values.text(10)
    assert read(kind, "  a\tb ") == "a\tb"
    assert refusal(kind, " ") == '" " is empty, write something or remove the line'
    assert refusal(kind, "ä" * 6).endswith("takes 12 bytes, at most 10 are allowed")
    assert refusal(kind, "a\x1b").endswith("it has the character U+001B")
    assert refusal(kind, 5) == '5 is not text, write "5"'
    assert refusal(kind, True) == 'true is not text, write "true"'
    assert refusal(kind, ["a"]) == "a list is not text"


def test_folders_are_paths(read: Read, refusal: Refusal) -> None:
    assert read(values.folder(), "./data") == read(values.folder(), Path("data")) == Path("data")
    assert refusal(values.folder(), "~x") == '"~x": ~ has no meaning here, write the whole path'
