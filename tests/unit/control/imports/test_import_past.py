"""The words that readers of query logs share."""

from __future__ import annotations

import pytest

from sinkhole.control.imports.past import MOST_REMEMBERED, Known, lists_of, microseconds
from sinkhole.model.record import EVERYTHING, Telling
from sinkhole.model.verdict import NO_CAUSE, Outcome


def test_what_says_the_same_is_made_once() -> None:
    known = Known()
    verdict = known.verdict(Outcome.BLOCKED, "Ads", "||a^", upstream="192.0.2.1")
    assert verdict is known.verdict(Outcome.BLOCKED, "Ads", "||a^", upstream="192.0.2.1")
    assert verdict is not known.verdict(Outcome.BLOCKED, "Ads", "||a^")
    assert known.verdict(Outcome.CACHED).cause is NO_CAUSE
    who = known.client("192.0.2.7", EVERYTHING)
    assert who is known.client("192.0.2.7", EVERYTHING)
    assert who is not known.client("192.0.2.7", Telling(names=False))


def test_what_is_remembered_is_bounded() -> None:
    known = Known()
    first = known.client("0", EVERYTHING), known.verdict(Outcome.BLOCKED, "Ads", "0")
    for number in range(MOST_REMEMBERED):
        known.client(str(number), EVERYTHING)
        known.verdict(Outcome.BLOCKED, "Ads", str(number))
    known.client("another", EVERYTHING)
    known.verdict(Outcome.BLOCKED, "Ads", "another")
    assert known.client("0", EVERYTHING) is not first[0]
    assert known.verdict(Outcome.BLOCKED, "Ads", "0") is not first[1]


def test_durations_that_cannot_be_are_none() -> None:
    assert [microseconds(each) for each in (0.0025, -1, 1e9)] == [2500, 0, 0]


def test_lists_are_named_by_their_numbers() -> None:
    assert lists_of(["7=Ads", "-3=a=b"]) == {7: "Ads", -3: "a=b"}
    for text in ("Ads", "x=Ads", "7="):
        with pytest.raises(ValueError, match="names no list"):
            lists_of([text])
