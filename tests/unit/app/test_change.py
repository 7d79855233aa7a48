"""A change is made whole or not at all."""

from __future__ import annotations

import pytest

from sinkhole.app.change import Change
from sinkhole.model.faults import Faults


def noting(told: list[str], word: str, *, fails: bool = False) -> object:
    async def work() -> None:
        told.append(word)
        if fails:
            raise OSError("as arranged")

    return work


def test_a_bug_half_way_takes_back_what_was_exchanged_and_nothing_else() -> None:
    in_force = {"one": "old", "two": "old", "three": "old"}
    change = Change(Faults())

    def use(part: str, fails: bool = False) -> object:
        def assign(value: str) -> None:
            in_force[part] = value
            if fails and value == "new":
                raise RuntimeError("as arranged")

        return assign

    change.exchange(use("one"), "new", "old")  # type: ignore[arg-type]  # made by a helper
    change.exchange(use("two", fails=True), "new", "old")  # type: ignore[arg-type]  # as above
    change.exchange(use("three"), "new", "old")  # type: ignore[arg-type]  # as above
    with pytest.raises(RuntimeError, match="as arranged"):
        change.commit()
    assert set(in_force.values()) == {"old"}


async def test_what_was_made_is_closed_backwards_and_no_error_keeps_the_rest_open() -> None:
    told: list[str] = []
    faults = Faults()
    change = Change(faults)
    for word, fails in (("first", False), ("second", True), ("third", False)):
        change.discards(noting(told, word, fails=fails))  # type: ignore[arg-type]  # as above
        change.afterwards(noting(told, f"old {word}"))  # type: ignore[arg-type]  # as above
    await change.abandon()
    assert told == ["third", "second", "first"]
    assert faults.count == 1
    await change.finish()
    assert told[3:] == ["old first", "old second", "old third"]
