"""The log is summed up: of a device, of a list, or of anything else that can be looked for."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from houses import VIEWER, BuiltHouse

from sinkhole.control.operations import log_sums
from sinkhole.control.operations.log_sums import LogSums, LogSumsWanted
from sinkhole.control.operations.perform import perform
from sinkhole.control.querylog import tally
from sinkhole.model.errors import RequestError
from sinkhole.model.verdict import Cause, Outcome

Build = Callable[..., Awaitable[BuiltHouse]]

OTHER = "192.0.2.9"
ADS = Cause("Ads", 7, "||ads.example^")


async def summed(built: BuiltHouse, **given: Any) -> LogSums:
    return await perform(log_sums.sum_up, built.house, VIEWER, LogSumsWanted(**given))


async def filled(build: Build) -> BuiltHouse:
    built = await build({})
    for ago_s in (7200, 7190, 60):
        await built.log("xn--mnchen-3ya.example", ago_s=ago_s)
    await built.log("ads.example", ago_s=50, outcome=Outcome.BLOCKED, rule=ADS)
    await built.log("www.example.org", ago_s=40, outcome=Outcome.CACHED, client=OTHER)
    await built.log("old.example.org", ago_s=3 * 86_400)
    return built


async def test_a_device_is_summed_up_by_itself(build: Build) -> None:
    built = await filled(build)
    told = await summed(built, devices=["192.0.2.7"])
    assert (told.totals.queries, told.totals.blocked, told.totals.cached) == (4, 1, 0)
    assert [(each.name_unicode, each.count) for each in told.top_names] == [
        ("münchen.example", 3),
        ("ads.example", 1),
    ]
    assert [(each.name, each.count) for each in told.top_blocked] == [("ads.example", 1)]
    assert [(each.name, each.count) for each in told.top_lists] == [("Ads", 1)]
    assert told.looked_back_to is None
    other = await summed(built, devices=[OTHER])
    assert (other.totals.queries, other.totals.cached) == (1, 1)
    nobody = await summed(built, devices=["192.0.2.99"])
    assert (nobody.totals.queries, nobody.top_names) == (0, [])


async def test_the_series_has_no_gaps_and_adds_up_to_the_totals(build: Build) -> None:
    built = await filled(build)
    told = await summed(built, step_s=3600)
    assert [each.time for each in told.series] == list(range(told.start, int(told.end) + 1, 3600))
    assert sum(each.queries for each in told.series) == told.totals.queries == 5
    assert sum(each.blocked for each in told.series) == told.totals.blocked == 1
    assert sum(each.cached for each in told.series) == told.totals.cached == 1


async def test_a_longer_time_takes_longer_steps(build: Build) -> None:
    built = await filled(build)
    since = str(time.time() - 7 * 86_400)
    told = await summed(built, since=since, step_s=7200)
    assert told.totals.queries == 6
    with pytest.raises(RequestError, match="step_s has to be"):
        await summed(built, since=since, step_s=60)


async def test_summing_ends_with_too_many_names_and_says_how_far_it_came(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "MOST_NAMES", 1)
    told = await summed(await filled(build))
    assert told.looked_back_to is not None
