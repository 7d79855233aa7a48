"""What is old goes by partitions; what is counted becomes coarser and is not lost."""

from __future__ import annotations

from pathlib import Path

from sharing_kit import NOW, questions, server_of, shared

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
