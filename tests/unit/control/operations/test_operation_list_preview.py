"""A list is tried on the household's own log before it is used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from houses import ADMIN, VIEWER, BuiltHouse

from sinkhole.control.operations import list_preview
from sinkhole.control.operations.perform import perform
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]


async def preview(
    built: BuiltHouse, source: str, actor: Actor = ADMIN, **options: Any
) -> list_preview.ListPreview:
    given = list_preview.PreviewInput(source=source, **options)
    return await perform(list_preview.preview, built.house, actor, given)


@pytest.fixture
def new(tmp_path: Path) -> str:
    file = tmp_path / "new.txt"
    file.write_text("||ads.example^\n||www.example.org^\nno rule at all\n")
    return f"file:{file}"


async def test_what_it_would_newly_block_is_told_and_nothing_is_left(
    build: Build, new: str
) -> None:
    built = await build(lists=["||ads.example^\n"])
    await built.log("www.example.org", times=3)
    await built.log("ads.example")
    told = await preview(built, new)
    assert (told.names, told.refused, told.suspicion) == (2, 1, "")
    assert told.log is not None
    assert (told.log.names_blocked, told.log.queries_blocked, told.log.queries) == (1, 3, 4)
    assert [each.name for each in told.log.top] == ["www.example.org"]
    assert [each["name"] for each in built.library.status()] == ["List 1"]


async def test_what_is_blocked_as_a_service_is_not_newly_blocked(
    build: Build, tmp_path: Path
) -> None:
    built = await build({"filtering": {"services": ["tiktok"]}})
    file = tmp_path / "tiktok.txt"
    file.write_text("||tiktok.com^\n")
    await built.log("www.tiktok.com")
    told = await preview(built, f"file:{file}")
    assert told.log is not None
    assert told.log.names_blocked == 0


async def test_it_counts_only_for_those_who_would_be_asked_by_it(build: Build, new: str) -> None:
    groups = [{"name": "guests", "lists": []}, {"name": "kids", "allow_only": True}]
    clients = [
        {"name": "Guest", "addresses": ["192.0.2.8"], "group": "guests"},
        {"name": "Tablet", "addresses": ["192.0.2.9"], "group": "kids"},
    ]
    built = await build({"groups": groups, "clients": clients})
    for client, times in (("192.0.2.7", 1), ("192.0.2.8", 2), ("192.0.2.9", 4)):
        await built.log("www.example.org", times=times, client=client)
    log = (await preview(built, new)).log
    assert log is not None
    assert (log.queries, log.queries_blocked, log.queries_freed) == (7, 1, 0)
    log = (await preview(built, new, kind="allow")).log
    assert log is not None
    assert (log.queries_blocked, log.queries_freed) == (0, 4)


async def test_it_is_told_for_whom_and_can_be_tried_for_one_alone(build: Build, new: str) -> None:
    clients = [
        {"name": "TV", "addresses": ["192.0.2.8", "192.0.2.9"]},
        {"name": "Tablet", "addresses": ["192.0.2.7"], "group": "kids"},
    ]
    built = await build({"clients": clients, "groups": [{"name": "kids"}]})
    for client, times in (("192.0.2.7", 1), ("192.0.2.8", 2), ("192.0.2.9", 4), ("192.0.2.5", 1)):
        await built.log("www.example.org", times=times, client=client)
    log = (await preview(built, new)).log
    assert log is not None
    told = {each.client_name or each.client: each.queries_blocked for each in log.clients}
    assert told == {"TV": 6, "Tablet": 1, "192.0.2.5": 1}
    assert log.clients[0].client_name == "TV"
    for whom, blocked in (({"client": "TV"}, 6), ({"group": "kids"}, 1)):
        log = (await preview(built, new, **whom)).log
        assert log is not None
        assert (log.queries, log.queries_blocked) == (blocked, blocked)
    with pytest.raises(RequestError) as refused:
        await preview(built, new, client="TV", group="kids")
    assert refused.value.code == "client_unknown"


async def test_an_allow_list_frees(build: Build, new: str) -> None:
    built = await build(lists=["||ads.example^\n"])
    await built.log("ads.example")
    told = await preview(built, new, kind="allow")
    assert told.log is not None
    assert (told.log.names_freed, told.log.names_blocked) == (1, 0)


async def test_the_log_is_for_those_who_may_read_it(build: Build, new: str) -> None:
    built = await build()
    await built.log("ads.example")
    token = Actor("token", "lists", frozenset({Permission.LISTS_WRITE, Permission.SETTINGS_WRITE}))
    told = await preview(built, new, token)
    assert (told.names, told.log) == (2, None)
    assert told.log_error == "it takes the permission log:read"
    with pytest.raises(RequestError):
        await preview(built, new, VIEWER)


async def test_one_that_can_not_be_had_is_told(build: Build, tmp_path: Path) -> None:
    built = await build()
    with pytest.raises(RequestError) as refused:
        await preview(built, f"file:{tmp_path}/missing.txt")
    assert (refused.value.kind, refused.value.code) == ("unavailable", "list_unavailable")


async def test_one_at_a_time(build: Build, new: str) -> None:
    built = await build()
    other = RequestError("too_many", "x", "x")
    with (
        built.house.underway.one_of(1, list_preview.PREVIEW, other),
        pytest.raises(RequestError) as refused,
    ):
        await preview(built, new)
    assert refused.value.kind == "too_many"
