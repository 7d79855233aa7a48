from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sinkhole.control.database import Database, Reader
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.stats import PERIODS, Rollups, SqliteCounts, Statistics
from sinkhole.control.stats.minute_counts import AnswerKey, MinuteCounts
from sinkhole.model.errors import StorageError
from sinkhole.model.verdict import Outcome

DAY = 86_400
HOUR = 3600
MAC = "02:00:5e:10:00:07"
NOW = 1_699_963_230.0  # 12:00:30 on a day that began at 1 699 920 000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database, _ = await open_database(tmp_path / "querylog.db")
    names = [f"name{number}.example.org" for number in range(1, 21)]
    for number, name in enumerate(names, 1):
        await database.rows("INSERT INTO name VALUES (?, ?, ?, 0)", (number, number, name))
    for number, client in enumerate(["192.0.2.1", "2001:db8::2", "2001:db8::3"], 1):
        device = MAC if number == 3 else ""
        values = (number, number, client, device, "default", 0)
        await database.rows("INSERT INTO client VALUES (?, ?, ?, ?, ?, ?)", values)
    yield database
    await database.close()


@pytest.fixture
async def statistics(database: Database) -> AsyncIterator[Statistics]:
    reader = Reader(database.path)
    yield Statistics(SqliteCounts(reader), dropped=lambda: 3, clock=lambda: NOW)
    await reader.close()


def a_minute(ago_s: float, times: int = 1) -> MinuteCounts:
    """Eight queries, two of them blocked, three cached, so long before now."""
    return MinuteCounts(
        int(NOW - ago_s) // 60 * 60,
        answers=Counter(
            {
                AnswerKey(Outcome.BLOCKED, 1, 0, "Starter"): 2 * times,
                AnswerKey(Outcome.CACHED, 1, 0, ""): 2 * times,
                AnswerKey(Outcome.STALE, 1, 0, ""): times,
                AnswerKey(Outcome.FORWARDED, 28, 0, ""): times,
                AnswerKey(Outcome.FAILED, 1, 2, ""): times,
                AnswerKey(Outcome.REFUSED, 0, 5, ""): times,
            }
        ),
        durations=Counter({40: 7 * times, 30_000: times}),
        names={1: [5 * times, 0], 2: [3 * times, 2 * times]},
        clients={1: [5 * times, 0], 2: [3 * times, 2 * times]},
        upstreams={"192.0.2.53:53": [times, 30_000 * times]},
        transports=Counter({0: 3 * times, 3: 5 * times}),
    )


async def write(database: Database, *minutes: MinuteCounts) -> None:
    async with database.transaction():
        await database.rows("INSERT OR IGNORE INTO list VALUES (1, 'starter-1', 'Starter', 0)")
        await Rollups(365 * DAY).write(database, minutes, {"Starter": 1})


async def test_steps_of_whole_hours_tell_what_each_list_refused(
    database: Database, statistics: Statistics
) -> None:
    await write(database, a_minute(0), a_minute(5 * HOUR, 2), a_minute(30 * HOUR))
    begin = int(NOW) // HOUR * HOUR - 23 * HOUR
    series, by_list = await statistics.steps(begin, HOUR)
    assert len(series) == 24
    assert [each["queries"] for each in series if each["queries"]] == [16, 8]
    assert by_list == [(18, "Starter", 4), (23, "Starter", 2)]
    days, by_list = await statistics.steps(int(NOW) // DAY * DAY - DAY, DAY)
    assert [each["queries"] for each in days] == [8, 24]
    assert by_list == [(0, "Starter", 2), (1, "Starter", 6)]


async def test_the_summary_of_a_day(database: Database, statistics: Statistics) -> None:
    await write(database, a_minute(0), a_minute(5 * HOUR), a_minute(2 * DAY))
    summary: dict[str, Any] = {**await statistics.summary()}
    series, latency = summary.pop("series"), summary.pop("latency_ms")
    assert summary == {
        "period": "24h",
        "from": 1_699_877_400,
        "to": NOW,
        "totals": {
            "queries": 16,
            "blocked": 4,
            "cached": 6,
            "forwarded": 2,
            "local": 0,
            "failed": 2,
            "refused": 2,
        },
        "blocked_percent": 25.0,
        "cached_percent": 37.5,
        "saved": {"seconds": 0.0, "upstream_ms": 0.041, "cache_ms": 0.0},
        "step_s": 600,
        "top_names": [
            {"name": "name1.example.org", "count": 10},
            {"name": "name2.example.org", "count": 6},
        ],
        "top_blocked": [{"name": "name2.example.org", "count": 4}],
        "top_clients": [
            {"client": "192.0.2.1", "count": 10, "blocked": 0},
            {"client": "2001:db8::2", "count": 6, "blocked": 4},
        ],
        "top_lists": [{"name": "Starter", "count": 4}],
        "upstreams": [{"name": "192.0.2.53:53", "count": 2, "avg_ms": 30.0}],
        "transports": [{"name": "https", "count": 10}, {"name": "udp", "count": 6}],
        "records_dropped": 3,
    }
    assert latency["p50"] == pytest.approx(0.04, rel=0.34)
    assert latency["p99"] == pytest.approx(30, rel=0.34)
    assert [point["time"] for point in series] == list(range(1_699_877_400, int(NOW), 600))
    assert series[-1] == {"time": 1_699_963_200, "queries": 8, "blocked": 2, "cached": 3}
    assert sum(point["queries"] for point in series) == 16


@pytest.mark.parametrize("period", PERIODS)
async def test_a_period_with_nothing_in_it_is_complete_and_flat(
    statistics: Statistics, period: str
) -> None:
    summary = await statistics.summary(period)
    assert summary["latency_ms"] == {"p50": None, "p95": None, "p99": None, "mean": None}
    assert summary["blocked_percent"] == summary["cached_percent"] == 0.0
    times = [point["time"] for point in summary["series"]]
    steps = {after - before for before, after in pairwise(times)}
    assert steps == {summary["step_s"]} and 50 <= len(times) <= 150
    assert times[0] == summary["from"] and times[-1] <= NOW < times[-1] + summary["step_s"]
    length = times[-1] + summary["step_s"] - times[0]
    assert length >= PERIODS[period].length_s > length - 2 * summary["step_s"]
    json.dumps(summary)


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("ahead_s", [3 * HOUR, 30 * DAY, 365 * DAY])
async def test_what_is_later_than_now_does_not_count_yet(
    database: Database, period: str, ahead_s: int
) -> None:
    """A clock that was ahead stamped it; its time has to come first."""
    await write(database, a_minute(60), a_minute(-ahead_s, times=100))
    now = NOW
    reader = Reader(database.path)
    statistics = Statistics(SqliteCounts(reader), clock=lambda: now)
    hits = await statistics.list_hits()
    alone = await statistics.summary(period)
    assert alone["totals"]["queries"] == sum(each["count"] for each in alone["top_clients"]) == 8
    assert alone["top_names"] == [
        {"name": "name1.example.org", "count": 5},
        {"name": "name2.example.org", "count": 3},
    ]
    assert alone["top_blocked"][0]["count"] == alone["top_lists"][0]["count"] == 2
    assert alone["transports"][0]["count"] == 5
    assert alone["upstreams"][0]["count"] == 1 and hits["Starter"] == {"day": 2, "week": 2}
    latency = alone["latency_ms"]["p50"]
    assert latency is not None
    now += ahead_s
    assert (await statistics.summary("1h"))["totals"]["queries"] == 800
    await reader.close()


async def test_tops_have_names_as_people_know_them(database: Database) -> None:
    await database.rows("UPDATE name SET text = 'xn--mnchen-3ya.example' WHERE id = 1")
    await write(database, a_minute(60))
    reader = Reader(database.path)
    statistics = Statistics(
        SqliteCounts(reader),
        clock=lambda: NOW,
        client_name=lambda address, device: {"192.0.2.1": "TV"}.get(address, ""),
    )
    for period in ("24h", "7d"):
        summary = await statistics.summary(period)
        assert summary["top_names"] == [
            {"name": "xn--mnchen-3ya.example", "count": 5, "name_unicode": "münchen.example"},
            {"name": "name2.example.org", "count": 3},
        ]
        assert summary["top_clients"] == [
            {"client": "192.0.2.1", "count": 5, "blocked": 0, "client_name": "TV"},
            {"client": "2001:db8::2", "count": 3, "blocked": 2},
        ]
    await reader.close()


async def test_names_and_clients_that_are_lost_still_count(
    database: Database, statistics: Statistics
) -> None:
    await write(database, a_minute(60))
    await database.rows("DELETE FROM name")
    await database.rows("DELETE FROM client")
    summary = await statistics.summary()
    assert [each["count"] for each in summary["top_names"]] == [5, 3]
    assert [each["client"] for each in summary["top_clients"]] == ["", ""]


@pytest.mark.parametrize("period", PERIODS)
async def test_every_period_counts_what_lies_in_it_before_and_after_folding(
    database: Database, statistics: Statistics, period: str
) -> None:
    ages = [60, 30 * 60, 12 * HOUR, 3 * DAY, 20 * DAY, 200 * DAY, 400 * DAY]
    await write(database, *(a_minute(age) for age in ages))
    inside = sum(1 for age in ages if age <= PERIODS[period].length_s)
    before = await statistics.summary(period)
    assert before["totals"]["queries"] == 8 * inside
    assert sum(point["blocked"] for point in before["series"]) == 2 * inside
    rollups = Rollups(365 * DAY)
    async with database.transaction():
        while await rollups.tidy(database, NOW, NOW, pressed=False):
            pass
    after = await statistics.summary(period)
    assert after["totals"] == before["totals"] and after["series"] == before["series"]
    if period != "1h":  # whose tops count whole hours, and so half an hour more
        assert after["top_names"][0] == {"name": "name1.example.org", "count": 5 * inside}
        assert after["top_blocked"] == [{"name": "name2.example.org", "count": 2 * inside}]


async def test_there_are_ten_in_every_top_and_the_first_come_first(
    database: Database, statistics: Statistics
) -> None:
    counts = MinuteCounts(int(NOW) // 60 * 60)
    counts.answers[AnswerKey(Outcome.BLOCKED, 1, 0, "Starter")] = 210
    counts.names = {number: [number, number] for number in range(1, 21)}
    await write(database, counts)
    for period in ("1h", "24h", "7d"):
        summary = await statistics.summary(period)
        counts = [entry["count"] for entry in summary["top_names"]]
        assert counts == list(range(20, 10, -1))
        assert summary["top_blocked"] == summary["top_names"]


async def test_a_device_is_one_client_under_all_of_its_addresses(
    database: Database, statistics: Statistics
) -> None:
    await database.rows(
        "INSERT INTO client VALUES (4, 4, '2001:db8::4', ?, 'kids', 0), (5, 5, '192.0.2.1', '',"
        " 'kids', 0)",
        (MAC,),
    )
    minute = MinuteCounts(int(NOW) // 60 * 60, clients={1: [5, 0], 3: [4, 1], 4: [6, 2], 5: [7, 0]})
    async with database.transaction():
        await Rollups(365 * DAY).write(database, [minute], {})
    assert (await statistics.summary("24h"))["top_clients"] == [
        {"client": "192.0.2.1", "count": 12, "blocked": 0},
        {"client": "2001:db8::4", "count": 10, "blocked": 3, "device": MAC},
    ]
    told = await statistics.summary("24h", clients=1)  # the busiest
    assert [each["count"] for each in told["top_clients"]] == [12]


async def test_an_unknown_period_is_told_which_there_are(statistics: Statistics) -> None:
    with pytest.raises(ValueError, match="period is '2h'; it may be one of 1h, 24h, 7d, 30d, 365d"):
        await statistics.summary("2h")


@pytest.mark.parametrize(
    ("ago", "until_ago", "step_s", "queries"),
    [
        (2 * HOUR, None, 60, 16),
        (2 * HOUR, 61 * 60, 60, 0),
        (6 * HOUR, 2 * HOUR, 600, 8),
        (30 * HOUR, 0, 3600, 24),
        (5 * DAY, 3 * DAY, 3600, 8),
        (60 * DAY, 0, 6 * HOUR * 4, 32),
    ],
)
async def test_a_span_has_what_lies_between_its_moments(
    database: Database,
    statistics: Statistics,
    ago: float,
    until_ago: float | None,
    step_s: int,
    queries: int,
) -> None:
    await write(database, *(a_minute(age) for age in (60, HOUR, 5 * HOUR, 4 * DAY)))
    until = None if until_ago is None else NOW - until_ago
    told = await statistics.summary("24h", NOW - ago, until)
    assert (told["period"], told["step_s"]) == ("span", step_s)
    assert told["totals"]["queries"] == queries
    assert sum(point["queries"] for point in told["series"]) == queries
    assert told["from"] <= NOW - ago < told["from"] + step_s
    assert told["to"] == (until or NOW)
    assert told["series"][-1]["time"] < told["to"]


async def test_what_begins_with_the_end_of_a_span_is_not_in_it(
    database: Database, statistics: Statistics
) -> None:
    await write(database, a_minute(60), a_minute(30 * 60))
    minute = int(NOW) // 60 * 60
    told = await statistics.summary(since_s=minute - 30 * 60, until_s=minute - 60)
    assert told["totals"]["queries"] == 8
    assert [told["series"][0]["time"], told["series"][-1]["time"]] == [
        minute - 30 * 60, minute - 120,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        (NOW + 5, None, "it ends before it begins, or is to come"),
        (NOW - 5, NOW - 5, "it ends before it begins, or is to come"),
        (NOW - 401 * DAY, None, "a time may last for 400 days"),
    ],
)
async def test_a_span_that_is_none_is_told(
    statistics: Statistics, since: float, until: float | None, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        await statistics.summary(since_s=since, until_s=until)


async def test_what_the_cache_saved_is_told_by_what_waiting_would_have_been(
    database: Database, statistics: Statistics
) -> None:
    minute = MinuteCounts(
        int(NOW) // 60 * 60,
        answers=Counter(
            {
                AnswerKey(Outcome.CACHED, 1, 0, ""): 60,
                AnswerKey(Outcome.BLOCKED, 1, 0, ""): 20,
                AnswerKey(Outcome.FORWARDED, 1, 0, ""): 15,
                AnswerKey(Outcome.FAILED, 1, 2, ""): 5,
            }
        ),
        durations=Counter({100: 80, 20_000: 15, 5_000_000: 5}),
        sums_us=Counter({Outcome.CACHED: 6_000, Outcome.FORWARDED: 300_000}),
    )
    async with database.transaction():
        await Rollups(365 * DAY).write(database, [minute], {})
    saved = (await statistics.summary("1h"))["saved"]
    assert saved is not None and saved["cache_ms"] == 0.1
    assert saved["upstream_ms"] == pytest.approx(20, rel=0.34)
    assert saved["seconds"] == pytest.approx(60 * (saved["upstream_ms"] - 0.1) / 1000, abs=0.001)


async def test_without_a_database_there_is_a_storage_error(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "nothing.db")
    with pytest.raises(StorageError):
        await Statistics(SqliteCounts(reader)).summary()
    await reader.close()


async def test_hits_are_counted_by_list_for_the_last_day_and_week(
    database: Database, statistics: Statistics
) -> None:
    this_hour = int(NOW) // HOUR * HOUR
    for hours_ago, name, count in [
        (0, 1, 1), (24, 1, 10), (25, 1, 100), (168, 1, 1000),
        (169, 1, 10_000), (30, 2, 5),
    ]:  # fmt: skip
        start = this_hour - hours_ago * HOUR
        await database.rows("INSERT INTO by_list VALUES (?, ?, ?)", (start, name, count))
    await database.rows("INSERT INTO list VALUES (1, 'ads-1', 'Ads', 0), (2, '=Old', 'Old', 0)")
    assert await statistics.list_hits() == {
        "Ads": {"day": 11, "week": 1111},
        "Old": {"day": 0, "week": 5},
    }


async def test_without_a_database_there_are_no_hits_to_be_had(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        await Statistics(SqliteCounts(Reader(tmp_path / "none.db"))).list_hits()
