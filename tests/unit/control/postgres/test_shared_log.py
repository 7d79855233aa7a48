"""A log that several share: sent, away, caught up, each row once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from log_kit import until
from postgres_server import PostgresServer, running
from sharing_kit import NOW, batch, blocked, report, server_of, shared

from sinkhole.control.postgres.shared_log import SharedLog
from sinkhole.control.querylog import Sought, SqliteStore
from sinkhole.control.stats import Statistics

URL = "postgresql://sinkhole@/nothing?host=/nowhere"


@pytest.fixture
def going() -> Iterator[PostgresServer]:
    """A server that may be stopped."""
    yield from running()


async def test_rows_and_counts_of_two_nodes_are_read_together(
    tmp_path: Path, postgres_url: str
) -> None:
    async with (
        shared(tmp_path / "first.db", postgres_url) as first,
        shared(tmp_path / "second.db", postgres_url) as second,
    ):
        for kit in (first, second):
            kit.buffer.append(batch([report(), report("other.example.org"), blocked()], time_s=NOW))
            await kit.written(3)
        for kit in (first, second):
            rows = await kit.all_rows()
            assert len(rows) == 6, "both have the same microseconds"
            assert {row["node"] for row in rows} == {"here"}
            page = await kit.log.history.search(Sought(), limit=1)
            assert len(page["queries"]) == 2, "a page ends behind both"
            summary = await Statistics(kit.log.store.counts).summary()
            assert summary["totals"]["queries"] == 6
            assert {each["count"] for each in summary["top_names"]} == {2}
            assert summary["top_lists"] == [{"name": "Starter", "count": 2}]
        async with server_of(postgres_url) as server:
            assert await server.value("SELECT count(*) FROM name") == 3, "numbered once"


async def test_while_it_is_away_its_own_rows_are_shown_and_sent_later(
    tmp_path: Path, going: PostgresServer
) -> None:
    url = going.new_database()
    async with shared(tmp_path / "querylog.db", url) as kit:
        log = kit.log
        kit.buffer.append(batch([report()] * 5))
        await kit.written(5)
        going.stop()
        kit.buffer.append(batch([report()] * 7))
        await until(lambda: isinstance(log.store, SqliteStore))
        await until(lambda: log.status()["rows"] == 12)
        assert len(await kit.all_rows()) == 12
        assert log.outbox.waiting_rows == 7
        going.start()
        await until(lambda: not isinstance(log.store, SqliteStore), seconds=180)
        assert len(await kit.all_rows()) == 12
        summary = await Statistics(log.store.counts).summary()
        assert summary["totals"]["queries"] == 12
        await until(lambda: log.outbox.waiting_rows == 0)


async def test_what_is_deleted_is_gone_from_all_that_share_it(
    tmp_path: Path, postgres_url: str
) -> None:
    async with (
        shared(tmp_path / "first.db", postgres_url) as first,
        shared(tmp_path / "second.db", postgres_url) as second,
    ):
        for kit in (first, second):
            kit.buffer.append(batch([report(), blocked()], "192.0.2.1"))
            kit.buffer.append(batch([report("other.example.org")], "192.0.2.2"))
            await kit.written(3)
        await first.log.delete_client("192.0.2.1")
        assert {row["client"] for row in await second.all_rows()} == {"192.0.2.2"}
        told = await Statistics(second.log.store.counts).summary()
        assert told["top_names"] == [{"name": "other.example.org", "count": 2}]
        assert [each["client"] for each in told["top_clients"]] == ["192.0.2.2"]
        clients = [each async for each in first.log.store.clients()]
        assert [each.text for each in clients] == ["192.0.2.2"]
        # The other one remembers numbers of what is gone.
        second.buffer.append(batch([report(), blocked()], "192.0.2.1"))
        await second.written(5)
        found = {(row["client"], row["name"]) for row in await first.all_rows()}
        assert ("192.0.2.1", "ads.example.com") in found
        await second.log.delete_clients(c for c in clients)
        await second.log.delete_name("example.com", below=True)
        (row,) = await first.all_rows()
        assert (row["client"], row["name"]) == ("192.0.2.1", "www.example.org")
        await first.log.reset_statistics()
        assert (await Statistics(second.log.store.counts).summary())["totals"]["queries"] == 0
        await first.log.delete_all()
        assert await second.all_rows() == []


async def test_a_server_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    pytest.importorskip("asyncpg")
    async with shared(tmp_path / "querylog.db", "") as kit:
        log = SharedLog(URL, "here", kit.log)
        running = asyncio.ensure_future(log.run())
        await until(lambda: log.problem is not None)
        assert "the database can't be reached" in str(log.problem)
        assert "0 queries wait" in str(log.problem)
        assert log.is_of(URL, "here") and not log.is_of(URL, "there")
        log.stop()
        await running
        kit.log.share(None)
