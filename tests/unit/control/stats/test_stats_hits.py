"""How often each list blocked lately."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole.control.querylog.reader import Reader
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.stats.hits import ListHits
from sinkhole.model.errors import StorageError

NOW = 1_699_963_230.0
HOUR = 3600
THIS_HOUR = int(NOW) // HOUR * HOUR


async def test_hits_are_counted_by_list_for_the_last_day_and_week(tmp_path: Path) -> None:
    database, _ = await open_database(tmp_path / "querylog.db")
    reader = Reader(database.path)
    try:
        for hours_ago, name, count in [
            (0, "Ads", 1), (24, "Ads", 10), (25, "Ads", 100), (168, "Ads", 1000),
            (169, "Ads", 10_000), (30, "Old", 5),
        ]:  # fmt: skip
            start = THIS_HOUR - hours_ago * HOUR
            await database.rows("INSERT INTO by_list VALUES (?, ?, ?)", (start, name, count))
        assert await ListHits(reader, lambda: NOW).by_list() == {
            "Ads": {"day": 11, "week": 1111},
            "Old": {"day": 0, "week": 5},
        }
    finally:
        await reader.close()
        await database.close()


async def test_without_a_database_there_are_none_to_be_had(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        await ListHits(Reader(tmp_path / "none.db")).by_list()
