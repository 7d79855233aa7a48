"""Records to log, and logs to log them in: shared by the tests of the query log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import fields
from pathlib import Path
from typing import Any

from sinkhole.control.database import Database, Reader
from sinkhole.control.querylog import LogTerms, QueryLog, SqliteStore
from sinkhole.control.querylog.history import History
from sinkhole.control.querylog.row_builder import INSERT_ROWS, ROW_WIDTH, RowBuilder
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.stats import Counters, Rollups
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Batch, RecordBuffer, Report, Who
from sinkhole.model.verdict import Cause, Outcome, Verdict

DAY_S = 86_400.0
PATIENT_S = 1e6
"""No machine is so busy that a page takes that long."""


SHARED: ContextVar[str] = ContextVar("SHARED", default="")
"""The address of a database in which all logs are shared, "" for none."""


def patient(reader: Reader, **more: Any) -> History:
    """The log as it is read where time is no matter: no page ends early."""
    return History(SqliteStore(reader), search_s=PATIENT_S, **more)


def report(
    name: str = "www.example.org",
    outcome: Outcome = Outcome.CACHED,
    *,
    qtype: int = 1,
    rcode: int = 0,
    **verdict: Any,
) -> Report:
    return Report(from_text(name), qtype, rcode, Verdict(outcome, **verdict))


def blocked(name: str = "ads.example.com", list_name: str = "Starter", line: int = 7) -> Report:
    return report(name, Outcome.BLOCKED, cause=Cause(list_name, line))


def batch(
    reports: Sequence[Report],
    client: str | Who = "192.0.2.1",
    time_s: float | None = None,
    duration_us: int = 100,
    channel: str = "udp",
) -> Batch:
    moment = time.time() if time_s is None else time_s
    who = client if isinstance(client, Who) else Who(client)
    return Batch(moment, duration_us, [(entry, who) for entry in reports], channel)


class Kit:
    """A query log with all that belongs to it."""

    def __init__(self, log: QueryLog, buffer: RecordBuffer, counters: Counters) -> None:
        self.log = log
        self.buffer = buffer
        self.counters = counters

    async def written(self, rows: int) -> None:
        """Wait until the log has so many rows."""
        await until(lambda: self.log.status()["rows"] >= rows and not len(self.buffer))
        await until(lambda: not self.log.outbox.waiting_rows)

    async def all_rows(self, **filters: Any) -> list[Any]:
        """Every row that `History.page` gives, page by page."""
        found: list[Any] = []
        before = None
        while True:
            page = await self.log.history.page(limit=200, before=before, **filters)
            found += page["queries"]
            before = page["next"]
            if before is None:
                return found


@asynccontextmanager
async def a_log(
    path: Path, buffer: RecordBuffer | None = None, **settings: Any
) -> AsyncIterator[Kit]:
    buffer = RecordBuffer() if buffer is None else buffer
    counters = Counters()
    wanted: dict[str, Any] = {"max_size_bytes": 1 << 30}
    for key in [each.name for each in fields(LogTerms)]:
        if key in settings:
            wanted[key] = settings.pop(key)
    settings = {"rollups": Rollups(365 * DAY_S), "counters": counters, **settings}
    log = await QueryLog.open(path, buffer, LogTerms(**wanted), **settings)
    sharing: asyncio.Task[None] | None = None
    if url := SHARED.get():
        from sinkhole.control.postgres.shared_log import SharedLog

        shared = SharedLog(url, "here", log)
        sharing = asyncio.ensure_future(shared.run())
        await until(lambda: shared.store is not None)
    try:
        yield Kit(log, buffer, counters)
    finally:
        if sharing is not None:
            sharing.cancel()
            await asyncio.wait([sharing])
        await log.close()


async def fill(database: Database, batches: Sequence[Batch]) -> None:
    """Log batches of any time at once, in one transaction, as the writer would."""
    rules = RuleTexts(lambda cause: f"||rule{cause.line}^")
    builder = await RowBuilder.load(database, rules, LogTerms())
    async with database.transaction():
        builder.take(batches)
        await builder.settle(database)
        rows = len(builder.rows) // ROW_WIDTH
        await database.insert(INSERT_ROWS, ROW_WIDTH, builder.rows)
        await database.rows("UPDATE meta SET value = value + ? WHERE key = 'rows'", (rows,))
        minutes = builder.collect()
        await Rollups(DAY_S).write(database, minutes, await builder.list_ids(database, minutes))


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for a condition that other tasks make true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
