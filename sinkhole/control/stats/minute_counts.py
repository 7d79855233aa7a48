"""What was asked within one minute, counted: what roll-ups and metrics are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from sinkhole.model.record import TRANSPORTS, Batch, Report

Key = TypeVar("Key", int, str)

HOUR_S: Final = 3600


class AnswerKey(NamedTuple):
    """The few things of a report that queries are counted by; `blocked_by` is a list's name.

    `outcome` is the number of an Outcome: enum members are slow to hash.
    """

    outcome: int
    qtype: int
    rcode: int
    blocked_by: str


def answer_key(report: Report) -> AnswerKey:
    """What a report is counted under."""
    outcome = report.verdict.outcome
    blocked_by = report.verdict.cause.list_name if outcome.is_block else ""
    return AnswerKey(int(outcome), report.qtype, report.rcode, blocked_by)


@dataclass(slots=True)
class MinuteCounts:
    """Counts of the queries of one minute, or of the part of it that is not written yet.

    `names` and `clients` go by their numbers in the log's dictionaries; their values are lists of
    two: queries and blocked queries. `upstreams` holds, likewise, exchanges and the sum of their
    durations in µs; `durations` how many queries took so many µs, and `sums_us` how many µs those
    of each outcome took together; `transports` how many came by each of TRANSPORTS, by its place
    there. With `has_uncounted` there are rows that statistics do not count: what leads to these is
    here with a count of 0.
    """

    start_s: int
    answers: Counter[AnswerKey] = field(default_factory=Counter)
    durations: Counter[int] = field(default_factory=Counter)
    sums_us: Counter[int] = field(default_factory=Counter)
    names: dict[int, list[int]] = field(default_factory=dict)
    clients: dict[int, list[int]] = field(default_factory=dict)
    upstreams: dict[str, list[int]] = field(default_factory=dict)
    transports: Counter[int] = field(default_factory=Counter)
    has_uncounted: bool = False

    def add_uncounted(self, name: int, client: int) -> None:
        """Note what leads to a row that is not to count; 0 for no name and no client."""
        self.has_uncounted = True
        if name:
            add_both(self.names, name, 0, 0)
        if client:
            add_both(self.clients, client, 0, 0)

    def add_nameless(self, report: Report, duration_us: int) -> None:
        """Count a query, but neither by name nor by client."""
        self.answers[answer_key(report)] += 1
        self.sums_us[int(report.verdict.outcome)] += duration_us
        if report.verdict.upstream:
            add_both(self.upstreams, report.verdict.upstream, 1, duration_us)

    def add(self, other: MinuteCounts) -> None:
        """Count what another one counted as well."""
        for mine, its in (
            (self.answers, other.answers),
            (self.durations, other.durations),
            (self.sums_us, other.sums_us),
            (self.transports, other.transports),
        ):
            mine.update(its)  # type: ignore[arg-type]  # each pair is of one type
        for name, (first, second) in other.names.items():
            add_both(self.names, name, first, second)
        for client, (first, second) in other.clients.items():
            add_both(self.clients, client, first, second)
        for upstream, (first, second) in other.upstreams.items():
            add_both(self.upstreams, upstream, first, second)
        self.has_uncounted |= other.has_uncounted


def by_hour(minutes: Iterable[MinuteCounts], before_s: float) -> list[MinuteCounts]:
    """The same counts, but one for each hour of what begins before a time."""
    found: dict[int, MinuteCounts] = {}
    for counts in minutes:
        start_s = counts.start_s
        if start_s // HOUR_S * HOUR_S + HOUR_S <= before_s:
            start_s = start_s // HOUR_S * HOUR_S
        found.setdefault(start_s, MinuteCounts(start_s)).add(counts)
    return list(found.values())


def add_both(counts: dict[Key, list[int]], key: Key, first: int, second: int) -> None:
    """Add to both numbers of one entry of names, clients or upstreams."""
    entry = counts.get(key)
    if entry is None:
        counts[key] = [first, second]
    else:
        entry[0] += first
        entry[1] += second


def count_batches(batches: Iterable[Batch]) -> MinuteCounts:
    """Count batches without a database: names and clients have no numbers and are left out."""
    counts = MinuteCounts(0)
    for batch in batches:
        counts.durations[batch.duration_us] += len(batch.records)
        counts.transports[TRANSPORTS.index(batch.channel)] += len(batch.records)
        for report, _ in batch.records:
            counts.add_nameless(report, batch.duration_us)
    return counts
