from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import threading
import time
from collections import namedtuple
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from log_kit import DAY_S, Kit, a_log, batch, blocked, report, until

from sinkhole.control.database import Database
from sinkhole.control.database import database as database_module
from sinkhole.control.querylog import log_file as log_file_module
from sinkhole.control.querylog import upkeep as upkeep_module
from sinkhole.control.querylog import writer as writer_module
from sinkhole.control.querylog.retention import wal_size
from sinkhole.control.stats import Rollups, SqliteCounts, Statistics
from sinkhole.model.errors import StorageError
from sinkhole.model.record import RecordBuffer
from sinkhole.model.verdict import Outcome

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "querylog.db"


def writers_connection(kit: Kit) -> Database:
    database = kit.log._writer.file.database
    assert database is not None
    return database


async def test_what_goes_into_the_buffer_comes_out_as_rows(path: Path) -> None:
    now = float(int(time.time()))
    async with a_log(path, rule_text=lambda cause: f"||rule{cause.line}^") as kit:
        www = batch([report("www.example.org")], "2001:db8::7", now - 1, channel="tls")
        kit.buffer.append(www)
        kit.buffer.append(batch([blocked("ads.example.com")], time_s=now, duration_us=1500))
        await kit.written(2)
        page = await kit.log.history.page()
    first = {
        "id": f"{now:.0f}000000",
        "time": now,
        "client": "192.0.2.1",
        "name": "ads.example.com",
        "type": "A",
        "outcome": "blocked",
        "blocked": True,
        "rcode": "NOERROR",
        "list": "Starter",
        "line": 7,
        "rule": "||rule7^",
        "hop": "",
        "upstream": "",
        "group": "default",
        "detail": "",
        "duration_ms": 1.5,
        "transport": "udp",
        "list_id": 1,
        "node": "",
        **dict.fromkeys(("answer", "original_answer")),
        "device": "",
    }
    second = first | {
        "id": f"{now - 1:.0f}000000",
        "time": now - 1,
        "client": "2001:db8::7",
        "name": "www.example.org",
        "outcome": "cached",
        "blocked": False,
        "list": "",
        "line": 0,
        "list_id": 0,
        "rule": "",
        "duration_ms": 0.1,
        "transport": "tls",
    }
    assert page == {"queries": [first, second], "next": None, "looked_back_to": None}


async def test_a_burst_is_written_whole_and_counted_alike_everywhere(path: Path) -> None:
    now = time.time()
    reports = [report(f"host{number % 500}.example.org") for number in range(2500)]
    async with a_log(path) as kit:
        for number in range(0, 2500, 50):
            kit.buffer.append(batch(reports[number : number + 50] * 2, time_s=now))
        await kit.written(5000)
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary("24h")
        status = kit.log.status()
    assert summary["totals"]["queries"] == summary["totals"]["cached"] == 5000
    assert kit.counters.queries == 5000
    assert status["rows"] == 5000 and status["dropped"] == 0 and status["error"] is None
    assert status["size_bytes"] > 100_000


async def test_closing_writes_what_is_left(path: Path) -> None:
    async with a_log(path) as kit:
        for _ in range(50):
            kit.buffer.append(batch([report()] * 100))
    async with a_log(path) as kit:
        assert kit.log.status()["rows"] == 5000
        assert len(await kit.all_rows()) == 5000


async def test_a_closed_log_is_a_single_file(path: Path) -> None:
    async with a_log(path) as kit:
        kit.buffer.append(batch([report()]))
        await kit.written(1)
        await kit.log.history.page()
        assert wal_size(path) > 0
    assert set(os.listdir(path.parent)) == {path.name}


async def test_no_thread_is_left_when_it_is_closed(path: Path) -> None:
    before = own_threads()
    async with a_log(path) as kit:
        kit.buffer.append(batch([report()]))
        await kit.log.history.page()
        assert own_threads() > before
    await until(lambda: own_threads() <= before)


def own_threads() -> int:
    """Threads but for those of asyncio's pool, which stay."""
    return sum(not each.name.startswith("asyncio_") for each in threading.enumerate())


async def test_with_the_log_disabled_there_are_statistics_but_no_rows(path: Path) -> None:
    async with a_log(path, enabled=False) as kit:
        kit.buffer.append(batch([report(), blocked()]))
        await until(lambda: kit.counters.queries == 2)
        statistics = Statistics(SqliteCounts(kit.log.reader()))
        await kit.log.close()
    async with a_log(path, enabled=False) as kit:
        statistics = Statistics(SqliteCounts(kit.log.reader()))
        summary = await statistics.summary()
        assert summary["totals"]["queries"] == 2 and summary["blocked_percent"] == 50.0
        assert summary["top_blocked"] == [{"name": "ads.example.com", "count": 1}]
        assert (await kit.log.history.page())["queries"] == []
        status = kit.log.status()
        assert (status["enabled"], status["rows"], status["dropped"]) == (False, 0, 0)


async def test_overflow_of_the_buffer_is_shown(path: Path) -> None:
    buffer = RecordBuffer(limit=10)
    async with a_log(path, buffer) as kit:
        kit.buffer.append(batch([report()] * 8))
        kit.buffer.append(batch([report()] * 8))
        await kit.written(8)
        assert kit.log.status()["dropped"] == 8


async def test_a_network_file_system_means_no_log_but_metrics(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise StorageError(f"{folder} lies on a network file system (nfs at /)")

    monkeypatch.setattr(log_file_module, "refuse_network", refuse)
    async with a_log(path) as kit:
        kit.buffer.append(batch([report(), blocked()]))
        await until(lambda: kit.counters.queries == 2)
        status = kit.log.status()
        assert status["dropped"] == 2 and "network file system" in str(status["error"])
        assert kit.counters.outcomes["blocked"] == 1
        with pytest.raises(StorageError):
            await kit.log.history.page()
        assert kit.log.status()["size_bytes"] == 0


async def test_on_a_disk_nearly_full_queries_are_counted_and_not_logged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep_module, "TIDY_EVERY_S", 0.0)
    disk = Usage(100 << 30, 90 << 30, 100 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: disk)
    async with a_log(path) as kit:
        await until(lambda: kit.log.status()["error"] is not None)
        kit.buffer.append(batch([report(), blocked()]))
        await until(lambda: kit.log.status()["dropped"] == 2)
        assert "only 100 MiB left" in str(kit.log.status()["error"])
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary()
        assert summary["totals"]["queries"] == 2 and kit.log.status()["rows"] == 0
        disk = disk._replace(free=600 << 20)
        await until(lambda: kit.log.status()["error"] is None)
        kit.buffer.append(batch([report()]))
        await kit.written(1)


async def test_a_full_disk_costs_rows_but_not_the_log(path: Path) -> None:
    async with a_log(path) as kit:
        kit.buffer.append(batch([report()]))
        await kit.written(1)
        pages = await writers_connection(kit).value("PRAGMA page_count")
        await writers_connection(kit).rows(f"PRAGMA max_page_count = {pages}")
        lost = 0
        while kit.log.status()["error"] is None:
            kit.buffer.append(batch([report(f"host{lost}.example.org") for _ in range(100)]))
            lost += 1
            await asyncio.sleep(0.01)
        assert "full" in str(kit.log.status()["error"])
        await writers_connection(kit).rows("PRAGMA max_page_count = 1000000")
        kit.buffer.append(batch([report("after.example.org")]))
        await until(lambda: kit.log.status()["error"] is None and not len(kit.buffer))
        rows = await kit.all_rows(name="after.example.org")
        assert len(rows) == 1
        status = kit.log.status()
        assert status["dropped"] > 0
        assert status["dropped"] + status["rows"] == 1 + lost * 100 + 1
        assert kit.counters.queries == 1 + lost * 100 + 1


async def test_statistics_go_on_while_nothing_can_be_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "HOLD_S", -1.0)
    async with a_log(path) as kit:
        kit.buffer.append(batch([report()]))
        await kit.written(1)
        pages = await writers_connection(kit).value("PRAGMA page_count")
        await writers_connection(kit).rows(f"PRAGMA max_page_count = {pages}")
        asked = 1
        while kit.log.status()["error"] is None:
            kit.buffer.append(batch([report(f"host{asked}.example.org") for _ in range(100)]))
            asked += 100
            await asyncio.sleep(0.01)
        # Counted at once, whether the log works or not; the rest is written when it does.
        kit.buffer.append(batch([blocked() for _ in range(50)]))
        asked += 50
        await until(lambda: kit.counters.queries == asked)
        assert kit.counters.outcomes["blocked"] == 50
        await writers_connection(kit).rows("PRAGMA max_page_count = 1000000")
        await until(lambda: kit.log.status()["error"] is None)
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary()
        assert summary["totals"]["queries"] == asked and summary["totals"]["blocked"] == 50
        assert summary["top_lists"] == [{"name": "Starter", "count": 50}]
        assert kit.counters.queries == asked


async def test_counts_that_wait_are_written_at_the_end(path: Path) -> None:
    async with a_log(path) as kit:
        kit.buffer.append(batch([report()]))
        await kit.written(1)
        await kit.log._writer._undo(StorageError("for a moment"))
        kit.log._writer._count([batch([blocked()] * 3)])
    async with a_log(path) as kit:
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary()
        assert summary["totals"]["queries"] == 4 and summary["totals"]["blocked"] == 3


async def test_what_is_on_the_disk_stays_within_the_largest_size(path: Path) -> None:
    most = 3 << 20
    aside = path.with_name("querylog.db.broken-20250101T000000Z")
    path.parent.mkdir()
    aside.write_bytes(b"x" * most)
    aside.with_name("querylog.db.broken-20250102T000000Z").write_bytes(b"the newest stays")
    async with a_log(path, max_size_bytes=most) as kit:
        for number in range(12):
            for _ in range(8):
                names = [report(f"h{number}-{each % 500}.example.org") for each in range(2000)]
                kit.buffer.append(batch(names))
            await until(lambda: not len(kit.buffer))
        await until(lambda: kit.log.status()["size_bytes"] == on_disk(path) <= most)
        assert not aside.exists()
        assert kit.log.status()["rows"] > 10_000
        assert (kit.log.problem, kit.log.shortage) == (None, None)


def on_disk(path: Path) -> int:
    return sum(each.stat().st_size for each in path.parent.iterdir())


async def test_a_lock_held_by_another_program_costs_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_S", 0.05)
    async with a_log(path) as kit:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        kit.buffer.append(batch([report()] * 10))
        await until(lambda: kit.log.status()["error"] is not None)
        assert kit.log.status()["waiting"] == 10
        other.execute("COMMIT")
        other.close()
        await kit.written(10)
        assert kit.log.status()["dropped"] == 0 and kit.log.status()["error"] is None


async def test_a_database_that_breaks_in_use_is_set_aside(path: Path) -> None:
    async with a_log(path) as kit:
        for number in range(30):
            kit.buffer.append(batch([report(f"host{number}.example.org")] * 100))
        await kit.written(3000)
        await asyncio.to_thread(fold_wal, path)
        await writers_connection(kit).rows("PRAGMA shrink_memory")
        scribble(path)
        while kit.log.problem is None:
            kit.buffer.append(batch([report("lost.example.org"), blocked("lost2.example.org")]))
            await asyncio.sleep(0.05)
        kit.buffer.append(batch([report("new.example.org")]))
        await until(lambda: kit.log.status()["error"] is None and not len(kit.buffer))
        assert "new log begun" in kit.log.problem
        assert (await kit.all_rows(name="new.example.org"))[0]["name"] == "new.example.org"
        assert set_asides(path)


def fold_wal(path: Path) -> None:
    """Bring everything into the file itself, waiting for the writer's transaction to end."""
    with closing(sqlite3.connect(path, timeout=20)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def scribble(path: Path) -> None:
    """Overwrite all of a database but its first page."""
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))


def set_asides(path: Path) -> list[Path]:
    return list(path.parent.glob("querylog.db.broken-*"))


async def test_a_database_removed_by_hand_is_made_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep_module, "TIDY_EVERY_S", 0.0)
    async with a_log(path) as kit:
        kit.buffer.append(batch([report()]))
        await kit.written(1)
        os.unlink(path)
        await until(path.exists)
        kit.buffer.append(batch([report("after.example.org")]))
        await until(lambda: kit.log.status()["rows"] == 1 and not len(kit.buffer))
        rows = await kit.all_rows()
        assert [row["name"] for row in rows] == ["after.example.org"]


async def test_a_bug_in_the_statistics_does_not_end_the_log(path: Path) -> None:
    class Broken(Rollups):
        calls = 0

        async def write(self, *_: Any) -> None:
            self.calls += 1
            if self.calls == 1:
                raise ZeroDivisionError

        async def tidy(self, *_: Any, **__: Any) -> bool:
            return False

    async with a_log(path, rollups=Broken(365 * DAY_S)) as kit:
        kit.buffer.append(batch([report()] * 3))
        await until(lambda: kit.log.status()["error"] is not None)
        kit.buffer.append(batch([report()] * 4))
        await kit.written(4)
        assert kit.log.status()["dropped"] == 3


async def test_a_log_with_nothing_to_do_writes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even what the clock shows, round by round: the disk may be a card."""
    monkeypatch.setattr(upkeep_module, "TIDY_EVERY_S", 0.0)
    async with a_log(path) as kit:
        kit.buffer.append(batch([report()]))
        await kit.written(1)
        upkeep = kit.log._writer.upkeep
        await until(lambda: upkeep.next_save > 0.0 and upkeep.next_tidy > 0.0)
        before = await writers_connection(kit).value("PRAGMA data_version"), wal_size(path)
        changes = await writers_connection(kit).value("SELECT total_changes()")
        for _ in range(3):
            kit.log._writer.upkeep.next_tidy = 0.0
            await until(lambda: kit.log._writer.upkeep.next_tidy > 0.0)
        assert await writers_connection(kit).value("SELECT total_changes()") == changes
        after = await writers_connection(kit).value("PRAGMA data_version"), wal_size(path)
        assert after == before
        assert await writers_connection(kit).value(
            "SELECT count(*) FROM meta WHERE key = 'clock_wall' AND value > 0"
        )


async def test_first_answers_are_counted_by_upstream(path: Path) -> None:
    async with a_log(path) as kit:
        for number in range(4):
            fresh = report(f"h{number}.example", Outcome.FORWARDED, upstream="192.0.2.53:53")
            kit.buffer.append(batch([fresh], duration_us=10_000 * (number + 1)))
        await kit.written(4)
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary("1h")
    assert summary["upstreams"] == [{"name": "192.0.2.53:53", "count": 4, "avg_ms": 25.0}]
    assert summary["totals"]["forwarded"] == 4
