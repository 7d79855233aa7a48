"""The read side of the roll-ups: what is told of a period never comes from the log's rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from sinkhole.control.stats.counts import Counts, ListStep, TopClient
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


class Statistics:
    """What the roll-ups tell. `dropped` tells how many records never became rows."""

    def __init__(
        self,
        counts: Counts,
        dropped: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.time,
        client_name: ClientName = lambda client, device: "",
    ) -> None:
        self._counts = counts
        self._dropped = dropped
        self._clock = clock
        self._client_name = client_name

    def of_node(self, name: str) -> Statistics:
        """The same of one node, of all for ""; StorageError where its counts can't be had now."""
        counts = self._counts.of_node(name)
        return Statistics(counts, self._dropped, self._clock, self._client_name)

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
        start = max(span.begin_s, await self._counts.reset_at())
        return await self._summary(span, start, min(now_s, _last(span)), clients)

    async def _summary(self, span: Span, start: int, end_s: float, clients: int) -> Summary:
        """All about a span; what was counted before `start` and after `end_s` is passed over."""
        series, sums = await self._series(span, start, end_s)
        totals = sums.totals()
        # Tops are about whole hours.
        counts, first, last = self._counts, start // HOUR_S * HOUR_S, int(end_s)
        latencies = await counts.latencies(start, last)
        names, blocked = await self._names(first, last, by_day=span.is_of_days)
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
                self._client_count(each) for each in await counts.top_clients(first, last, clients)
            ],
            "top_lists": [
                {"name": name, "count": count}
                for name, count in await counts.top_lists(first, last, TOP)
            ],
            "upstreams": [
                {"name": name, "count": count, "avg_ms": round(sum_us / count / 1000, 3)}
                for name, count, sum_us in await counts.upstreams(first, last, TOP)
            ],
            "transports": [
                {"name": TRANSPORTS[transport], "count": count}
                for transport, count in await counts.transports(first, last)
            ],
            "records_dropped": self._dropped(),
        }

    async def steps(self, begin_s: int, step_s: int) -> tuple[list[SeriesPoint], list[ListStep]]:
        """How much was asked and refused in each step from a moment until now, and how much each
        list refused in each, by whole hours; steps are of whole hours.

        StorageError if there is no database.
        """
        now_s = self._clock()
        start = max(begin_s, await self._counts.reset_at())
        series, _ = await self._series(Span(SPAN, begin_s, now_s, step_s), start, now_s)
        return series, await self._counts.list_steps(start, int(now_s), begin_s, step_s)

    async def list_hits(self) -> dict[str, ListHits]:
        """The hits of every list that has any, by its name; StorageError without a database."""
        hour = int(self._clock()) // HOUR_S * HOUR_S
        since = max(hour - 7 * DAY_S, await self._counts.reset_at())
        hits = await self._counts.list_hits(hour - DAY_S, since, hour)
        return {name: {"day": day, "week": week} for name, day, week in hits}

    async def _series(self, span: Span, start: int, end_s: float) -> tuple[list[SeriesPoint], Sums]:
        """The steps of a span, and what became of queries from `start` on."""
        step_s = span.step_s
        points: dict[int, SeriesPoint] = {
            at: {"time": at, "queries": 0, "blocked": 0, "cached": 0}
            for at in range(span.begin_s, int(end_s) + 1, step_s)
        }
        sums = Sums()
        for at, outcome, count, timed, took_us in await self._counts.steps(
            start, int(end_s), step_s
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

    async def _names(
        self, first: int, last: int, *, by_day: bool
    ) -> tuple[list[NameCount], list[NameCount]]:
        tops: tuple[list[NameCount], list[NameCount]] = ([], [])
        for kind, name, count in await self._counts.top_names(first, last, TOP, by_day=by_day):
            entry: NameCount = {"name": name, "count": count}
            if (shown := in_unicode(name)) != name:
                entry["name_unicode"] = shown
            tops[kind].append(entry)
        return tops

    def _client_count(self, found: TopClient) -> ClientCount:
        """With the name the settings have for the client now, so one renamed shows at once."""
        client, device, count, blocked = found
        entry: ClientCount = {"client": client, "count": count, "blocked": blocked}
        if device:
            entry["device"] = device
        if called := self._client_name(client, device):
            entry["client_name"] = called
        return entry


def _last(span: Span) -> float:
    """The last second of a span: what begins with its end belongs to the next one."""
    return max(span.end_s - 1, span.begin_s) if span.name == SPAN else span.end_s


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _latency(counts: Mapping[int, int], mean_us: float | None) -> Latency:
    p50, p95, p99 = (milliseconds(percentile_us(counts, p)) for p in (50, 95, 99))
    return {"p50": p50, "p95": p95, "p99": p99, "mean": milliseconds(mean_us)}
