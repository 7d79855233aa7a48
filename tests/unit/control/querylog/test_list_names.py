"""Lists keep their history when they are called something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from log_kit import a_log, batch, blocked, until

from sinkhole.control.querylog import list_names as list_names_module
from sinkhole.control.querylog.list_names import ListNames
from sinkhole.control.stats import SqliteCounts, Statistics


async def test_a_list_renamed_keeps_rows_and_counts(tmp_path: Path) -> None:
    sources = {"Ads": "ads-1", "Malware": "malware-2"}
    async with a_log(tmp_path / "querylog.db", list_sources=lambda: sources) as kit:
        kit.buffer.append(batch([blocked(list_name="Ads")] * 3 + [blocked(list_name="Malware")]))
        kit.buffer.append(batch([blocked(list_name="own rules")]))
        await kit.written(5)
        sources = {"Advertising": "ads-1", "Malware": "malware-2"}
        kit.log.lists_changed()
        # Records of before the rename may still be on their way.
        kit.buffer.append(batch([blocked(list_name="Ads"), blocked(list_name="Advertising")]))
        await kit.written(7)
        statistics = Statistics(SqliteCounts(kit.log.reader()))
        hits = await statistics.list_hits()
        assert {name: each["day"] for name, each in hits.items()} == {
            "Advertising": 5, "Malware": 1, "own rules": 1,
        }  # fmt: skip
        rows = await kit.all_rows()
        assert len({row["list_id"] for row in rows if row["list"] == "Advertising"}) == 1
        assert sum(row["list"] == "Advertising" for row in rows) == 5


async def test_a_name_that_goes_over_to_another_list_takes_no_history_along(
    tmp_path: Path,
) -> None:
    sources = {"Ads": "ads-1"}
    async with a_log(tmp_path / "querylog.db", list_sources=lambda: sources) as kit:
        kit.buffer.append(batch([blocked(list_name="Ads")]))
        await kit.written(1)
        sources = {"Ads": "another-2", "Old ads": "ads-1"}
        kit.log.lists_changed()
        await until(lambda: not kit.log._writer._lists.is_stale)
        kit.buffer.append(batch([blocked(list_name="Ads")] * 4))
        await kit.written(5)
        hits = await Statistics(SqliteCounts(kit.log.reader())).list_hits()
        assert {name: each["day"] for name, each in hits.items()} == {"Ads": 4, "Old ads": 1}


async def test_what_was_only_a_name_becomes_the_subscription_that_has_it(tmp_path: Path) -> None:
    path = tmp_path / "querylog.db"
    async with a_log(path) as kit:
        kit.buffer.append(batch([blocked(list_name="Ads")] * 2))
        await kit.written(2)
    async with a_log(path, list_sources=lambda: {"Ads": "ads-1"}) as kit:
        kit.buffer.append(batch([blocked(list_name="Ads")]))
        await kit.written(3)
        await until(lambda: not kit.log._writer._lists.is_stale)
        database: Any = kit.log._writer.file.database
        assert await database.rows("SELECT source, name FROM list") == [("ads-1", "Ads")]
        hits = await Statistics(SqliteCounts(kit.log.reader())).list_hits()
        assert hits["Ads"]["day"] == 3


def test_names_of_the_past_are_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(list_names_module, "MOST_PAST", 2)
    names = ListNames(lambda: {"Ads": "ads-1"})
    assert names.source_of("Ads") == "ads-1" and names.source_of("own rules") == "=own rules"
