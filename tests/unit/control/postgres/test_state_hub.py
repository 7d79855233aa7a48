"""The state that several share, in a real PostgreSQL: numbered, told, forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from postgres_server import PostgresServer
from sharing_kit import server_of

from sinkhole.control.postgres.schema import MIGRATIONS
from sinkhole.control.postgres.state_hub import TOLD_S, PostgresHub
from sinkhole.control.replication.hub import Entry, HubAwayError, Pulled, Pushed
from sinkhole.control.state.file import BehindError
from sinkhole.control.state.schema import packed, stamp_of
from sinkhole.model.errors import StorageError
from sinkhole.model.stamp import present

KIDS = Entry("setting", '["groups","kids"]', "{}")
GUESTS = Entry("account", "[1]", '{"a":"\\u0000"}')
LIMIT_S = 60.0


@pytest_asyncio.fixture
async def hubs(postgres_url: str) -> AsyncIterator[tuple[PostgresHub, PostgresHub]]:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(PostgresHub.open(postgres_url))
        yield one, await stack.enter_async_context(PostgresHub.open(postgres_url))


async def test_all_get_what_one_has_told_in_its_order(
    hubs: tuple[PostgresHub, PostgresHub],
) -> None:
    one, other = hubs
    assert one.identity == other.identity != ""
    assert await other.pull(0) == Pulled(0, [], is_whole=True)
    first = await one.push(0, [GUESTS, KIDS])
    assert first.before == 0 < first.revision
    assert await other.pull(0) == Pulled(first.revision, [GUESTS, KIDS], is_whole=True)
    second = await other.push(first.revision, [KIDS._replace(value=None)])
    assert second == Pushed(second.revision, first.revision)
    gone = Pulled(second.revision, [KIDS._replace(value=None)])
    assert await one.pull(first.revision) == gone
    assert await one.pull(second.revision) == Pulled(second.revision, [])
    assert await one.pull(0) == Pulled(second.revision, [GUESTS], is_whole=True)


async def test_who_is_behind_changes_nothing_unless_it_does_not_matter(
    hubs: tuple[PostgresHub, PostgresHub],
) -> None:
    one, other = hubs
    first = await one.push(0, [KIDS])
    with pytest.raises(BehindError, match="quicker"):
        await other.push(0, [GUESTS])
    assert (await one.pull(0)).entries == [KIDS]
    loose = await other.push(None, [GUESTS])
    assert loose.before == first.revision < loose.revision


async def test_of_many_at_once_one_is_the_quicker(hubs: tuple[PostgresHub, PostgresHub]) -> None:
    tries = [hub.push(0, [KIDS._replace(value=f'"{at}"')]) for at, hub in enumerate(hubs * 4)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    (winner,) = [each for each in done if isinstance(each, Pushed)]
    assert sum(isinstance(each, BehindError) for each in done) == 7
    assert (await hubs[0].pull(0)).revision == winner.revision


async def test_who_waits_is_told_at_once(hubs: tuple[PostgresHub, PostgresHub]) -> None:
    one, other = hubs
    async with asyncio.timeout(LIMIT_S):
        for _ in range(3):
            last = (await other.pull(0)).revision
            waiting = asyncio.ensure_future(other.wait(last))
            await one.push(None, [KIDS])
            await waiting
        await other.wait(0)  # there is another one already


async def test_what_is_gone_for_long_is_forgotten_and_who_was_away_reads_all(
    hubs: tuple[PostgresHub, PostgresHub], postgres_url: str
) -> None:
    one, other = hubs
    first = await one.push(0, [KIDS, GUESTS])
    second = await one.push(first.revision, [KIDS._replace(value=None)])
    async with server_of(postgres_url) as server:
        sql = "UPDATE state SET changed = changed - make_interval(secs => $1)"
        await server.rows(sql, float(TOLD_S + 1))
        await one.wait(0)
        assert await server.value("SELECT count(*) FROM state") == 1
    assert await other.pull(first.revision) == Pulled(second.revision, [GUESTS], is_whole=True)
    assert not (await other.pull(second.revision)).is_whole


async def test_a_hub_that_is_away_says_so(
    hubs: tuple[PostgresHub, PostgresHub], postgres: PostgresServer, postgres_url: str
) -> None:
    one, _ = hubs
    waiting = asyncio.ensure_future(one.wait(0))
    postgres.stop()
    try:
        with contextlib.suppress(HubAwayError):  # or it is only told that there may be something
            async with asyncio.timeout(LIMIT_S):
                await waiting
        with pytest.raises(HubAwayError):
            await one.pull(0)
        with pytest.raises(HubAwayError):
            await one.push(0, [KIDS])
        with pytest.raises(HubAwayError):
            async with PostgresHub.open(postgres_url):
                pass
    finally:
        postgres.start()


async def test_tables_of_a_later_sinkhole_are_left_alone(postgres_url: str) -> None:
    async with PostgresHub.open(postgres_url), server_of(postgres_url) as server:
        later = len(MIGRATIONS) + 1
        await server.rows("UPDATE meta SET value = $1 WHERE key = 'version'", later)
    with pytest.raises(StorageError, match=f"version {later}"):
        async with PostgresHub.open(postgres_url):
            pass


async def test_who_knows_what_the_database_has_lost_hears_up_to_where_it_knows_all(
    hubs: tuple[PostgresHub, PostgresHub], postgres_url: str
) -> None:
    one, other = hubs
    first = await one.push(0, [KIDS])
    lost = await one.push(first.revision, [GUESTS])
    async with server_of(postgres_url) as server:  # as restored from a copy made in between
        await server.rows("DELETE FROM state WHERE revision = $1", lost.revision)
        await server.rows("DELETE FROM state_revision WHERE revision = $1", lost.revision)
        sql = "UPDATE meta SET value = $1 WHERE key = 'state_revision'"
        await server.rows(sql, first.revision)
    later = await other.push(first.revision, [KIDS._replace(value="{}")])
    assert later.revision > lost.revision
    assert await one.pull(lost.revision) == Pulled(first.revision, [])
    await one.wait(lost.revision)  # not for long: there is something to know


async def test_revisions_are_forgotten_in_time_and_who_knows_such_a_one_reads_all(
    hubs: tuple[PostgresHub, PostgresHub], postgres_url: str
) -> None:
    one, other = hubs
    async with server_of(postgres_url) as server:
        await server.rows("INSERT INTO state_revision VALUES (5)")
        last = await one.push(0, [KIDS])
        await one.wait(0)
        assert await server.rows("SELECT revision FROM state_revision") == [(last.revision,)]
    assert await other.pull(5) == Pulled(last.revision, [KIDS], is_whole=True)
    assert await other.pull(last.revision) == Pulled(last.revision, [])


async def test_who_hears_nothing_any_more_is_told_so(
    hubs: tuple[PostgresHub, PostgresHub], postgres_url: str
) -> None:
    one, _ = hubs
    async with server_of(postgres_url) as server:
        await server.rows(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
    with pytest.raises(HubAwayError, match="reached"):
        for _ in range(2):  # the first may be told that it is lost while it waits
            await one.wait(0)


async def test_a_database_that_refuses_is_as_one_that_is_away(
    hubs: tuple[PostgresHub, PostgresHub], postgres_url: str
) -> None:
    one, _ = hubs
    async with server_of(postgres_url) as server:
        await server.rows("ALTER TABLE state ADD CHECK (revision < 0) NOT VALID")
    with pytest.raises(HubAwayError, match="refuses"):
        await one.push(0, [KIDS])


async def test_clocks_that_differ_tell_the_same_moment(postgres_url: str) -> None:
    def fast() -> float:
        return time.time() + 3600

    began = present()
    value = {"began": packed(began._replace(wall_s=fast())), "seconds": 600.0, "by": "anna"}
    pause = Entry("pause", '["all",""]', packed(value))
    async with PostgresHub.open(postgres_url, fast) as ahead, PostgresHub.open(postgres_url) as one:
        await ahead.push(0, [pause])
        for hub, expected in ((one, began.wall_s), (ahead, fast())):
            (found,) = (await hub.pull(0)).entries
            seen = stamp_of(json.loads(found.value or "")["began"])
            assert abs(seen.wall_s - expected) < 60 and seen.boot == began.boot


async def test_a_database_that_is_silent_keeps_nobody_for_long(
    hubs: tuple[PostgresHub, PostgresHub], postgres_url: str
) -> None:
    one, _ = hubs
    await one.push(0, [KIDS])
    async with server_of(postgres_url) as server:
        sql = (
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid != pg_backend_pid()"
        )
        pids = [pid for (pid,) in await server.rows(sql)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(LIMIT_S):
                with pytest.raises(HubAwayError, match="does not answer"):
                    await one.push(None, [GUESTS])
                with pytest.raises(HubAwayError, match="does not answer"):
                    await one.pull(0)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
