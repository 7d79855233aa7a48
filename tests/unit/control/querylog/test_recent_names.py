"""What was asked lately, for trying out a list."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from log_kit import DAY_S, batch, blocked, fill, report

from sinkhole.control.database import Reader
from sinkhole.control.querylog import SqliteStore, recent_names
from sinkhole.control.querylog.recent_names import MOST_CLIENTS, RecentNames
from sinkhole.control.querylog.schema import open_database
from sinkhole.model.errors import StorageError

NOW = time.time()
WEEK_S = 7 * DAY_S


async def recent(path: Path) -> tuple[dict[str, int], dict[str, list[tuple[str, int]]]]:
    """How often each name was asked for, and the clients of all of them."""
    reader = Reader(path)
    names = RecentNames(SqliteStore(reader), WEEK_S, lambda: NOW)
    counts: dict[str, int] = {}
    numbers: dict[int, str] = {}
    async for page in names.pages():
        assert len(page) <= recent_names.PAGE
        for number, name, queries in page:
            counts[name] = counts.get(name, 0) + queries
            numbers[number] = name
    clients = await names.clients(list(numbers))
    await reader.close()
    told = {
        numbers[number]: [(each.text, count) for each, count in found]
        for number, found in clients.items()
    }
    return counts, told


@pytest.mark.parametrize("page", [20_000, 1], ids=["at-once", "page-by-page"])
async def test_names_of_the_week_come_with_their_queries_and_clients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(recent_names, "PAGE", page)
    database, _ = await open_database(tmp_path / "querylog.db")
    await fill(
        database,
        [
            batch([report("old.example.org")], time_s=NOW - WEEK_S - 7200),
            batch([report("www.example.org"), blocked("ads.example.com")], time_s=NOW - DAY_S),
            batch([report("www.example.org")] * 2, "192.0.2.2", time_s=NOW - 7200),
            batch([report("www.example.org")], "192.0.2.1", time_s=NOW),
        ],
    )
    await database.close()
    counts, clients = await recent(tmp_path / "querylog.db")
    assert counts == {"www.example.org": 4, "ads.example.com": 1}
    assert clients["www.example.org"] == [("192.0.2.1", 2), ("192.0.2.2", 2)]
    assert clients["ads.example.com"] == [("192.0.2.1", 1)]


async def test_only_the_busiest_clients_are_told(tmp_path: Path) -> None:
    database, _ = await open_database(tmp_path / "querylog.db")
    names = [batch([report()] * (n + 1), f"192.0.2.{n}", NOW - 60) for n in range(9)]
    await fill(database, names)
    await database.close()
    _, clients = await recent(tmp_path / "querylog.db")
    (found,) = clients.values()
    assert found[0] == ("192.0.2.8", 9)
    assert len(found) == MOST_CLIENTS


async def test_without_a_log_there_is_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        await recent(tmp_path / "none.db")
