"""Rows of the log summed up as they are found: how many, when, which names, and who decided.

The roll-ups count by one thing each. What one device asked for, say, is in the rows alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypedDict

from sinkhole.control.database import Reader
from sinkhole.control.querylog.search import OutOfTime, Search, Way
from sinkhole.control.querylog.sought import Sought
from sinkhole.dns.wire.international import in_unicode
from sinkhole.model.statistics import NameCount, SeriesPoint, Totals
from sinkhole.model.verdict import KINDS, Outcome

MOST_STEPS: Final = 1_000
"""Steps of a series, at most."""

MOST_NAMES: Final = 100_000
"""Names that are counted; with more of them, summing ends as if the time were up."""

TOP: Final = 10
"""Names and lists that are told."""

_SUMS: Final = (
    "SELECT q.id / ?, q.name, a.outcome, a.list, count(*) {source}"
    " CROSS JOIN account AS a ON a.id = q.account WHERE {conditions} GROUP BY 1, 2, 3, 4"
)


class ListCount(TypedDict):
    """How often a list decided."""

    name: str
    count: int


class LogSums(TypedDict):
    """What rows come to; the series is the oldest first, without gaps."""

    start: int
    end: float
    step_s: int
    totals: Totals
    series: list[SeriesPoint]
    top_names: list[NameCount]
    top_blocked: list[NameCount]
    top_lists: list[ListCount]
    looked_back_to: float | None


class Span(NamedTuple):
    """From when to when is summed up, and in which steps."""

    start_s: int
    end_s: float
    step_s: int

    @classmethod
    def of(cls, sought: Sought, step_s: int, now_s: float) -> Span:
        """That of what is sought; ValueError for more than MOST_STEPS."""
        end_s = now_s if sought.to_s is None else min(sought.to_s, now_s)
        start_s = end_s if sought.from_s is None else min(sought.from_s, end_s)
        first = int(start_s) // step_s * step_s
        if (end_s - first) / step_s > MOST_STEPS:
            least = int((end_s - first) / MOST_STEPS) + 1
            raise ValueError(f"these are more than {MOST_STEPS} steps: step_s has to be {least}")
        return cls(first, end_s, step_s)


class Summing(Search):
    """Sums up what it finds, in place of keeping it."""

    reads_all = True

    def __init__(
        self, source: Reader, is_over: Callable[[], bool], end: float, *, span: Span
    ) -> None:
        super().__init__(source, is_over, end)
        self._span = span
        self._kinds: Counter[str] = Counter()
        self._points: dict[int, Counter[str]] = {}
        self._names: Counter[int] = Counter()
        self._blocked: Counter[int] = Counter()
        self._lists: Counter[int] = Counter()

    async def take(self, way: Way, conditions: str, values: list[Any], most: int) -> None:
        """Add up a slice."""
        sql = _SUMS.format(source=way.source, conditions=conditions)
        step_us = self._span.step_s * 1_000_000
        for step, name, outcome, list_id, count in await self.rows(sql, [step_us, *values]):
            kind = Outcome(outcome).kind
            self._kinds[kind] += count
            self._points.setdefault(step, Counter())[kind] += count
            self._names[name] += count
            if kind == "blocked":
                self._blocked[name] += count
                self._lists[list_id] += count
        if len(self._names) > MOST_NAMES:
            raise OutOfTime

    async def told(self, looked_back_to: float | None) -> LogSums:
        """What all of it comes to."""
        span = self._span
        names, blocked, lists = (
            {number: count for number, count in each.most_common(TOP + 1) if number}
            for each in (self._names, self._blocked, self._lists)
        )
        texts = await self._texts("SELECT id, text FROM name", {*names, *blocked})
        titles = await self._texts("SELECT id, name FROM list", lists)
        counts = {kind: self._kinds[kind] for kind in KINDS}
        return {
            "start": span.start_s,
            "end": span.end_s,
            "step_s": span.step_s,
            "totals": {"queries": sum(counts.values()), **counts},  # type: ignore[typeddict-item]  # KINDS are its keys
            "series": [
                self._point(at) for at in range(span.start_s, int(span.end_s) + 1, span.step_s)
            ],
            "top_names": _top(names, texts),
            "top_blocked": _top(blocked, texts),
            "top_lists": [
                {"name": titles.get(number, ""), "count": count}
                for number, count in list(lists.items())[:TOP]
            ],
            "looked_back_to": looked_back_to,
        }

    def _point(self, at: int) -> SeriesPoint:
        found = self._points.get(at // self._span.step_s, Counter())
        return {
            "time": at,
            "queries": found.total(),
            "blocked": found["blocked"],
            "cached": found["cached"],
        }

    async def _texts(self, select: str, numbers: Any) -> dict[int, str]:
        marks = ",".join("?" * len(numbers))
        return dict(await self._source.rows(f"{select} WHERE id IN ({marks})", list(numbers)))


def _top(counts: Mapping[int, int], texts: Mapping[int, str]) -> list[NameCount]:
    """The leading names, without those that are gone."""
    told: list[NameCount] = []
    for number, count in counts.items():
        if name := texts.get(number):
            entry: NameCount = {"name": name, "count": count}
            if (shown := in_unicode(name)) != name:
                entry["name_unicode"] = shown
            told.append(entry)
    return told[:TOP]
