"""The read side of the roll-ups: what is told of a period never comes from the log's rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from sinkhole.control.database import Reader, Row
from sinkhole.control.stats.histogram import percentile_us
from sinkhole.control.stats.spans import DAY_S, HOUR_S, SPAN, Span, period_up_to, span_between
from sinkhole.control.stats.sums import Sums, milliseconds
from sinkhole.dns.wire.international import in_unicode
from sinkhole.model.record import TRANSPORTS, ClientName
from sinkhole.model.statistics import (
    ClientCount,
    Latency,
    ListHits,
    NameCount,
    SeriesPoint,
    Summary,
)
from sinkhole.model.verdict import Outcome

TOP: Final = 10

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
# A device is one client, shown by what it asked by most (SQLite takes bare columns from the row
# with the max). What it asked before its MAC was known stays apart, by address.
_TOP_CLIENTS = """
    SELECT coalesce(c.text, ''), coalesce(c.device, ''), sum(n) AS total, sum(b), max(n) FROM (
        SELECT client, sum(count) AS n, sum(blocked) AS b FROM by_client
        WHERE start BETWEEN ?1 AND ?3 GROUP BY client HAVING n > 0) AS s
    LEFT JOIN client AS c ON c.id = s.client
    GROUP BY coalesce(nullif(c.device, ''), c.text, s.client) ORDER BY total DESC, c.text LIMIT ?2
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
_BY_LIST_STEPS: Final = """
    SELECT (start - ?3) / ?2 AS step, coalesce(name, ''), sum(count) FROM by_list
    LEFT JOIN list ON list.id = by_list.list WHERE start BETWEEN ?1 AND ?4 GROUP BY step, name
"""
_HITS: Final = """
    SELECT name, sum(count) FILTER (WHERE start >= ?1), sum(count) FROM by_list
    JOIN list ON list.id = by_list.list WHERE start BETWEEN ?2 AND ?3 GROUP BY name
"""


class ListStep(NamedTuple):
    """How many queries a list refused in a step, which is counted from 0."""

    step: int
    name: str
    queries: int


class Statistics:
    """The read side of the roll-ups. `dropped` tells how many records never became rows."""

    def __init__(
        self,
        source: Reader,
        dropped: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.time,
        client_name: ClientName = lambda client, device: "",
    ) -> None:
        self._source = source
        self._dropped = dropped
        self._clock = clock
        self._client_name = client_name

    async def summary(
        self,
        period: str = "24h",
        since_s: float | None = None,
        until_s: float | None = None,
        clients: int = TOP,
    ) -> Summary:
        """Totals, percentages, percentiles, series and tops of one of PERIODS, up to now; or of the
        time from `since_s` until `until_s`, which is now without it.

        `clients` is how many of them are told, the busiest. ValueError says what times there are;
        StorageError if there is no database. Tops are about whole hours. Beyond a day, names are
        counted by the 200 leading ones of each hour.
        """
        now_s = self._clock()
        if since_s is None:
            span = period_up_to(period, now_s)
        else:
            span = span_between(since_s, until_s, now_s)
        start = max(span.begin_s, await self._reset_at())
        return await self._summary(span, start, min(now_s, _last(span)), clients)

    async def _summary(self, span: Span, start: int, end_s: float, clients: int) -> Summary:
        """All about a span; what was counted before `start` and after `end_s` is passed over."""
        series, sums = await self._series(span, start, end_s)
        totals = sums.totals()
        latencies = await self._latencies(start, end_s)
        names, blocked = await self._names(start, end_s, by_day=span.is_of_days)
        return {
            "period": span.name,
            "from": span.begin_s,
            "to": span.end_s,
            "totals": totals,
            "blocked_percent": _percent(totals["blocked"], totals["queries"]),
            "cached_percent": _percent(totals["cached"], totals["queries"]),
            "latency_ms": _latency(latencies, sums.mean_us()),
            "saved": sums.saved(latencies),
            "step_s": span.step_s,
            "series": series,
            "top_names": names,
            "top_blocked": blocked,
            "top_clients": [
                self._client_count(*row[:4])
                for row in await self._top(_TOP_CLIENTS, start, end_s, clients)
            ],
            "top_lists": [
                {"name": name, "count": count}
                for name, count in await self._top(_TOP_LISTS, start, end_s)
            ],
            "upstreams": [
                {"name": name, "count": count, "avg_ms": round(sum_us / count / 1000, 3)}
                for name, count, sum_us in await self._top(_UPSTREAMS, start, end_s)
            ],
            "transports": [
                {"name": TRANSPORTS[transport], "count": count}
                for transport, count in await self._top(_TRANSPORTS, start, end_s)
            ],
            "records_dropped": self._dropped(),
        }

    async def steps(self, begin_s: int, step_s: int) -> tuple[list[SeriesPoint], list[ListStep]]:
        """How much was asked and refused in each step from a moment until now, and how much each
        list refused in each, by whole hours; steps are of whole hours.

        StorageError if there is no database.
        """
        now_s = self._clock()
        start = max(begin_s, await self._reset_at())
        series, _ = await self._series(Span(SPAN, begin_s, now_s, step_s), start, now_s)
        rows = await self._source.rows(_BY_LIST_STEPS, (start, step_s, begin_s, int(now_s)))
        return series, [ListStep(*row) for row in rows]

    async def list_hits(self) -> dict[str, ListHits]:
        """The hits of every list that has any, by its name; StorageError without a database."""
        hour = int(self._clock()) // HOUR_S * HOUR_S
        since = max(hour - 7 * DAY_S, await self._reset_at())
        rows = await self._source.rows(_HITS, (hour - DAY_S, since, hour))
        return {name: {"day": day or 0, "week": week} for name, day, week in rows}

    async def _series(self, span: Span, start: int, end_s: float) -> tuple[list[SeriesPoint], Sums]:
        """The steps of a span, and what became of queries from `start` on."""
        step_s = span.step_s
        points: dict[int, SeriesPoint] = {
            at: {"time": at, "queries": 0, "blocked": 0, "cached": 0}
            for at in range(span.begin_s, int(end_s) + 1, step_s)
        }
        sums = Sums()
        for at, outcome, count, timed, took_us in await self._source.rows(
            "SELECT start / ?2 * ?2 AS at, outcome, sum(count), sum(timed), sum(sum_us)"
            " FROM total WHERE start >= ?1 AND start <= ?3 GROUP BY at, outcome",
            (start, step_s, int(end_s)),
        ):
            kind = Outcome(outcome).kind
            sums.add(kind, count, timed, took_us)
            point = points[at]
            point["queries"] += count
            if kind == "blocked":
                point["blocked"] += count
            elif kind == "cached":
                point["cached"] += count
        return list(points.values()), sums

    async def _reset_at(self) -> int:
        """When statistics were begun anew."""
        rows = await self._source.rows("SELECT value FROM meta WHERE key = 'reset'")
        return int(rows[0][0]) if rows else 0

    async def _latencies(self, start: int, end_s: float) -> dict[int, int]:
        """How many queries took how long, by buckets of `histogram`."""
        return dict(
            await self._source.rows(
                "SELECT bucket, sum(count) FROM latency WHERE start BETWEEN ? AND ?"
                " GROUP BY bucket",
                (start, int(end_s)),
            )
        )

    async def _names(
        self, start: int, end_s: float, *, by_day: bool
    ) -> tuple[list[NameCount], list[NameCount]]:
        sums = _NAMES_BY_DAY if by_day else _NAMES_BY_HOUR
        tops: tuple[list[NameCount], list[NameCount]] = ([], [])
        for kind, name, count in await self._top(_TOP_NAMES.format(sums=sums), start, end_s):
            entry: NameCount = {"name": name, "count": count}
            if (shown := in_unicode(name)) != name:
                entry["name_unicode"] = shown
            tops[kind].append(entry)
        return tops

    def _client_count(self, client: str, device: str, count: int, blocked: int) -> ClientCount:
        """With the name the settings have for the client now, so one renamed shows at once."""
        entry: ClientCount = {"client": client, "count": count, "blocked": blocked}
        if device:
            entry["device"] = device
        if called := self._client_name(client, device):
            entry["client_name"] = called
        return entry

    async def _top(self, sql: str, start: int, end_s: float, most: int = TOP) -> list[Row]:
        return await self._source.rows(sql, (start // HOUR_S * HOUR_S, most, int(end_s)))


def _last(span: Span) -> float:
    """The last second of a span: what begins with its end belongs to the next one."""
    return max(span.end_s - 1, span.begin_s) if span.name == SPAN else span.end_s


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _latency(counts: Mapping[int, int], mean_us: float | None) -> Latency:
    p50, p95, p99 = (milliseconds(percentile_us(counts, p)) for p in (50, 95, 99))
    return {"p50": p50, "p95": p95, "p99": p99, "mean": milliseconds(mean_us)}
