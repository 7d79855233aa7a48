"""The filter is switched off for a time, until a moment, or until somebody resumes it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest
from houses import OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import protection
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.control.operations.protection import LONGEST_PAUSE_S, PauseInput, seconds_until
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]

NOON = datetime(2030, 1, 31, 12).timestamp()


async def pause(built: BuiltHouse, **given: object) -> protection.ProtectionStatus:
    wanted = PauseInput.model_validate(given)
    return await perform(protection.pause, built.house, OPERATOR, wanted)


async def outcome(built: BuiltHouse) -> str:
    return (await built.house.resolve("ads.example", "A", ""))["outcome"]


async def test_a_pause_lets_names_pass_until_it_is_resumed(build: Build) -> None:
    built = await build({"filtering": {"rules": ["||ads.example^"]}})
    built.upstreams.says("ads.example", "A", "ads.example. 60 A 192.0.2.80")
    assert await outcome(built) == "blocked"
    told = await pause(built)
    assert (told.enabled, told.paused_by, told.left_s, told.ends_at) == (
        False,
        "otto (session)",
        None,
        None,
    )
    assert await outcome(built) == "forwarded"
    shown = await perform(protection.show, built.house, VIEWER, Nothing())
    assert shown == told
    assert (await perform(protection.resume, built.house, OPERATOR, Nothing())).enabled
    assert await outcome(built) == "blocked"


async def test_a_pause_for_a_time_says_what_is_left(build: Build) -> None:
    built = await build()
    before = time.time()
    told = await pause(built, seconds=600)
    assert told.left_s == 600
    assert told.ends_at is not None
    assert before + 600 <= told.ends_at <= time.time() + 600
    built.boot = built.boot._replace(since_boot_s=built.boot.since_boot_s + 60)
    assert (await perform(protection.show, built.house, VIEWER, Nothing())).left_s == 540


async def test_a_pause_until_a_moment(build: Build) -> None:
    built = await build()
    until = datetime.fromtimestamp(time.time() + 3600).astimezone().isoformat()
    told = await pause(built, until=until)
    assert told.left_s is not None
    assert 3590 < told.left_s <= 3600
    with pytest.raises(RequestError) as both:
        await pause(built, seconds=5, until=until)
    assert (both.value.kind, both.value.code) == ("invalid", "moment_invalid")


async def test_viewers_may_look_only(build: Build) -> None:
    built = await build()
    with pytest.raises(RequestError) as refused:
        await perform(protection.pause, built.house, VIEWER, PauseInput())
    assert refused.value.kind == "forbidden"
    assert built.house.protection.is_on


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12:30", 1800),
        (" 9:00 ", 21 * 3600),
        ("12:00", 24 * 3600),
        ("2030-01-31T13:00", 3600),
        ("2030-02-01", 12 * 3600),
    ],
)
def test_times_without_a_zone_are_by_the_clock_of_this_machine(text: str, seconds: float) -> None:
    assert seconds_until(text, NOON) == seconds


def test_a_moment_with_a_zone_is_that_moment() -> None:
    assert seconds_until("2030-01-31T12:00:00+00:00", 1_896_087_600 - 60) == pytest.approx(
        datetime.fromisoformat("2030-01-31T12:00:00+00:00").timestamp() - (1_896_087_600 - 60)
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2030-01-31T11:59", "is past"),
        ("2030-12-31", "more than 30 days away"),
        ("tomorrow", "is no moment"),
        ("25:00", "is no moment"),
        ("", "is no moment"),
    ],
)
def test_other_moments_are_refused(text: str, why: str) -> None:
    with pytest.raises(RequestError, match=why) as refused:
        seconds_until(text, NOON)
    assert refused.value.code == "moment_invalid"


def test_the_longest_pause_is_taken() -> None:
    moment = datetime.fromtimestamp(NOON + LONGEST_PAUSE_S)
    assert seconds_until(moment.isoformat(), NOON) == pytest.approx(LONGEST_PAUSE_S)
