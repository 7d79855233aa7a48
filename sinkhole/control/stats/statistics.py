"""The read side of the roll-ups: what is told of a period never comes from the log's rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sinkhole.control.database import Reader, Row
from sinkhole.control.stats.histogram import percentile_us
from sinkhole.dns.wire.international import in_unicode
from sinkhole.model.record import TRANSPORTS
from sinkhole.model.statistics import (
    ClientCount,
    Latency,
    ListHits,
    NameCount,
    SeriesPoint,
    Summary,
    Totals,
)
from sinkhole.model.verdict import KINDS, Outcome

HOUR_S: Final = 3600
DAY_S: Final = 86_400
TOP: Final = 10


@dataclass(frozen=True, slots=True)
class Period:
    """A period and the width of the steps its series is shown in."""

    length_s: int
    step_s: int

    def start(self, now_s: float) -> int:
        """When the period begins that ends with the step now is in."""
        steps = -(-self.length_s // self.step_s)
        return (int(now_s) // self.step_s + 1 - steps) * self.step_s


PERIODS: Final = {
    "1h": Period(HOUR_S, 60),
    "24h": Period(DAY_S, 600),
    "7d": Period(7 * DAY_S, 2 * HOUR_S),
    "30d": Period(30 * DAY_S, 6 * HOUR_S),
    "365d": Period(365 * DAY_S, 3 * DAY_S),
}

# The roll-ups know whole hours, and weeks know whole days: tops may begin a little earlier. All
# end now (?3): what a clock that was ahead has stamped counts when its time has come.
_NAMES_BY_HOUR = """
    SELECT name, sum(count) AS n, sum(blocked) AS b FROM by_name WHERE start BETWEEN ?1 AND ?3
"""
_NAMES_BY_DAY = """
    SELECT name, sum(count) AS n, sum(blocked) AS b FROM (
        SELECT name, count, blocked FROM by_day WHERE start BETWEEN ?1 / 86400 * 86400 AND ?3
        UNION ALL SELECT name, count, blocked FROM by_name
        WHERE start BETWEEN max(?1, (SELECT value FROM meta WHERE key = 'folded')) AND ?3)
"""
_TOP_NAMES = """
    WITH sums AS MATERIALIZED ({sums} GROUP BY name),
    tops AS (SELECT * FROM (SELECT 0 AS kind, name, n FROM sums WHERE n > 0
                            ORDER BY n DESC, name LIMIT ?2)
        UNION ALL SELECT * FROM (SELECT 1, name, b FROM sums WHERE b > 0
                                 ORDER BY b DESC, name LIMIT ?2))
    SELECT kind, coalesce(text, ''), n FROM tops LEFT JOIN name ON name.id = tops.name
    ORDER BY kind, n DESC, text
"""
_TOP_CLIENTS = """
    SELECT coalesce(text, ''), n, b FROM (
        SELECT client, sum(count) AS n, sum(blocked) AS b FROM by_client
        WHERE start BETWEEN ?1 AND ?3 GROUP BY client HAVING n > 0
        ORDER BY n DESC, client LIMIT ?2)
    LEFT JOIN client ON client.id = client ORDER BY n DESC, text
"""
_TOP_LISTS = """
    SELECT coalesce(name, ''), n FROM (
        SELECT list, sum(count) AS n FROM by_list
        WHERE start BETWEEN ?1 AND ?3 GROUP BY list ORDER BY n DESC, list LIMIT ?2)
    LEFT JOIN list ON list.id = list ORDER BY n DESC, name
"""
_UPSTREAMS = """
    SELECT upstream, sum(count) AS n, sum(sum_us) FROM by_upstream
    WHERE start BETWEEN ?1 AND ?3 GROUP BY upstream ORDER BY n DESC, upstream LIMIT ?2
"""
_TRANSPORTS = """
    SELECT transport, sum(count) AS n FROM by_transport WHERE start BETWEEN ?1 AND ?3
    GROUP BY transport HAVING n > 0 ORDER BY n DESC, transport LIMIT ?2
"""
_HITS: Final = """
    SELECT name, sum(count) FILTER (WHERE start >= ?1), sum(count) FROM by_list
    JOIN list ON list.id = by_list.list WHERE start BETWEEN ?2 AND ?3 GROUP BY name
"""


class Statistics:
    """The read side of the roll-ups. `dropped` tells how many records never became rows."""

    def __init__(
        self,
        source: Reader,
        dropped: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.time,
        client_name: Callable[[str], str] = lambda address: "",
    ) -> None:
        self._source = source
        self._dropped = dropped
        self._clock = clock
        self._client_name = client_name

    async def summary(self, period: str = "24h") -> Summary:
        """Totals, percentages, percentiles, series and tops of one of PERIODS, up to now.

        ValueError names the periods there are; StorageError if there is no database. From a week
        on, names are counted by the 200 leading ones of each hour.
        """
        if period not in PERIODS:
            raise ValueError(f"period is {period!r}; it may be one of {', '.join(PERIODS)}")
        span = PERIODS[period]
        now_s = self._clock()
        begin = span.start(now_s)
        start = max(begin, await self._reset_at())
        series, totals, mean_us = await self._series(begin, start, now_s, span.step_s)
        names, blocked = await self._names(start, now_s, by_day=span.length_s > DAY_S)
        return {
            "period": period,
            "from": begin,
            "to": now_s,
            "totals": totals,
            "blocked_percent": _percent(totals["blocked"], totals["queries"]),
            "cached_percent": _percent(totals["cached"], totals["queries"]),
            "latency_ms": await self._latency(start, now_s, mean_us),
            "step_s": span.step_s,
            "series": series,
            "top_names": names,
            "top_blocked": blocked,
            "top_clients": [
                self._client_count(client, count, blocked)
                for client, count, blocked in await self._top(_TOP_CLIENTS, start, now_s)
            ],
            "top_lists": [
                {"name": name, "count": count}
                for name, count in await self._top(_TOP_LISTS, start, now_s)
            ],
            "upstreams": [
                {"name": name, "count": count, "avg_ms": round(sum_us / count / 1000, 3)}
                for name, count, sum_us in await self._top(_UPSTREAMS, start, now_s)
            ],
            "transports": [
                {"name": TRANSPORTS[transport], "count": count}
                for transport, count in await self._top(_TRANSPORTS, start, now_s)
            ],
            "records_dropped": self._dropped(),
        }

    async def list_hits(self) -> dict[str, ListHits]:
        """The hits of every list that has any, by its name; StorageError without a database."""
        hour = int(self._clock()) // HOUR_S * HOUR_S
        since = max(hour - 7 * DAY_S, await self._reset_at())
        rows = await self._source.rows(_HITS, (hour - DAY_S, since, hour))
        return {name: {"day": day or 0, "week": week} for name, day, week in rows}

    async def _series(
        self, begin: int, start: int, now_s: float, step_s: int
    ) -> tuple[list[SeriesPoint], Totals, float | None]:
        """The steps from `begin`, what became of queries from `start` on, and their mean in ms."""
        points: dict[int, SeriesPoint] = {
            at: {"time": at, "queries": 0, "blocked": 0, "cached": 0}
            for at in range(begin, int(now_s) + 1, step_s)
        }
        timed = sum_us = 0
        kinds = dict.fromkeys(KINDS, 0)
        for at, outcome, count, some, took_us in await self._source.rows(
            "SELECT start / ?2 * ?2 AS at, outcome, sum(count), sum(timed), sum(sum_us)"
            " FROM total WHERE start >= ?1 AND start <= ?3 GROUP BY at, outcome",
            (start, step_s, int(now_s)),
        ):
            timed += some
            sum_us += took_us
            kind = Outcome(outcome).kind
            kinds[kind] += count
            point = points[at]
            point["queries"] += count
            if kind == "blocked":
                point["blocked"] += count
            elif kind == "cached":
                point["cached"] += count
        totals: Totals = {
            "queries": sum(kinds.values()),
            "blocked": kinds["blocked"],
            "cached": kinds["cached"],
            "forwarded": kinds["forwarded"],
            "local": kinds["local"],
            "failed": kinds["failed"],
            "refused": kinds["refused"],
        }
        return list(points.values()), totals, sum_us / timed if timed else None

    async def _reset_at(self) -> int:
        """When statistics were begun anew."""
        rows = await self._source.rows("SELECT value FROM meta WHERE key = 'reset'")
        return int(rows[0][0]) if rows else 0

    async def _latency(self, start: int, now_s: float, mean_us: float | None) -> Latency:
        counts: dict[int, int] = dict(
            await self._source.rows(
                "SELECT bucket, sum(count) FROM latency WHERE start BETWEEN ? AND ?"
                " GROUP BY bucket",
                (start, int(now_s)),
            )
        )
        p50, p95, p99 = (_milliseconds(percentile_us(counts, p)) for p in (50, 95, 99))
        return {"p50": p50, "p95": p95, "p99": p99, "mean": _milliseconds(mean_us)}

    async def _names(
        self, start: int, now_s: float, *, by_day: bool
    ) -> tuple[list[NameCount], list[NameCount]]:
        sums = _NAMES_BY_DAY if by_day else _NAMES_BY_HOUR
        tops: tuple[list[NameCount], list[NameCount]] = ([], [])
        for kind, name, count in await self._top(_TOP_NAMES.format(sums=sums), start, now_s):
            entry: NameCount = {"name": name, "count": count}
            if (shown := in_unicode(name)) != name:
                entry["name_unicode"] = shown
            tops[kind].append(entry)
        return tops

    def _client_count(self, client: str, count: int, blocked: int) -> ClientCount:
        """With the name the settings have for the client now, so one renamed shows at once."""
        entry: ClientCount = {"client": client, "count": count, "blocked": blocked}
        if called := self._client_name(client):
            entry["client_name"] = called
        return entry

    async def _top(self, sql: str, start: int, now_s: float) -> list[Row]:
        return await self._source.rows(sql, (start // HOUR_S * HOUR_S, TOP, int(now_s)))


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _milliseconds(us: float | None) -> float | None:
    return None if us is None else round(us / 1000, 3)
