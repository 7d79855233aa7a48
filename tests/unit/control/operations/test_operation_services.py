"""Services are blocked and search engines made safe by operations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from houses import OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import services
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]


async def change(built: BuiltHouse, service: str, *, blocked: bool) -> services.Services:
    given = services.BlockedChange(id=service, blocked=blocked)
    return await perform(services.change, built.house, OPERATOR, given)


def one(found: services.Services, service: str) -> services.Service:
    return next(each for each in found.services if each.id == service)


async def outcome(built: BuiltHouse, name: str) -> str:
    return (await built.house.resolve(name, "A", ""))["outcome"]


async def test_a_service_is_blocked_from_the_next_query_on(build: Build) -> None:
    built = await build()
    built.upstreams.says("www.tiktok.com", "A", "www.tiktok.com. 60 A 192.0.2.80")
    assert await outcome(built, "www.tiktok.com") == "forwarded"
    assert one(await change(built, "tiktok", blocked=True), "tiktok").blocked
    assert await outcome(built, "www.tiktok.com") == "blocked"
    assert not one(await change(built, "tiktok", blocked=False), "tiktok").blocked
    assert await outcome(built, "www.tiktok.com") != "blocked"
    await change(built, "tiktok", blocked=False)
    assert built.revisions == 2


async def test_a_group_stands_for_all_of_its_services(build: Build) -> None:
    built = await build()
    group = one(await perform(services.list_all, built.house, VIEWER, Nothing()), "tiktok").group
    found = await change(built, f"group:{group}", blocked=True)
    tiktok = one(found, "tiktok")
    assert (tiktok.blocked, tiktok.by_group) == (True, True)
    (told,) = [each for each in found.groups if each.name == group]
    assert told.blocked
    assert told.services == sum(each.group == group for each in found.services)


async def test_a_service_that_is_none_or_of_the_file_is_refused(build: Build) -> None:
    built = await build({"filtering": {"services": ["tiktok"]}})
    with pytest.raises(RequestError) as unknown:
        await change(built, "tiktak", blocked=True)
    assert (unknown.value.kind, unknown.value.code) == ("not_found", "service_unknown")
    with pytest.raises(RequestError) as held:
        await change(built, "tiktok", blocked=False)
    assert held.value.code == "held_by_file"
    told = await perform(services.list_all, built.house, VIEWER, Nothing())
    assert one(told, "tiktok").held_by.startswith(f"{built.config}:")
    assert one(told, "facebook").held_by == ""


async def test_what_the_file_holds_of_groups_and_engines_is_told(build: Build) -> None:
    held = {"services": ["group:gaming"], "safe_search": {"google": True}}
    built = await build({"filtering": held})
    told = await perform(services.list_all, built.house, VIEWER, Nothing())
    where = {each.name: each.held_by for each in told.groups}
    assert where["gaming"].startswith(f"{built.config}:")
    assert where["music"] == ""
    engines = (await perform(services.show_safe_search, built.house, VIEWER, Nothing())).engines
    assert {each.id for each in engines if each.held_by} == {"google"}


async def test_search_engines_are_made_safe_level_by_level(build: Build) -> None:
    built = await build()
    given = services.SafeSearchChange(engines={"google": "strict", "youtube": "moderate"})
    told = await perform(services.change_safe_search, built.house, OPERATOR, given)
    levels = {each.id: each.level for each in told.engines}
    assert (levels["google"], levels["youtube"], levels["bing"]) == ("strict", "moderate", "off")
    assert await outcome(built, "www.google.com") in ("rewritten", "failed")
    assert built.settings.settings.filtering.safe_search.google is True
    shown = await perform(services.show_safe_search, built.house, VIEWER, Nothing())
    assert shown == told
    with pytest.raises(RequestError) as refused:
        wrong = services.SafeSearchChange(engines={"bing": "moderate"})
        await perform(services.change_safe_search, built.house, OPERATOR, wrong)
    assert refused.value.kind == "invalid"
