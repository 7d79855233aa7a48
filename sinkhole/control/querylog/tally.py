"""What rows come to, counted as they are found: how many, when, which names, and who decided.

The roll-ups count by one thing each. What one device asked for, say, is in the rows alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple, TypedDict

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


class Tally:
    """Counts what was found, `span` step by step."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self._kinds: Counter[str] = Counter()
        self._points: dict[int, Counter[str]] = {}
        self._names: Counter[int] = Counter()
        self._blocked: Counter[int] = Counter()
        self._lists: Counter[int] = Counter()

    @property
    def is_full(self) -> bool:
        """Whether no more names may be counted."""
        return len(self._names) > MOST_NAMES

    def add(self, step: int, name: int, outcome: int, list_id: int, count: int) -> None:
        """Some rows that have all of that in common."""
        kind = Outcome(outcome).kind
        self._kinds[kind] += count
        self._points.setdefault(step, Counter())[kind] += count
        self._names[name] += count
        if kind == "blocked":
            self._blocked[name] += count
            self._lists[list_id] += count

    def leading(self) -> tuple[set[int], set[int]]:
        """The numbers of the names and of the lists that will be told, but for 0."""
        names = {*_most(self._names), *_most(self._blocked)}
        return names, set(_most(self._lists))

    def told(
        self, names: Mapping[int, str], lists: Mapping[int, str], looked_back_to: float | None
    ) -> LogSums:
        """What all of it comes to, with what is written of names and lists."""
        span = self.span
        counts = {kind: self._kinds[kind] for kind in KINDS}
        return {
            "start": span.start_s,
            "end": span.end_s,
            "step_s": span.step_s,
            "totals": {"queries": sum(counts.values()), **counts},  # type: ignore[typeddict-item]  # KINDS are its keys
            "series": [
                self._point(at) for at in range(span.start_s, int(span.end_s) + 1, span.step_s)
            ],
            "top_names": _top(_most(self._names), names),
            "top_blocked": _top(_most(self._blocked), names),
            "top_lists": [
                {"name": lists.get(number, ""), "count": count}
                for number, count in list(_most(self._lists).items())[:TOP]
            ],
            "looked_back_to": looked_back_to,
        }

    def _point(self, at: int) -> SeriesPoint:
        found = self._points.get(at // self.span.step_s, Counter())
        return {
            "time": at,
            "queries": found.total(),
            "blocked": found["blocked"],
            "cached": found["cached"],
        }


def _most(counts: Counter[int]) -> dict[int, int]:
    """The leading ones, but for 0, which stands for none."""
    return {number: count for number, count in counts.most_common(TOP + 1) if number}


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
