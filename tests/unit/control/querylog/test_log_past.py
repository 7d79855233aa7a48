"""Queries of another server: at their own times, each once, and only what would be kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from log_kit import DAY_S, Kit, a_log, batch, blocked, report

from sinkhole.control.database import Reader
from sinkhole.control.querylog import LogTerms, PastSlice, PastTerms, taken_up_to
from sinkhole.control.querylog.past import MOST_SLICES
from sinkhole.control.querylog.privacy import Privacy
from sinkhole.control.querylog.upkeep import Upkeep
from sinkhole.control.stats import Rollups, SqliteCounts, Statistics
from sinkhole.model.errors import RequestError, StorageError
from sinkhole.model.record import Batch, Telling, Who

SOURCE = "another 7"


async def take(kit: Kit, batches: Sequence[Batch], position: int = 1) -> int:
    return await kit.log.take_over(PastSlice(SOURCE, position, list(batches)))


async def counted(kit: Kit, period: str = "30d") -> int:
    found = await Statistics(SqliteCounts(kit.log.reader())).summary(period)
    return found["totals"]["queries"]


async def test_rows_have_their_own_times_and_are_counted(tmp_path: Path) -> None:
    now = time.time()
    hours = [
        batch([report(f"n{hour}.example.org")], time_s=now - hour * 3600) for hour in range(60)
    ]
    async with a_log(tmp_path / "querylog.db") as kit:
        kit.buffer.append(batch([report("mine.example.org")], time_s=now - 1))
        await kit.written(1)
        assert await take(kit, hours) == 60
        assert (
            await take(kit, [batch([blocked("ads.example.com", line=0)], time_s=now - 7200)]) == 1
        )
        kit.buffer.append(batch([report("n5.example.org")], time_s=now))
        await kit.written(63)
        rows = await kit.all_rows()
        assert [row["name"] for row in rows[:3]] == [
            *("n5.example.org", "n0.example.org"),
            "mine.example.org",
        ]
        assert [row["time"] for row in rows[4:]] == sorted(
            (row["time"] for row in rows[4:]), reverse=True
        )
        assert abs(rows[-1]["time"] - (now - 59 * 3600)) < 0.001
        assert await counted(kit) == 63
        found = await Statistics(SqliteCounts(kit.log.reader())).summary("7d")
        names = {each["name"]: each["count"] for each in found["top_names"]}
        assert names["n5.example.org"] == 2
        assert kit.counters.queries == 2, "metrics count what was answered here"


async def test_two_of_one_moment_both_have_a_row(tmp_path: Path) -> None:
    then = time.time() - 5000
    async with a_log(tmp_path / "querylog.db") as kit:
        same = [batch([report()], time_s=then), batch([report()], time_s=then)]
        assert await take(kit, same) == 2
        assert await take(kit, same) == 2
        assert len(await kit.all_rows()) == 4


async def test_how_far_a_source_is_taken_is_known_with_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "querylog.db"
    async with a_log(path) as kit:
        await take(kit, [batch([report()])], 17)
        await take(kit, [], 29)
        assert await taken_up_to(kit.log.reader().rows, SOURCE) == 29
        assert await taken_up_to(kit.log.reader().rows, "yet another") == 0
    async with a_log(path) as kit:
        assert await taken_up_to(kit.log.reader().rows, SOURCE) == 29
        assert len(await kit.all_rows()) == 1


async def test_what_is_too_old_for_a_row_is_counted_and_older_is_not(tmp_path: Path) -> None:
    now = time.time()
    terms = LogTerms(keep_s=10 * DAY_S, keep_statistics_s=20 * DAY_S)
    ages = (1, 5, 12, 15, 25, -1)
    batches = [batch([report()], time_s=now - age * DAY_S) for age in ages]
    past = PastTerms(terms, now)
    kept = past.sorted_out(batches)
    assert [past.has_row(each) for each in kept] == [True, True, False, False]
    async with a_log(tmp_path / "querylog.db") as kit:
        assert await take(kit, kept) == 2
        assert len(await kit.all_rows()) == 2
        assert await counted(kit) == 4


async def test_without_a_log_it_is_only_counted(tmp_path: Path) -> None:
    now = time.time()
    terms = LogTerms(enabled=False)
    past = PastTerms(terms, now)
    kept = past.sorted_out([batch([report()], time_s=now - 50)])
    assert [past.has_row(each) for each in kept] == [False]
    async with a_log(tmp_path / "querylog.db", enabled=False) as kit:
        assert await take(kit, kept) == 0
        assert await counted(kit) == 1


async def test_privacy_counts_as_for_queries_of_now(tmp_path: Path) -> None:
    who = Who("192.0.2.9", group="", telling=Telling(names=False))
    privacy = Privacy("anonymous_clients", ignored_names=frozenset({report("x.org").name}))
    async with a_log(tmp_path / "querylog.db", privacy=privacy) as kit:
        some = [batch([report()]), batch([report("x.org")]), batch([report("secret.org")], who)]
        assert await take(kit, some) == 2
        rows = {(row["name"], row["client"]) for row in await kit.all_rows()}
        assert rows == {("www.example.org", "192.0.2.0/24"), ("", "192.0.2.0/24")}


async def test_a_slice_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "querylog.db"
    async with a_log(path) as kit:
        kit.buffer.append(batch([report()]))
        await kit.written(1)
        odd = batch([report()], time_s=1e13)  # later than a number of SQLite can tell
        with pytest.raises(StorageError):
            await take(kit, [batch([report()]), odd])
        reader = Reader(path)
        assert await taken_up_to(reader.rows, SOURCE) == 0
        assert await reader.rows("SELECT count(*) FROM query") == [(1,)]
        await reader.close()


async def test_tidying_waits_while_slices_come_unless_there_are_many_rows(tmp_path: Path) -> None:
    upkeep = Upkeep(tmp_path / "querylog.db", Rollups(DAY_S), LogTerms())
    assert upkeep.is_due(0)
    future = upkeep.past.want(PastSlice(SOURCE, 1, []))
    assert upkeep.past.is_busy and not upkeep.is_due(0)
    assert upkeep.is_due(upkeep.retention.rows_between)
    for position in range(2, MOST_SLICES + 1):
        upkeep.past.want(PastSlice(SOURCE, position, []))
    with pytest.raises(RequestError, match="already"):
        upkeep.past.want(PastSlice(SOURCE, 9, []))
    upkeep.give_up("the disk is full")
    with pytest.raises(StorageError, match="the disk is full: not all was taken"):
        await future
    assert not upkeep.past.is_busy and upkeep.is_due(0)
