"""A log of an older version is brought up to date while queries come, and loses nothing by that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from log_kit import a_log, batch, report, until

from sinkhole.control.database import Database
from sinkhole.control.querylog import log_file as log_file_module
from sinkhole.control.querylog.schema import MIGRATIONS, is_outdated, open_database
from sinkhole.control.stats import SqliteCounts, Statistics
from sinkhole.model.errors import StorageError

HOUR = int(time.time()) // 3600 * 3600
ACCOUNTS = [
    (1, 11, 1, 0, 2, "Ads", 7, "||ads.example^", 0, "default", "", "", "", HOUR),
    (2, 12, 1, 0, 4, "own rules", 1, "x", 0, "default", "", "", "", HOUR),
    (3, 13, 28, 0, 1, "", 0, "", 0, "default", "", "192.0.2.53:53", "", HOUR),
]


@pytest.fixture
async def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log as version 4 left it."""
    path = tmp_path / "querylog.db"
    monkeypatch.setattr("sinkhole.control.querylog.schema.MIGRATIONS", MIGRATIONS[:4])
    database, _ = await open_database(path)
    try:
        for account in ACCOUNTS:
            marks = ",".join("?" * len(account))
            await database.rows(f"INSERT INTO account VALUES ({marks})", account)
        await database.rows("INSERT INTO name VALUES (1, 21, 'ads.example', ?)", (HOUR,))
        await database.rows("INSERT INTO client VALUES (1, '192.0.2.7', ?)", (HOUR,))
        for number in range(9):
            row = (HOUR * 1_000_000 + number, 1, 1, number % 3 + 1, 50, 2)
            await database.rows("INSERT INTO query VALUES (?, ?, ?, ?, ?, ?)", row)
        for list_name, count in (("Ads", 3), ("Gone", 5)):
            await database.rows("INSERT INTO by_list VALUES (?, ?, ?)", (HOUR, list_name, count))
        await database.rows("INSERT INTO total VALUES (?, 2, 3), (?, 1, 6)", (HOUR, HOUR))
        await database.rows("INSERT INTO by_client VALUES (?, 1, 9, 3)", (HOUR,))
        await database.rows("INSERT INTO by_name VALUES (?, 1, 9, 3)", (HOUR,))
        await database.rows("INSERT INTO by_type VALUES (?, 1, 6), (?, 28, 3)", (HOUR, HOUR))
        await database.rows("INSERT INTO by_transport VALUES (?, 2, 9)", (HOUR,))
        await database.rows("UPDATE meta SET value = 9 WHERE key = 'rows'")
    finally:
        await database.close()
    monkeypatch.undo()
    return path


async def test_everything_of_an_older_log_is_there_in_its_new_place(old: Path) -> None:
    assert await is_outdated(old)
    async with a_log(old) as kit:
        await until(lambda: kit.log.status()["error"] is None)
        assert not await is_outdated(old)
        rows = await kit.all_rows()
        assert len(rows) == 9 and {row["transport"] for row in rows} == {"tls"}
        assert [row["list"] for row in rows[:3]] == ["", "own rules", "Ads"]
        assert rows[2]["rule"] == "||ads.example^" and rows[2]["answer"] is None
        assert rows[0]["list_id"] == 0 and rows[2]["list_id"] > 0 and rows[2]["node"] == ""
        statistics = Statistics(SqliteCounts(kit.log.reader()))
        hits = await statistics.list_hits()
        assert {name: each["day"] for name, each in hits.items()} == {"Ads": 3, "Gone": 5}
        summary = await statistics.summary()
        assert summary["totals"]["queries"] == 9 and summary["latency_ms"]["mean"] is None
        kit.buffer.append(batch([report()], duration_us=4000))
        await kit.written(10)
        assert (await statistics.summary())["latency_ms"]["mean"] == 4.0


async def test_an_end_at_any_statement_leaves_the_old_version_whole(old: Path) -> None:
    class End(Exception):
        """The program ends."""

    def ending_at(step: int) -> Callable[[Database, int, int], None]:
        def watch(_: Database, done: int, of: int) -> None:
            assert of == sum(map(len, MIGRATIONS[4:]))
            if done == step:
                raise End

        return watch

    for step in range(len(MIGRATIONS[4])):
        with pytest.raises(End):
            await open_database(old, watch=ending_at(step))
        database = await Database.connect(old, read_only=True)
        try:
            assert await database.value("PRAGMA user_version") == 4
            assert await database.value("SELECT count(list) FROM account") == len(ACCOUNTS)
            assert await database.value("SELECT count(text) FROM client") == 1
        finally:
            await database.close()
    database, problem = await open_database(old)
    try:
        assert problem is None
        assert await database.value("SELECT count(*) FROM account WHERE list > 0") == 2
    finally:
        await database.close()


async def test_queries_wait_while_it_is_brought_up_to_date(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = asyncio.Event()

    async def slowly(*args: Any) -> Any:
        await may_go_on.wait()
        return await open_database(*args)

    monkeypatch.setattr(log_file_module, "open_database", slowly)
    async with a_log(old) as kit:
        assert "being brought up to date (0 %)" in (kit.log.status()["error"] or "")
        with pytest.raises(StorageError, match="brought up to date"):
            await kit.log.history.page()
        with pytest.raises(StorageError, match="brought up to date"):
            await kit.log.delete_all()
        kit.buffer.append(batch([report()] * 5))
        assert kit.log.status()["waiting"] == 5
        may_go_on.set()
        await kit.written(14)
        assert kit.log.status()["error"] is None and kit.log.status()["dropped"] == 0
        assert len(await kit.all_rows()) == 14


async def test_statistics_lose_nothing_when_more_comes_than_can_wait(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = asyncio.Event()

    async def slowly(*args: Any) -> Any:
        await may_go_on.wait()
        return await open_database(*args)

    monkeypatch.setattr(log_file_module, "open_database", slowly)
    async with a_log(old) as kit:
        many = kit.buffer.limit // 2 + 1
        kit.buffer.append(batch([report()] * many))
        await until(lambda: kit.counters.queries == many)
        may_go_on.set()
        await until(lambda: kit.log.status()["error"] is None)
        kit.buffer.append(batch([report()]))
        await kit.written(10)
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary()
        assert summary["totals"]["queries"] == 9 + many + 1
        assert kit.log.status()["dropped"] == many
