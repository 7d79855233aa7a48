"""A question goes the way of any query, and what becomes of it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sinkhole.control.explain.asking import Asking
from sinkhole.model.errors import RequestError


def asking(built: Any) -> Asking:
    return Asking(built.pipeline, lambda: built.matcher, built.clock)


async def test_the_answer_of_an_upstream_and_then_of_the_cache(house: Callable[..., Any]) -> None:
    built = house()
    built.upstreams.says("www.example", "A", "www.example. 60 A 192.0.2.80")
    told = await asking(built).resolve("WWW.example")
    assert (told["outcome"], told["name"], told["type"]) == ("forwarded", "www.example", "A")
    assert [each["data"] for each in told["records"]] == ["192.0.2.80"]
    assert (await asking(built).resolve("www.example"))["outcome"] == "cached"
    assert built.upstreams.asked == ["www.example A"]


async def test_nothing_of_it_is_recorded_and_what_others_left_is_theirs(
    house: Callable[..., Any],
) -> None:
    built = house(block=["||ads.example^"])
    await built.asks("ads.example")  # its batch is still open
    assert (await asking(built).resolve("more.ads.example"))["outcome"] == "blocked"
    built.upstreams.says("www.example", "A", "www.example. 60 A 192.0.2.80")
    await asking(built).resolve("www.example")
    recorded = [
        report.name for batch in built.pipeline._buffer.drain(100) for report, _ in batch.records
    ]
    assert recorded == [b"\x03ads\x07example\x00"]


async def test_who_may_not_ask_is_refused(house: Callable[..., Any]) -> None:
    told = await asking(house()).resolve("a.example", client="198.51.100.1")
    assert (told["outcome"], told["rcode"]) == ("refused", "REFUSED")


async def test_the_name_of_health_checks_is_answered_here(house: Callable[..., Any]) -> None:
    told = await asking(house()).resolve("health.sinkhole.invalid")
    assert (told["outcome"], told["detail"]) == ("local", "asked by health checks")


async def test_who_asks_far_too_often_is_told(house: Callable[..., Any]) -> None:
    built = house()
    with pytest.raises(RequestError) as refused:
        for _ in range(1000):
            await asking(built).resolve("a.example", client="198.51.100.1")
    assert (refused.value.kind, refused.value.code) == ("too_many", "asks_too_often")


async def test_what_is_no_question_is_refused(house: Callable[..., Any]) -> None:
    for given in (("a..example",), ("a.example", "NOPE"), ("a.example", "A", "nobody")):
        with pytest.raises(ValueError):
            await asking(house()).resolve(*given)
