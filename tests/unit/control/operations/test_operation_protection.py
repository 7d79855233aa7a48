"""The filter is switched off for a time, until a moment, or until somebody resumes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from houses import OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import protection
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.control.operations.protection import (
    LONGEST_PAUSE_S,
    PauseInput,
    ScopeInput,
    moment_of,
)
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]

NOON = datetime(2030, 1, 31, 12).timestamp()


async def pause(built: BuiltHouse, **given: object) -> protection.ProtectionStatus:
    wanted = PauseInput.model_validate(given)
    return await perform(protection.pause, built.house, OPERATOR, wanted)


async def resume(built: BuiltHouse, **given: object) -> protection.ProtectionStatus:
    wanted = ScopeInput.model_validate(given)
    return await perform(protection.resume, built.house, OPERATOR, wanted)


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
    assert (await perform(protection.resume, built.house, OPERATOR, ScopeInput())).enabled
    assert await outcome(built) == "blocked"


async def test_a_pause_for_a_time_says_what_is_left(build: Build) -> None:
    built = await build()
    told = await pause(built, seconds=600)
    assert (told.left_s, told.ends_at) == (600, built.boot.wall_s + 600)
    built.boot = built.boot._replace(since_boot_s=built.boot.since_boot_s + 60)
    assert (await perform(protection.show, built.house, VIEWER, Nothing())).left_s == 540


async def test_a_pause_until_a_moment(build: Build) -> None:
    built = await build()
    until = datetime.fromtimestamp(built.boot.wall_s + 3600).astimezone().isoformat()
    told = await pause(built, until=until)
    assert told.left_s is not None
    assert round(told.left_s, 3) == 3600  # by the clock of the house, whatever others show
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
    assert moment_of(text, NOON) - NOON == seconds


def test_a_moment_with_a_zone_is_that_moment() -> None:
    moment_s = datetime.fromisoformat("2030-01-31T12:00:00+00:00").timestamp()
    assert moment_of("2030-01-31T12:00:00+00:00", moment_s - 60) == moment_s


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
        moment_of(text, NOON)
    assert refused.value.code == "moment_invalid"


def test_the_longest_pause_is_taken() -> None:
    moment = datetime.fromtimestamp(NOON + LONGEST_PAUSE_S)
    assert moment_of(moment.isoformat(), NOON) == NOON + LONGEST_PAUSE_S


def test_times_are_by_the_clock_of_the_household() -> None:
    zone = ZoneInfo("Asia/Kathmandu")
    noon = datetime(2030, 1, 31, 12, tzinfo=zone).timestamp()
    assert moment_of("12:30", noon, zone) == noon + 1800
    assert moment_of("fri 12:00", noon, zone) == noon + 24 * 3600  # that was a Thursday


HOUSE = {
    "groups": [{"name": "Kids"}],
    "clients": [
        {"name": "Kids tablet", "addresses": ["192.0.2.7"], "ids": ["tab"], "group": "kids"}
    ],
    "filtering": {
        "lists": [{"name": "Starter", "url": "https://lists.example.org/a", "enabled": False}]
    },
}


async def test_groups_clients_services_and_lists_are_paused_one_by_one(build: Build) -> None:
    built = await build(HOUSE)
    for scope, name in (
        *(("group", "kids"), ("group", "Default"), ("client", "192.0.2.7"), ("client", "TAB")),
        *(("service", "tiktok"), ("service", "group:gambling"), ("list", "starter")),
    ):
        told = await pause(built, scope=scope, name=f" {name} ", seconds=600)
        assert told.enabled and told.left_s is None
    assert [(each.scope, each.name, each.left_s) for each in told.pauses] == [
        ("group", "Kids", 600),
        ("group", "default", 600),
        ("client", "Kids tablet", 600),
        ("service", "tiktok", 600),
        ("service", "group:gambling", 600),
        ("list", "Starter", 600),
    ]
    assert {each.paused_by for each in told.pauses} == {"otto (session)"}
    told = await pause(built)
    assert not told.enabled and told.pauses[-1].scope == "all" and len(told.pauses) == 7
    told = await resume(built, scope="list", name="STARTER")
    told = await resume(built)
    assert told.enabled and len(told.pauses) == 5


async def test_one_whose_group_is_gone_ends_and_is_resumed_all_the_same(build: Build) -> None:
    built = await build(HOUSE)
    await pause(built, scope="group", name="kids")
    built.write_config({})
    await built.house.settings.reload()
    assert built.house.protection.pauses == ()
    await built.house.protection.begin(None, OPERATOR, "group", "kids")  # from when none looked
    assert (await resume(built, scope="group", name="kids")).pauses == []


@pytest.mark.parametrize(
    ("scope", "name", "code", "text"),
    [
        ("all", "kids", "scope_invalid", "all has no name"),
        ("client", " ", "scope_invalid", "which client?"),
        ("group", "kid", "group_unknown", 'there is no group "kid": did you mean "Kids"?'),
        ("client", "nobody", "client_unknown", "it has to be in the settings"),
        ("service", "tiktock", "service_unknown", 'did you mean "tiktok"?'),
        ("list", "Stater", "list_unknown", 'did you mean "Starter"?'),
    ],
)
async def test_what_is_not_there_cannot_be_paused(
    build: Build, scope: str, name: str, code: str, text: str
) -> None:
    built = await build(HOUSE)
    for act in (pause, resume):
        with pytest.raises(RequestError) as refused:
            await act(built, scope=scope, name=name)
        assert refused.value.code == code and text in str(refused.value)
    assert built.house.protection.pauses == ()
