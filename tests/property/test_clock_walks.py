"""However a clock jumps, the query log loses nothing by it, and is right again when the clock is.

A hundred walks: clocks that are ahead or behind by seconds to years, set right again, restarts,
a machine asleep, and between them queries, retention, pages and statistics, over real SQLite. The
walks are the writer's own rounds; only its two clocks are ours. After every step:

- no row is gone that is younger than `keep` by the time that really passed;
- the log shows every row that is not retired, once, with client and name, and none that is later
  than now before one that is not;
- every total is the number of queries stamped within its period, both ends included, and so is
  that of each client, by whole hours;
- with the clock right, tops hold what they should, and nothing yet to come is taken to be summed.

At the end, when the clock has been right for long enough, nothing is left that should have gone.

Two things nobody could know, and so they are not walked: that a clock is ahead which has been
ahead for longer than it has to hold; and, at a start, that the clock was behind before it.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from sinkhole.control.database import Reader
from sinkhole.control.querylog import LogTerms, SqliteStore
from sinkhole.control.querylog import upkeep as upkeep_module
from sinkhole.control.querylog.history import History
from sinkhole.control.querylog.kept_clock import hold_s
from sinkhole.control.querylog.writer import Writer
from sinkhole.control.stats import PERIODS, Counters, Rollups, SqliteCounts, Statistics
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Batch, RecordBuffer, Report, Who
from sinkhole.model.verdict import Outcome, Verdict

MINUTE, HOUR, DAY = 60, 3600, 86_400
KEEP_S: Final = 2 * DAY
HOLD_S: Final = hold_s(KEEP_S)
PATIENT_S: Final = 1e6
"""No machine is so busy that a page takes that long."""
JUMPS: Final = (0.4, 7, 50, 90, 20 * MINUTE, 3 * HOUR, 30 * DAY, 365 * DAY)
STAMPS_MAY_DIFFER_S: Final = 120
"""A little set back is not followed, and a spell ends a little later than it has to."""

REPORTS: Final = [
    Report(from_text(f"{name}.example.org"), 1, 0, Verdict(outcome))
    for name in ("www", "mail", "cdn")
    for outcome in (Outcome.CACHED, Outcome.BLOCKED, Outcome.FORWARDED)
]
CLIENTS: Final = ("192.0.2.1", "192.0.2.2", "2001:db8::1")


class House:
    """A log, the clocks around it, and what really happened."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.path = folder / f"{seed}.db"
        self.real = 1_750_000_000.0 + self.chance.random() * DAY
        self.elapsed = 1000.0
        self.error = 0.0
        self.ahead_for = 0.0
        self.off = 0.0
        self.asked_at: dict[int, float] = {}
        self.stamped: dict[int, int] = {}
        """When each query was really asked, and the id it was given, by its duration."""
        self.hidden: set[int] = set()
        """Asked while the clock was behind, in a run that ended before it was set right."""

    @property
    def wall(self) -> float:
        return self.real + self.error

    # ---- what may happen ---------------------------------------------------------------------

    async def start(self) -> None:
        self.buffer = RecordBuffer()
        self.writer = Writer(
            self.path,
            self.buffer,
            terms=LogTerms(keep_s=KEEP_S, max_size_bytes=1 << 30),
            rule_text=lambda cause: cause.rule,
            rollups=Rollups(500 * DAY),
            counters=Counters(),
            wall=lambda: self.wall,
            elapsed=lambda: self.elapsed,
        )
        await self.writer.open()
        self.reader = Reader(self.path)
        self.history = History(SqliteStore(self.reader), lambda: self.wall, search_s=PATIENT_S)
        self.statistics = Statistics(SqliteCounts(self.reader), clock=lambda: self.wall)
        await self.round()

    async def stop(self) -> None:
        await self.reader.close()
        self.writer.stop()
        await self.writer.run()

    async def restart(self) -> None:
        await self.stop()
        self.hidden |= {key for key, at in self.asked_at.items() if self.is_behind(key, at)}
        off = self.chance.choice((1, MINUTE, 5 * HOUR))
        self.real += off
        self.off += off
        self.elapsed = self.chance.random() * MINUTE  # the machine was started, too
        if self.chance.random() < 0.5:
            self.set_clock()
        await self.start()

    def is_behind(self, key: int, at: float) -> bool:
        return self.stamped[key] / 1e6 < at - 0.5

    async def run_on(self) -> None:
        """Time goes by, and the writer has nothing to do but to look at the clock."""
        seconds = self.chance.choice((1, 20, 5 * MINUTE, HOUR, 6 * HOUR, DAY))
        await self.go_on(seconds)

    async def go_on(self, seconds: float) -> None:
        while seconds > 0:
            step = min(seconds, MINUTE)
            seconds -= step
            self.real += step
            self.elapsed += step
            if self.error > 0:
                self.ahead_for += step
                if self.ahead_for > HOLD_S - 2 * MINUTE:
                    self.set_right()
            database = self.writer.file.database
            assert database is not None
            await self.writer.upkeep.read_clock(database)

    async def sleep(self) -> None:
        """The machine is suspended: time goes by and nobody looks."""
        seconds = self.chance.choice((MINUTE, 8 * HOUR, 3 * DAY))
        self.real += seconds
        self.elapsed += seconds

    async def jump(self) -> None:
        self.set_clock()

    async def correct(self) -> None:
        self.set_right()

    def set_clock(self) -> None:
        size = self.chance.choice(JUMPS)
        if self.chance.random() < 0.5:
            self.error = size
        else:
            self.set_right()
            self.error = self.chance.choice((-size, 1_262_304_000.0 - self.real))  # 2010

    def set_right(self) -> None:
        self.error, self.ahead_for = 0.0, 0.0

    async def ask(self) -> None:
        """Some queries, with a little time between them, written in one go or in several."""
        for _ in range(self.chance.randrange(1, 12)):
            key = len(self.asked_at) + 1
            report, client = self.chance.choice(REPORTS), self.chance.choice(CLIENTS)
            self.buffer.append(Batch(self.wall, key, [(report, Who(client))]))
            self.asked_at[key] = self.real
            if self.chance.random() < 0.3:
                await self.go_on(self.chance.choice((0, 0, 1, 30)))
            if self.chance.random() < 0.2:
                await self.round()

    async def round(self) -> None:
        """Write, and tidy until there is nothing to tidy."""
        upkeep = self.writer.upkeep
        upkeep.next_tidy = upkeep.next_save = 0.0
        while upkeep.next_tidy == 0.0:
            await self.writer._round()
            assert self.writer.backoff.error is None
        for key, ident in await self.reader.rows("SELECT duration_us, id FROM query"):
            self.stamped[key] = ident

    # ---- what holds --------------------------------------------------------------------------

    async def check(self) -> None:
        kept = await self.check_pages()
        for key, at in self.asked_at.items():
            if key not in self.hidden and self.real - at < KEEP_S - STAMPS_MAY_DIFFER_S:
                assert key in kept, (key, self.real - at, self.stamped.get(key), self.error)
        ((count,),) = await self.reader.rows("SELECT value FROM meta WHERE key = 'rows'")
        assert count == len(kept)
        for period in PERIODS:
            await self.check_statistics(period)
        if self.error == 0:
            ((folded,),) = await self.reader.rows("SELECT value FROM meta WHERE key = 'folded'")
            assert folded <= self.wall

    async def check_pages(self) -> set[int]:
        rows: list[Any] = []
        before = None
        while True:
            page = await self.history.page(limit=200, before=before)
            rows += page["queries"]
            before = page["next"]
            if before is None:
                break
        shown = [int(row["id"]) for row in rows]
        stored = await self.reader.rows("SELECT id, duration_us FROM query")
        assert sorted(shown) == sorted(ident for ident, _ in stored)
        assert all(row["client"] and row["name"] and row["type"] == "A" for row in rows)
        now = int(self.wall * 1e6) + MINUTE * 1_000_000
        past, future = [i for i in shown if i < now], [i for i in shown if i >= now]
        assert shown == sorted(past, reverse=True) + sorted(future, reverse=True)
        return {key for _, key in stored}

    def between(self, start: float, end: float) -> int:
        return sum(1 for ident in self.stamped.values() if start * 1e6 <= ident < end * 1e6)

    async def check_statistics(self, period: str) -> None:
        summary = await self.statistics.summary(period)
        start, hour = summary["from"], summary["from"] // HOUR * HOUR
        minute_end, hour_end = (int(self.wall) // step * step + step for step in (MINUTE, HOUR))
        counted = summary["totals"]["queries"]
        assert counted == sum(point["queries"] for point in summary["series"])
        assert self.between(hour + HOUR, hour_end - HOUR) <= counted
        assert counted <= self.between(hour, hour_end)
        by_client = sum(entry["count"] for entry in summary["top_clients"])
        assert by_client == self.between(hour, hour_end)
        if self.error == 0:
            assert counted == self.between(start, minute_end)
            first = hour if PERIODS[period].length_s <= DAY else start // DAY * DAY
            tops = Counter({each["name"]: each["count"] for each in summary["top_names"]})
            assert self.between(start, minute_end) <= tops.total() <= self.between(first, hour_end)

    async def check_end(self) -> None:
        """All that is to be retired is retired in the end, whenever it was stamped."""
        self.set_right()
        await self.go_on(KEEP_S + HOLD_S + self.off + HOUR)
        await self.round()
        left = await self.reader.rows("SELECT id FROM query")
        assert all(ident / 1e6 > self.real - KEEP_S - HOUR for (ident,) in left)


@pytest.mark.parametrize("tens", range(10))
async def test_nothing_is_lost_by_a_clock_that_jumps(
    tmp_path: Path, tens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep_module.Room, "judge", lambda *_: None)
    for seed in range(10 * tens, 10 * tens + 10):
        house = House(tmp_path, seed)
        await house.start()
        await house.go_on(house.chance.choice((0, HOLD_S + HOUR)))
        steps = [house.ask] * 5 + [house.run_on, house.jump, house.correct] * 2
        steps += [house.restart, house.sleep]
        try:
            for _ in range(14):
                await house.chance.choice(steps)()
                await house.round()
                await house.check()
            await house.check_end()
        finally:
            await house.stop()
