from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from log_kit import until

from sinkhole.control.database import Reader
from sinkhole.control.querylog import searchers as searchers_module
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.querylog.search import Search
from sinkhole.control.querylog.searchers import Searchers
from sinkhole.control.querylog.store import OutOfTime, Patience
from sinkhole.model.errors import RequestError

ENDLESS = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"


@pytest.fixture
async def readers(tmp_path: Path) -> AsyncIterator[list[Reader]]:
    database, _ = await open_database(tmp_path / "querylog.db")
    readers = [Reader(database.path) for _ in range(2)]
    yield readers
    for reader in readers:
        await reader.close()
    await database.close()


async def endless(searchers: Searchers, began: list[Reader]) -> None:
    async with searchers.borrow("endless") as reader:
        await reader.rows("SELECT 1")
        began.append(reader)
        await reader.rows(ENDLESS)


async def test_a_search_that_is_cancelled_interrupts_its_statement(readers: list[Reader]) -> None:
    """The statement would never end by itself; the reader is as good as new."""
    searchers = Searchers(readers[:1])
    began: list[Reader] = []
    task = asyncio.ensure_future(endless(searchers, began))
    await until(lambda: bool(began))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with searchers.borrow("other") as reader:
        assert await reader.rows("SELECT 2") == [(2,)]


async def test_a_statement_that_takes_too_long_is_interrupted(readers: list[Reader]) -> None:
    now = asyncio.get_running_loop().time()
    search = Search(readers[0], Patience(lambda: False, now + 0.05))
    with pytest.raises(OutOfTime):
        await search.rows(ENDLESS)
    assert await readers[0].rows("SELECT 2") == [(2,)]


async def test_others_are_not_held_up_by_a_search(readers: list[Reader]) -> None:
    searchers = Searchers(readers)
    began: list[Reader] = []
    task = asyncio.ensure_future(endless(searchers, began))
    await until(lambda: bool(began))
    async with searchers.borrow("other") as reader:
        assert reader is not began[0]
        assert await reader.rows("SELECT 2") == [(2,)]
    task.cancel()
    await asyncio.wait([task])


async def test_the_next_page_is_read_by_the_same_reader(readers: list[Reader]) -> None:
    searchers = Searchers(readers)
    async with searchers.borrow("one") as first, searchers.borrow("two") as second:
        assert second is not first
    async with searchers.borrow("one") as reader:
        assert reader is first
    async with searchers.borrow("two") as reader:
        assert reader is second


async def test_so_many_wait_and_no_more(
    readers: list[Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searchers_module, "MOST_WAITING", 1)
    searchers = Searchers(readers[:1])
    done: list[str] = []

    async def waits() -> None:
        async with searchers.borrow("waits"):
            done.append("waits")

    async with searchers.borrow("first"):
        task = asyncio.ensure_future(waits())
        await asyncio.sleep(0)
        with pytest.raises(RequestError, match="waiting already") as refused:
            async with searchers.borrow("third"):
                done.append("third")
        assert refused.value.kind == "too_many" and refused.value.code == "searches_busy"
    await task
    assert done == ["waits"]
