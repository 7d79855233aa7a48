"""Counters that never go down, and go on where the last run ended."""

from __future__ import annotations

import pytest

from sinkhole.control.stats import Carried, carried
from sinkhole.model.errors import StorageError

BLOCKED = {"outcome": "blocked"}


def test_a_counter_goes_on_in_the_next_run() -> None:
    before = Carried()
    assert before.total("queries_total", BLOCKED, 7) == 7
    after = Carried()
    after.restore(before.dumped())
    assert after.total("queries_total", BLOCKED, 0) == 7
    assert after.total("queries_total", BLOCKED, 5) == 12
    assert after.total("queries_total", {"outcome": "cached"}, 5) == 5
    third = Carried()
    third.restore(after.dumped())
    assert third.total("queries_total", BLOCKED, 1) == 13


def test_a_part_that_is_replaced_takes_nothing_away() -> None:
    kept = Carried()
    values = [kept.total("shed_total", {}, count) for count in (3, 5, 0, 2, 1, 1)]
    assert values == [3, 5, 5, 7, 8, 8]


def test_the_order_of_labels_does_not_matter() -> None:
    kept = Carried()
    kept.total("x", {"a": "1", "b": "2"}, 5)
    assert kept.total("x", {"b": "2", "a": "1"}, 1) == 6


def test_what_nobody_counts_any_more_is_not_carried_further() -> None:
    kept = Carried()
    kept.restore('{"[\\"gone_total\\", {}]": 9.0}')
    assert kept.dumped() == "{}"


def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carried, "MOST_COUNTERS", 2)
    kept = Carried()
    for number in range(5):
        kept.total("x", {"n": str(number)}, 5)
    assert kept.total("x", {"n": "0"}, 1) == 6
    assert kept.total("x", {"n": "4"}, 1) == 1
    many = Carried()
    many.restore('{"a": 1, "b": 2, "c": 3}')
    assert len(many._ahead) == 2


@pytest.mark.parametrize("text", ["", "[]", "7", '{"a": "b"}', '{"a": null}', "\ud800"])
def test_what_is_no_such_text_is_refused(text: str) -> None:
    kept = Carried()
    with pytest.raises(StorageError):
        kept.restore(text)
    assert kept.total("x", {}, 1) == 1
