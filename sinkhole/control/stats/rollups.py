"""Counts by time in the database: written along with the log's rows, folded as they age.

`total` and `latency` are kept by the minute for two days, then by the hour. Names are kept by
the hour as long as the log has rows of that hour, for the log finds its rows through them, and
for two days at least; of each hour past, the leading names are added to `by_day`, which is what
statistics over weeks and more are made of. All else is kept by the hour.

What is past is told by the trusted clock, and nothing depends on time only going forward: what is
written into an hour that was summed or folded before (the clock was set back) is summed and
folded as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sinkhole.control.database import Database
from sinkhole.control.stats.histogram import bucket_of
from sinkhole.control.stats.minute_counts import MinuteCounts
from sinkhole.control.stats.spans import DAY_S, DETAIL_S, HOUR_S

LEADING: Final = 200
"""How many names of an hour are added to its day: the most asked for, and the most blocked."""

SETTLED_S: Final = 60
"""How long after its end an hour is taken to be complete."""

ENTRIES_A_STEP: Final = 5_000

FOREVER: Final = 1 << 62


Entries = tuple[str, int, Mapping[Any, Sequence[int]]]
"""What is added to a table of counts: its name, the start, and the sums by key."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of counts: by `start` and by `key`, one or two sums."""

    name: str
    key: str
    sums: tuple[str, ...]

    async def add(
        self, database: Database, start: int, counts: Mapping[Any, Sequence[int]]
    ) -> None:
        """Add to the sums of one start; in the order of the keys, as they lie on disk."""
        values: list[Any] = []
        for key, sums in sorted(counts.items()):
            values += (start, key, *sums)
        head = f"INSERT INTO {self.name} (start, {self.key}, {', '.join(self.sums)})"
        await database.insert(head, 2 + len(self.sums), values, self.upsert)

    @property
    def upsert(self) -> str:
        """What makes an INSERT add to what is there."""
        updates = ", ".join(f"{column} = {column} + excluded.{column}" for column in self.sums)
        return f"ON CONFLICT (start, {self.key}) DO UPDATE SET {updates}"

    async def fold(self, database: Database, start: int) -> None:
        """Make one entry of all those within an hour."""
        sums = ", ".join(f"sum({column})" for column in self.sums)
        within = (start, start + HOUR_S)
        await database.rows(
            f"INSERT INTO {self.name} (start, {self.key}, {', '.join(self.sums)})"
            f" SELECT ?, {self.key}, {sums} FROM {self.name}"
            f" WHERE start > ? AND start < ? GROUP BY {self.key} {self.upsert}",
            (start, *within),
        )
        await database.rows(f"DELETE FROM {self.name} WHERE start > ? AND start < ?", within)

    async def drop(self, database: Database, before: float) -> bool:
        """Delete up to ENTRIES_A_STEP entries that start before a time; whether there were any."""
        first = (await database.rows(f"SELECT min(start) FROM {self.name}"))[0][0]
        if first is None or first >= before:
            return False
        keys = f"start, {self.key}"
        await database.rows(
            f"DELETE FROM {self.name} WHERE ({keys}) IN"
            f" (SELECT {keys} FROM {self.name} WHERE start < ? ORDER BY {keys} LIMIT ?)",
            (before, ENTRIES_A_STEP),
        )
        return True


_TOTAL = _Table("total", "outcome", ("count", "timed", "sum_us"))
_LATENCY = _Table("latency", "bucket", ("count",))
_BY_NAME = _Table("by_name", "name", ("count", "blocked"))
_BY_DAY = _Table("by_day", "name", ("count", "blocked"))
_BY_CLIENT = _Table("by_client", "client", ("count", "blocked"))
_BY_TYPE = _Table("by_type", "qtype", ("count",))
_BY_LIST = _Table("by_list", "list", ("count",))
_BY_UPSTREAM = _Table("by_upstream", "upstream", ("count", "sum_us"))
_BY_TRANSPORT = _Table("by_transport", "transport", ("count",))
_BY_ACCOUNT = _Table("by_account", "account", ())
_COUNTED: Final = {
    table.name: table
    for table in (
        *(_TOTAL, _LATENCY, _BY_NAME, _BY_DAY, _BY_CLIENT),
        *(_BY_TYPE, _BY_LIST, _BY_UPSTREAM, _BY_TRANSPORT),
    )
}
SUMS: Final = {table.name: (table.key, table.sums) for table in _COUNTED.values()}
"""Key and sums of each table that counts queries."""


class Rollups:
    """Writes and tends the roll-ups; statistics older than `keep_s`, which may be assigned at any
    time, are dropped."""

    def __init__(self, keep_s: float) -> None:
        self.keep_s = keep_s

    async def write(
        self, database: Database, minutes: Sequence[MinuteCounts], list_ids: Mapping[str, int]
    ) -> list[Entries]:
        """Add counts to the roll-ups, within the open transaction; `list_ids` knows all lists.

        What was added to which table, but for sums by day.
        """
        written: list[Entries] = []
        folded, hourly, indexed = await _marks(database) if minutes else (0, 0, 0)
        for counts in minutes:
            hour = counts.start_s // HOUR_S * HOUR_S
            if hour < folded:
                asked = {name: sums for name, sums in counts.names.items() if sums[0]}
                await _BY_DAY.add(database, hour // DAY_S * DAY_S, asked)
            if hour < hourly:
                hourly = hour
                await _set_mark(database, "hourly", hour)
            if hour < indexed:
                indexed = hour
                await _set_mark(database, "indexed", hour)
            if counts.has_uncounted:
                await _raise_mark(database, "uncounted", hour)
            for table, start, sums in _entries(counts, list_ids):
                await table.add(database, start, sums)
                written.append((table.name, start, sums))
        return written

    async def add(self, database: Database, counts: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        """Add sums of any hours to the tables they are of, within the open transaction: start, key
        and sums of each entry. Those by day are not made of those by name here."""
        first = min((entry[0] for entries in counts.values() for entry in entries), default=None)
        if first is None:
            return
        for mark in ("hourly", "indexed"):
            await _lower_mark(database, mark, first // HOUR_S * HOUR_S)
        for name, entries in counts.items():
            by_start: dict[int, dict[Any, Sequence[int]]] = {}
            for start, key, *sums in entries:
                by_start.setdefault(start, {})[key] = sums
            for start, added in by_start.items():
                await _COUNTED[name].add(database, start, added)

    async def tidy(
        self, database: Database, now_s: float, oldest_row_s: float, *, pressed: bool
    ) -> bool:
        """Do one bounded part of the folding and dropping that is due; whether there was any.

        By-name counts stay while the log has rows of their hour; under pressure of size that is
        all they stay for. `now_s` is what is trusted to be past. To be called within a transaction.
        """
        oldest_row = oldest_row_s // HOUR_S * HOUR_S
        if await self._sum_names(database, now_s) or await self._fold_minutes(database, now_s):
            return True
        detailed = oldest_row if pressed else min(oldest_row, now_s - DETAIL_S)
        if await _BY_NAME.drop(database, detailed):
            return True
        expired = max(now_s - self.keep_s, await _reset_at(database))
        indexed = min(expired, oldest_row)
        for table, before in (
            (_TOTAL, indexed),
            (_BY_CLIENT, indexed),
            (_BY_TYPE, indexed),
            (_BY_TRANSPORT, indexed),
            (_BY_ACCOUNT, oldest_row),
            (_LATENCY, expired),
            (_BY_LIST, expired),
            (_BY_UPSTREAM, expired),
            (_BY_DAY, expired - DAY_S),
        ):
            if await table.drop(database, before):
                return True
        return False

    async def _sum_names(self, database: Database, now_s: float) -> bool:
        """Add the leading names of the next hour that is complete to its day."""
        hour = await _next_hour(database, "folded", "by_name")
        if hour is None or hour + HOUR_S + SETTLED_S > now_s:
            return False
        leading = "SELECT name, count, blocked FROM by_name WHERE start = ? AND count > 0"
        await database.rows(
            f"INSERT INTO by_day SELECT ?, name, count, blocked FROM"
            f" (SELECT * FROM ({leading} ORDER BY count DESC LIMIT ?)"
            f" UNION SELECT * FROM ({leading} AND blocked > 0 ORDER BY blocked DESC LIMIT ?))"
            f" WHERE true {_BY_DAY.upsert}",
            (hour // DAY_S * DAY_S, hour, LEADING, hour, LEADING),
        )
        await _set_mark(database, "folded", hour + HOUR_S)
        return True

    async def _fold_minutes(self, database: Database, now_s: float) -> bool:
        """Make hours of the minutes of the next hour that is old enough."""
        hour = await _next_hour(database, "hourly", "total")
        if hour is None or hour + HOUR_S > now_s - DETAIL_S:
            return False
        await _TOTAL.fold(database, hour)
        await _LATENCY.fold(database, hour)
        await _set_mark(database, "hourly", hour + HOUR_S)
        return True


_INDEXING: Final = (_TOTAL, _BY_NAME, _BY_CLIENT, _BY_TYPE, _BY_TRANSPORT)
"""What leads to rows of the log: without counts it still does."""


async def reset(database: Database, now_s: int, *, is_late: bool = False) -> None:
    """Let statistics begin anew, within the open transaction.

    What is older than this hour is passed over from now on, and goes when the log's rows need it no
    more; what was counted in this hour is taken back, and unless this `is_late`, what came behind
    it: that is of a clock that was ahead.
    """
    hour = now_s // HOUR_S * HOUR_S
    end = hour + HOUR_S if is_late else FOREVER
    for table in (_LATENCY, _BY_LIST, _BY_UPSTREAM):
        await database.rows(f"DELETE FROM {table.name} WHERE start >= ? AND start < ?", (hour, end))
    day = hour // DAY_S * DAY_S
    await database.rows("DELETE FROM by_day WHERE start >= ? AND start < ?", (day, end))
    for table in _INDEXING:
        zeros = ", ".join(f"{column} = 0" for column in table.sums)
        await database.rows(
            f"UPDATE {table.name} SET {zeros} WHERE start >= ? AND start < ?", (hour, end)
        )
    await (_raise_mark if is_late else _set_mark)(database, "reset", hour)
    await _raise_mark(database, "folded", hour)
    await _raise_mark(database, "uncounted", hour)


async def _reset_at(database: Database) -> int:
    return int(await database.value("SELECT value FROM meta WHERE key = 'reset'") or 0)


async def _next_hour(database: Database, mark: str, table: str) -> int | None:
    """The first hour with entries in `table` that lies not before the mark."""
    rows = await database.rows(
        f"SELECT min(start) FROM {table}"
        f" WHERE start >= (SELECT value FROM meta WHERE key = '{mark}')"
    )
    return None if rows[0][0] is None else int(rows[0][0]) // HOUR_S * HOUR_S


async def _marks(database: Database) -> tuple[int, int, int]:
    """Up to when names are summed by day, minutes folded into hours, and hours noted for searches
    (`querylog/hour_index`)."""
    rows = await database.rows(
        "SELECT value FROM meta WHERE key IN ('folded', 'hourly', 'indexed') ORDER BY key"
    )
    return rows[0][0], rows[1][0], rows[2][0]


async def _set_mark(database: Database, mark: str, value: int) -> None:
    await database.rows("UPDATE meta SET value = ? WHERE key = ?", (value, mark))


async def _lower_mark(database: Database, mark: str, value: int) -> None:
    await database.rows("UPDATE meta SET value = min(value, ?) WHERE key = ?", (value, mark))


async def _raise_mark(database: Database, mark: str, value: int) -> None:
    await database.rows("UPDATE meta SET value = max(value, ?) WHERE key = ?", (value, mark))


def _entries(
    counts: MinuteCounts, list_ids: Mapping[str, int]
) -> list[tuple[_Table, int, Mapping[Any, Sequence[int]]]]:
    """What some counts add to which table."""
    minute, hour = counts.start_s, counts.start_s // HOUR_S * HOUR_S
    outcomes: Counter[int] = Counter()
    types: Counter[int] = Counter()
    lists: Counter[int] = Counter()
    for (outcome, qtype, _, blocked_by), count in counts.answers.items():
        outcomes[outcome] += count
        types[qtype] += count
        if blocked_by:
            lists[list_ids[blocked_by]] += count
    buckets: Counter[int] = Counter()
    for duration_us, count in counts.durations.items():
        buckets[bucket_of(duration_us)] += count
    channels = {key: (count,) for key, count in counts.transports.items()}
    return [
        (_TOTAL, minute, _timed(outcomes, counts.sums_us)),
        (_LATENCY, minute, _single(buckets)),
        (_BY_TYPE, hour, _single(types)),
        (_BY_LIST, hour, _single(lists)),
        (_BY_NAME, hour, counts.names),
        (_BY_CLIENT, hour, counts.clients),
        (_BY_UPSTREAM, hour, counts.upstreams),
        (_BY_TRANSPORT, hour, channels),  # those of 0 lead to rows as well
    ]


def _timed(counts: Mapping[int, int], sums_us: Mapping[int, int]) -> dict[int, tuple[int, ...]]:
    """What `total` has of each outcome: how many, and of as many the sum of durations."""
    return {outcome: (count, count, sums_us[outcome]) for outcome, count in counts.items()}


def _single(counts: Mapping[Any, int]) -> dict[Any, tuple[int]]:
    return {key: (count,) for key, count in counts.items() if count}
