"""What is old goes by partitions; what is counted becomes coarser and is not lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from log_kit import until
from sharing_kit import NOW, batch, blocked, questions, report, server_of, shared

from sinkhole.control.postgres.schema import MIGRATIONS, migrate
from sinkhole.control.postgres.upkeep import tidy
from sinkhole.control.stats import Statistics

DAY_S = 86_400


async def test_old_days_are_dropped_and_minutes_folded(tmp_path: Path, postgres_url: str) -> None:
    async with (
        shared(tmp_path / "querylog.db", postgres_url) as kit,
        server_of(postgres_url) as server,
    ):
        for each in questions():
            kit.buffer.append(each)
        await kit.written(12)
        await tidy(server, NOW, 7 * DAY_S, 365 * DAY_S)
        assert len(await kit.all_rows()) == 11, "that of eight days ago is gone"
        then = "SELECT count(*) FROM total WHERE start % 3600 <> 0 AND start < $1"
        assert await server.value(then, int(NOW) - 2 * DAY_S) == 0
        counts = kit.log.store.counts
        assert (await Statistics(counts).summary("30d"))["totals"]["queries"] == 12
        await tidy(server, NOW + 30 * DAY_S, 7 * DAY_S, 10 * DAY_S)
        assert await kit.all_rows() == []
        assert (await Statistics(counts).summary("30d"))["totals"]["queries"] == 0
        for table in ("name", "client", "account", "answer", "list"):
            assert await server.value(f"SELECT count(*) FROM {table}") == 0, table


async def test_a_database_of_a_newer_sinkhole_is_known(postgres_url: str) -> None:
    async with server_of(postgres_url) as server:
        assert await migrate(server) == len(MIGRATIONS)
        await server.rows("UPDATE meta SET value = 99 WHERE key = 'version'")
        assert await migrate(server) == 99


async def test_of_days_that_are_over_the_leading_names_are_kept(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinkhole.control.postgres.upkeep.LEADING", 1)
    async with (
        shared(tmp_path / "querylog.db", postgres_url) as kit,
        server_of(postgres_url) as server,
    ):
        asked = [report("often.example.org")] * 3 + [report("once.example.org")]
        kit.buffer.append(batch([*asked, blocked(), report()], time_s=NOW - 2 * DAY_S))
        kit.buffer.append(batch(asked, time_s=NOW))
        await kit.written(10)
        await tidy(server, NOW, 7 * DAY_S, 365 * DAY_S)
        kept = (
            "SELECT n.text, b.count FROM by_day AS b JOIN name AS n ON n.id = b.name"
            " WHERE b.start < $1 ORDER BY 1"
        )
        assert await server.rows(kept, int(NOW) // DAY_S * DAY_S - DAY_S) == [
            ("ads.example.com", 1),
            ("often.example.org", 3),
        ]


async def test_what_all_have_erased_is_forgotten(tmp_path: Path, postgres_url: str) -> None:
    async with server_of(postgres_url) as server:
        async with shared(tmp_path / "away.db", postgres_url) as away:
            await until(lambda: away.log.store is not None)
        async with shared(tmp_path / "querylog.db", postgres_url) as kit:
            kit.buffer.append(batch([report()]))
            await kit.written(1)
            await kit.log.delete_name("www.example.org")
            await tidy(server, NOW, 7 * DAY_S, 365 * DAY_S)
            assert await server.value("SELECT value FROM erasure") == "www.example.org"
            await server.rows("UPDATE node SET seen = now() - interval '8 days' WHERE id = 1")
            await tidy(server, NOW, 7 * DAY_S, 365 * DAY_S)
            assert await server.value("SELECT count(*) FROM erasure") == 0
