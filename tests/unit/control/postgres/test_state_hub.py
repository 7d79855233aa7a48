"""The state that several share, in a real PostgreSQL: numbered, told, forgotten."""

from __future__ import annotations

import asyncio
import contextlib
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
from sinkhole.model.errors import StorageError

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
