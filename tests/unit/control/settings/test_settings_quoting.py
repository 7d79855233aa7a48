from __future__ import annotations

import pytest
import yaml

from sinkhole.control.settings.quoting import key_text, listing, quoted, shown


@pytest.mark.parametrize(
    "text", ["plain", 'a "quote"', "back\\slash", "line\nbreak\ttab", "\x00\x85\u2028\ufeff", "é😀"]
)
def test_quoted_text_is_read_back_by_yaml_and_stays_on_one_line(text: str) -> None:
    assert yaml.safe_load(quoted(text)) == text
    assert quoted(text).isprintable()


def test_a_lone_surrogate_is_escaped() -> None:
    assert quoted("\udcff") == '"\\udcff"'


def test_values_are_shown_as_they_are_written() -> None:
    values = ["a", True, False, 42, 2.5, None, [1], {"a": 1}]
    words = ['"a"', "true", "false", "42", "2.5", "nothing", "a list", "a set of keys"]
    assert [shown(value) for value in values] == words
    assert shown("x" * 100) == '"' + "x" * 59 + '…"'


def test_keys_are_written_with_dots_and_positions() -> None:
    assert key_text(("filtering", "lists", 0, "url")) == "filtering.lists[0].url"
    assert key_text(("local", "records", "*.nas.home", 1)) == "local.records.*.nas.home[1]"
    assert key_text(("dns", "a\nb")) == 'dns."a\\nb"'
    assert key_text(()) == ""


def test_choices_are_joined_by_commas_and_a_final_or() -> None:
    assert listing(["a"]) == "a"
    assert listing(["a", "b"]) == "a or b"
    assert listing(["a", "b", "c"]) == "a, b or c"
