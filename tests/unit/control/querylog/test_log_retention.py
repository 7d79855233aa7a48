from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from log_kit import DAY_S, batch, blocked, fill, report

from sinkhole.control.database import Database
from sinkhole.control.querylog import retention as retention_module
from sinkhole.control.querylog.retention import Retention, wal_size
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.stats import Rollups
from sinkhole.model.clock import Spell

NOW = 1_700_000_000.0
HOUR = 3600


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database, _ = await open_database(tmp_path / "querylog.db")
    yield database
    await database.close()


async def hours_of_rows(database: Database, hours: int, each: int, names: int = 50) -> None:
    """Fill the hours before NOW; each has names of its own besides those of all."""
    for hour in range(hours):
        own = [report(f"h{hour}-{number}.example.org") for number in range(names)]
        reports = [*own, blocked(), *([report()] * (each - names - 1))]
        await fill(database, [batch(reports, time_s=NOW - (hours - hour) * HOUR + 10)])


async def run(database: Database, now_s: float = NOW, **settings: float) -> int:
    """Take all steps there are to take; how many there were."""
    wanted = {"keep_s": 90 * DAY_S, "max_size_bytes": 1 << 30, **settings}
    retention = Retention(
        Rollups(365 * DAY_S), float(wanted["keep_s"]), int(wanted["max_size_bytes"])
    )
    steps = 1
    while await retention.step(database, now_s):
        steps += 1
        assert steps < 10_000
    return steps


async def count(database: Database, table: str, where: str = "true") -> int:
    return int(await database.value(f"SELECT count(*) FROM {table} WHERE {where}"))


async def test_rows_go_when_they_are_too_old_in_small_steps(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "ROWS_A_STEP", 40)
    await hours_of_rows(database, hours=10, each=100)
    steps = await run(database, keep_s=5 * HOUR)
    left = await count(database, "query")
    assert left == 500 and steps > 12
    assert await database.value("SELECT value FROM meta WHERE key = 'rows'") == left
    oldest = await database.value("SELECT min(id) FROM query")
    assert oldest >= (NOW - 5 * HOUR) * 1e6


async def test_statistics_outlive_the_rows(database: Database) -> None:
    await hours_of_rows(database, hours=10, each=100)
    await run(database, keep_s=5 * HOUR)
    assert await database.value("SELECT sum(count) FROM total") == 1000


async def test_a_file_too_big_loses_its_oldest_hours_and_shrinks(database: Database) -> None:
    await hours_of_rows(database, hours=60, each=1000)
    await database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    before = database.path.stat().st_size
    limit = before // 2
    await run(database, max_size_bytes=limit)
    await database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    after = database.path.stat().st_size + wal_size(database.path)
    assert after <= limit
    rows = await count(database, "query")
    assert 5_000 < rows < 40_000
    oldest = await database.value("SELECT min(id) FROM query")
    newest = await database.value("SELECT max(id) FROM query")
    assert newest > (NOW - HOUR) * 1e6 and oldest > (NOW - 40 * HOUR) * 1e6
    assert await database.value("PRAGMA integrity_check") == "ok"


async def pressed(database: Database, now_s: float, wall_s: float, known_s: float) -> None:
    """All steps of a log that may take half of what it takes."""
    await database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    limit = database.path.stat().st_size // 2
    retention = Retention(Rollups(365 * DAY_S), 90 * DAY_S, limit)
    steps = 0
    while await retention.step(database, now_s, wall_s=wall_s, known_s=known_s):
        steps += 1
        assert steps < 10_000


async def test_by_size_what_a_clock_left_that_was_ahead_goes_before_what_is_asked_now(
    database: Database,
) -> None:
    await hours_of_rows(database, hours=40, each=1000)
    right = NOW - 365 * DAY_S
    await fill(database, [batch([report()] * 3000, time_s=right)])
    await pressed(database, right, right + 5, right)
    assert await count(database, "query", f"id < {int(right + HOUR) * 1_000_000}") == 3000
    later = await count(database, "query") - 3000
    assert 5_000 < later < 30_000


async def test_the_names_of_hours_yet_to_come_go_with_their_rows(database: Database) -> None:
    await hours_of_rows(database, hours=20, each=3000, names=200)
    right = NOW - 365 * DAY_S
    await fill(database, [batch([report()] * 10_000, time_s=right)])
    await pressed(database, right, right + 5, right)
    assert await count(database, "query", f"id < {int(right + HOUR) * 1_000_000}") == 10_000
    rows = await count(database, "(SELECT DISTINCT id / 3600000000 FROM query)")
    names = await count(database, "(SELECT DISTINCT start FROM by_name)")
    assert rows < 15 and rows <= names <= rows + 1, "of the last hour only the rows had to go"


async def test_by_size_a_clock_that_is_behind_costs_no_row_of_the_time_that_was_trusted(
    database: Database,
) -> None:
    await hours_of_rows(database, hours=40, each=1000)
    behind = 1_262_304_000.0
    await fill(database, [batch([report()] * 30_000, time_s=behind)])
    await pressed(database, behind, behind + 5, NOW)
    assert await count(database, "query", f"id > {int(behind + DAY_S) * 1_000_000}") > 20_000
    assert await count(database, "query", f"id < {int(behind + DAY_S) * 1_000_000}") == 0


async def test_every_row_left_is_found_through_the_roll_ups(database: Database) -> None:
    await hours_of_rows(database, hours=60, each=1000)
    await run(database, max_size_bytes=database.path.stat().st_size // 2)
    orphans = (
        "SELECT count(*) FROM query AS q WHERE NOT EXISTS"
        " (SELECT 1 FROM by_name WHERE start = q.id / 3600000000 * 3600 AND name = q.name)"
        " OR NOT EXISTS (SELECT 1 FROM name WHERE id = q.name)"
        " OR NOT EXISTS (SELECT 1 FROM client WHERE id = q.client)"
        " OR NOT EXISTS (SELECT 1 FROM account WHERE id = q.account)"
    )
    assert await count(database, "query") > 0
    assert await database.value(orphans) == 0


async def test_values_nothing_refers_to_are_removed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "VALUES_A_STEP", 30)
    monkeypatch.setattr("sinkhole.control.stats.rollups.LEADING", 3)
    await hours_of_rows(database, hours=10, each=100)
    later = NOW + 30 * DAY_S
    await fill(database, [batch([report("today.example.org")], time_s=later)])
    await run(database, now_s=later, keep_s=DAY_S)
    assert await count(database, "query") == 1
    assert await count(database, "account") == 1
    # The leading names of each hour live on in the statistics by day.
    kept = await count(database, "by_day")
    assert 0 < await count(database, "name") <= kept + 1
    missing = "SELECT count(*) FROM by_day WHERE name NOT IN (SELECT id FROM name)"
    assert await database.value(missing) == 0
    assert await count(database, "client", "text = '192.0.2.1'") == 1


async def test_a_flood_of_names_does_not_outgrow_the_limit(database: Database) -> None:
    for hour in range(5):
        names = [report(f"{hour}-{number:0>40}.example.org") for number in range(4000)]
        await fill(database, [batch(names, time_s=NOW - (5 - hour) * HOUR + 5)])
    limit = 1_200_000
    await run(database, max_size_bytes=limit)
    await database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    assert database.path.stat().st_size <= limit
    assert await count(database, "query") > 0


async def test_nothing_goes_by_age_while_no_time_is_trusted(database: Database) -> None:
    await hours_of_rows(database, hours=10, each=100)
    retention = Retention(Rollups(365 * DAY_S), HOUR, 1 << 30)
    while await retention.step(database, 0.0, wall_s=NOW + 1000 * DAY_S):
        continue
    assert await count(database, "query") == 1000


async def test_rows_of_a_clock_that_was_behind_stay_as_long_as_others(database: Database) -> None:
    await hours_of_rows(database, hours=10, each=100)
    spell = Spell(NOW - 20 * HOUR, NOW - 5 * HOUR, gap_s=4 * HOUR)
    retention = Retention(Rollups(365 * DAY_S), 5 * HOUR, 1 << 30)
    while await retention.step(database, NOW, spells=[spell]):
        continue
    assert await count(database, "query") == 900
    while await retention.step(database, NOW + 4 * HOUR, spells=[spell]):
        continue
    assert await count(database, "query") == 100


async def test_what_is_young_and_small_stays(database: Database) -> None:
    await fill(database, [batch([report()], time_s=NOW - 5)])
    assert await run(database) < 10
    assert await count(database, "query") == 1


async def test_a_wal_larger_than_its_share_is_folded_into_the_file(database: Database) -> None:
    retention = Retention(Rollups(365 * DAY_S), 90 * DAY_S, 3 << 20)
    assert retention.wal_bytes == (3 << 20) // 8
    await hours_of_rows(database, hours=20, each=1000)
    assert wal_size(database.path) > retention.wal_bytes
    while await retention.step(database, NOW):
        assert wal_size(database.path) <= 3 << 20
    assert wal_size(database.path) <= retention.wal_bytes


async def leading_names(database: Database, days: int, each: int) -> None:
    """Statistics of many days, each with names of its own."""
    for day in range(days):
        start = (int(NOW) // 86_400 - day) * 86_400
        ids = range(day * each + 1000, (day + 1) * each + 1000)
        names = [value for i in ids for value in (i, i, f"n{i}.example.org", start)]
        await database.insert("INSERT INTO name (id, digest, text, seen)", 4, names)
        counts = [value for i in ids for value in (start, i, 7, 1)]
        await database.insert("INSERT INTO by_day (start, name, count, blocked)", 4, counts)


async def test_statistics_that_leave_no_room_for_rows_are_a_problem_that_says_what_to_do(
    database: Database,
) -> None:
    await leading_names(database, days=60, each=500)
    await hours_of_rows(database, hours=3, each=1000)
    limit = 2 << 20
    retention = Retention(Rollups(365 * DAY_S), 90 * DAY_S, limit)
    while await retention.step(database, NOW):
        pass
    assert await count(database, "by_day") >= 30_000
    problem = retention.problem or ""
    assert "query_log.max_size (2.0 MiB)" in problem and "stats.keep" in problem
    enough = Retention(Rollups(365 * DAY_S), 90 * DAY_S, 20 << 20)
    while await enough.step(database, NOW):
        pass
    assert enough.problem is None


async def test_a_full_log_whose_rows_take_most_of_it_is_no_problem(database: Database) -> None:
    await hours_of_rows(database, hours=60, each=3000)
    limit = 3 << 20
    retention = Retention(Rollups(365 * DAY_S), 90 * DAY_S, limit)
    while await retention.step(database, NOW):
        pass
    assert 10_000 < await count(database, "query") < 60 * 3000
    assert retention.problem is None
