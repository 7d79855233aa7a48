from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sinkhole.control.database import Database
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.stats import rollups as rollups_module
from sinkhole.control.stats.histogram import bucket_of
from sinkhole.control.stats.minute_counts import AnswerKey, MinuteCounts
from sinkhole.control.stats.rollups import Rollups
from sinkhole.model.verdict import Outcome

DAY = 86_400
HOUR = 3600
MIDNIGHT = 1_699_920_000  # 2023-11-14 00:00 UTC
NOW = MIDNIGHT + 12 * HOUR


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database, _ = await open_database(tmp_path / "querylog.db")
    yield database
    await database.close()


def a_minute(start_s: int, names: dict[int, list[int]] | None = None) -> MinuteCounts:
    """Ten queries within a minute, four of them blocked."""
    return MinuteCounts(
        start_s,
        answers=Counter(
            {
                AnswerKey(Outcome.CACHED, 1, 0, ""): 5,
                AnswerKey(Outcome.FORWARDED, 28, 0, ""): 1,
                AnswerKey(Outcome.BLOCKED, 1, 0, "Starter"): 3,
                AnswerKey(Outcome.BLOCKED_ANSWER, 65, 0, "Other"): 1,
            }
        ),
        durations=Counter({50: 6, 51: 3, 20_000: 1}),
        names={1: [6, 0], 2: [4, 4]} if names is None else names,
        clients={7: [10, 4]},
        upstreams={"192.0.2.53:53": [1, 20_000]},
        transports=Counter({0: 7, 2: 3}),
    )


async def write(database: Database, rollups: Rollups, *minutes: MinuteCounts) -> None:
    async with database.transaction():
        await rollups.write(database, minutes, {"Starter": 1, "Other": 2})


async def tidy(
    database: Database, rollups: Rollups, oldest_row_s: float, *, pressed: bool = False
) -> int:
    """Take all the steps there are; how many there were."""
    steps = 0
    async with database.transaction():
        while await rollups.tidy(database, NOW, oldest_row_s, pressed=pressed):
            steps += 1
            assert steps < 10_000
    return steps


async def test_a_minute_is_added_to_every_table(database: Database) -> None:
    rollups = Rollups(365 * DAY)
    minute, hour = NOW - HOUR + 120, NOW - HOUR
    await write(database, rollups, a_minute(minute), a_minute(minute + 60))
    await write(database, rollups, a_minute(minute))
    total = await database.rows("SELECT start, outcome, count FROM total ORDER BY 1, 2")
    assert total == [
        *[(minute, o, 2 * n) for o, n in ((0, 1), (1, 5), (2, 3), (3, 1))],
        *[(minute + 60, o, n) for o, n in ((0, 1), (1, 5), (2, 3), (3, 1))],
    ]
    buckets = await database.rows("SELECT bucket, sum(count) FROM latency GROUP BY 1 ORDER BY 1")
    assert bucket_of(50) == bucket_of(51)
    assert buckets == [(bucket_of(50), 27), (bucket_of(20_000), 3)]
    assert await database.rows("SELECT start, name, count, blocked FROM by_name") == [
        (hour, 1, 18, 0),
        (hour, 2, 12, 12),
    ]
    assert await database.rows("SELECT start, client, count FROM by_client") == [(hour, 7, 30)]
    assert await database.rows("SELECT * FROM by_type") == [
        (hour, 1, 24),
        (hour, 28, 3),
        (hour, 65, 3),
    ]
    assert await database.rows("SELECT * FROM by_list") == [
        (hour, 1, 9),
        (hour, 2, 3),
    ]
    assert await database.rows("SELECT * FROM by_upstream") == [(hour, "192.0.2.53:53", 3, 60_000)]
    assert await database.rows("SELECT * FROM by_transport") == [(hour, 0, 21), (hour, 2, 9)]


async def test_minutes_are_folded_into_hours_after_two_days(database: Database) -> None:
    rollups = Rollups(365 * DAY)
    old, young = MIDNIGHT - 3 * DAY, NOW - DAY
    minutes = [old + 60 * m for m in (0, 1, 59, 60)] + [young + 60, young + 120]
    await write(database, rollups, *(a_minute(minute) for minute in minutes))
    await tidy(database, rollups, oldest_row_s=NOW)
    for table in ("total", "latency"):
        starts = await database.rows(f"SELECT DISTINCT start FROM {table} ORDER BY 1")
        assert starts == [(old,), (old + HOUR,), (young + 60,), (young + 120,)]
        assert await database.value(f"SELECT sum(count) FROM {table}") == 60
    cached = "SELECT count FROM total WHERE outcome = 1 AND start = ?"
    assert await database.value(cached, (old,)) == 15
    assert await tidy(database, rollups, oldest_row_s=NOW) == 0


async def test_the_leading_names_of_each_hour_are_summed_by_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups_module, "LEADING", 2)
    rollups = Rollups(365 * DAY)
    names = {1: [50, 0], 2: [40, 0], 3: [30, 0], 4: [2, 2], 5: [1, 1]}
    for hour in (MIDNIGHT, MIDNIGHT + HOUR):
        await write(database, rollups, a_minute(hour, names))
    await write(database, rollups, a_minute(NOW, names))  # this hour is not over
    await tidy(database, rollups, oldest_row_s=MIDNIGHT)
    assert await database.rows("SELECT * FROM by_day ORDER BY name") == [
        (MIDNIGHT, 1, 100, 0),
        (MIDNIGHT, 2, 80, 0),
        (MIDNIGHT, 4, 4, 4),
        (MIDNIGHT, 5, 2, 2),
    ]
    assert await tidy(database, rollups, oldest_row_s=MIDNIGHT) == 0


async def test_what_is_written_into_an_hour_that_is_over_is_summed_and_folded_too(
    database: Database,
) -> None:
    """The clock was set back, behind the marks."""
    rollups = Rollups(365 * DAY)
    old = MIDNIGHT - 3 * DAY
    await write(database, rollups, a_minute(old), a_minute(old + 5 * HOUR))
    await tidy(database, rollups, oldest_row_s=old)
    await write(database, rollups, a_minute(old + 60), a_minute(old + HOUR + 60))
    await tidy(database, rollups, oldest_row_s=old)
    assert await database.value("SELECT sum(count) FROM by_day WHERE start = ?", (old,)) == 40
    assert await database.value("SELECT sum(count) FROM by_name") == 40
    starts = await database.rows("SELECT DISTINCT start FROM total ORDER BY start")
    assert starts == [(old,), (old + HOUR,), (old + 5 * HOUR,)]
    assert await database.value("SELECT sum(count) FROM total") == 40


async def hours_by_name(database: Database) -> list[int]:
    return [row[0] for row in await database.rows("SELECT DISTINCT start FROM by_name ORDER BY 1")]


async def test_names_by_the_hour_stay_as_long_as_the_log_has_rows(database: Database) -> None:
    rollups = Rollups(365 * DAY)
    hours = [NOW - days * DAY for days in (5, 4, 3, 1)]
    await write(database, rollups, *(a_minute(hour) for hour in hours))
    await tidy(database, rollups, oldest_row_s=hours[1] + 100)
    assert await hours_by_name(database) == hours[1:]
    await tidy(database, rollups, oldest_row_s=NOW)
    assert await hours_by_name(database) == hours[3:], "two days at least"
    await tidy(database, rollups, oldest_row_s=NOW, pressed=True)
    assert await hours_by_name(database) == []
    assert await database.value("SELECT sum(count) FROM by_day") == 40


async def test_what_is_older_than_keep_is_dropped_in_steps(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups_module, "ENTRIES_A_STEP", 2)
    rollups = Rollups(keep_s=3 * DAY)
    hours = [NOW - days * DAY for days in (9, 8, 2, 1)]
    await write(database, rollups, *(a_minute(hour) for hour in hours))
    assert await tidy(database, rollups, oldest_row_s=NOW) > 20
    by_hour = (f"by_{what}" for what in ("client", "type", "list", "upstream", "transport"))
    for table in ("total", "latency", *by_hour):
        starts = await database.rows(f"SELECT DISTINCT start FROM {table} ORDER BY 1")
        assert starts == [(hours[2],), (hours[3],)], table
    days = await database.rows("SELECT DISTINCT start FROM by_day ORDER BY 1")
    assert days == [(MIDNIGHT - 2 * DAY,), (MIDNIGHT - DAY,)]


async def test_roll_ups_that_lead_to_rows_outlive_keep(database: Database) -> None:
    rollups = Rollups(keep_s=DAY)
    hour = NOW - 5 * DAY
    await write(database, rollups, a_minute(hour))
    await tidy(database, rollups, oldest_row_s=hour + 5)
    for table in ("total", "by_name", "by_client", "by_type", "by_transport"):
        assert await database.value(f"SELECT count(*) FROM {table}") > 0, table
    assert await database.value("SELECT count(*) FROM latency") == 0
