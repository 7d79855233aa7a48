"""The table of the nodes: rows of processes, what one is asked for, who is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nodes_kit import a_report

from sinkhole.control.postgres.members import Members
from sinkhole.control.postgres.server import Server
from sinkhole.control.postgres.upkeep import opened
from sinkhole.model.nodes import Wish

OLD = "UPDATE member SET seen = now() - interval '1 minute' WHERE process = $1"


@asynccontextmanager
async def a_server(url: str) -> AsyncIterator[Server]:
    server = await opened(url, 1)
    try:
        yield server
    finally:
        await server.close()


async def processes(members: Members) -> list[str]:
    return [each.process for each in await members.all()]


async def test_what_each_says_is_read_by_all(postgres_url: str) -> None:
    async with a_server(postgres_url) as server:
        attic, cellar = Members(server, "attic", "p1"), Members(server, "cellar", "p2")
        await attic.say(a_report(queries=7), 1)
        await cellar.say(a_report(web="javascript:alert(1)"), 2)
        await attic.say(a_report(queries=8), 1)
        first, second = await cellar.all()
        assert (first.name, first.report["queries"]) == ("attic", 8)
        assert (second.name, second.report["web"]) == ("cellar", "")
        assert not first.is_away and first.silent_s < 15


async def test_a_wish_is_heard_once_and_by_who_is_there(postgres_url: str) -> None:
    async with a_server(postgres_url) as server:
        attic, cellar = Members(server, "attic", "p1"), Members(server, "cellar", "p2")
        assert await attic.say(a_report(), 1) is None
        await cellar.say(a_report(), 2)
        assert await cellar.ask("attic", Wish(True, "anna\u202e\n (cellar)")) == 1
        assert [each.wants_drain for each in await cellar.all()] == [True, None]
        assert await attic.say(a_report(), 1) == Wish(True, "anna (cellar)"), "what can be shown"
        assert await attic.say(a_report(), 1) is None
        assert [each.wants_drain for each in await cellar.all()] == [None, None]
        assert await cellar.ask("garage", Wish(True, "anna")) == 0
        await server.rows(OLD, "p1")
        assert await cellar.ask("attic", Wish(True, "anna")) == 0


async def test_one_that_begins_anew_takes_its_row_of_before_away(postgres_url: str) -> None:
    async with a_server(postgres_url) as server:
        before, now = Members(server, "attic", "p1"), Members(server, "attic", "p2")
        await before.say(a_report(), 1)
        await now.say(a_report(), 0)
        assert await processes(now) == ["p1", "p2"], "it is not known yet whose box it is"
        await now.say(a_report(), 1)
        assert await processes(now) == ["p2"]
        await before.say(a_report(), 1)
        await now.say(a_report(), 1)
        assert await processes(now) == ["p1", "p2"], "a copy of the box that goes on"


async def test_another_box_takes_a_name_once_that_is_free(postgres_url: str) -> None:
    async with a_server(postgres_url) as server:
        one, other = Members(server, "attic", "p1"), Members(server, "attic", "p2")
        await one.say(a_report(), 1)
        await other.say(a_report(), 2)
        assert await processes(one) == ["p1", "p2"]
        await server.rows(OLD, "p1")
        await other.say(a_report(), 2)
        assert await processes(other) == ["p2"]


async def test_only_who_is_away_is_forgotten(postgres_url: str) -> None:
    async with a_server(postgres_url) as server:
        attic = Members(server, "attic", "p1")
        await attic.say(a_report(), 1)
        assert await attic.forget("attic") == 0
        await server.rows(OLD, "p1")
        assert (await attic.all())[0].is_away
        assert await attic.forget("attic") == 1
        assert await attic.all() == []
