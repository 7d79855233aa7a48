"""Queries of the log that settings are tried on: who asked what, and what applies to them.

The log is read backwards, a span of time at a time, in each of which the same schedules are open.
Whoever the same applies to on both sides is left out.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sinkhole.control.explain.policy_trial import (
    Applying,
    Difference,
    Meeting,
    Met,
    PolicyTrial,
    is_by_rules,
)
from sinkhole.control.explain.turns import in_turns
from sinkhole.control.querylog.recent_queries import Asked, LoggedAsker, RecentQueries

MOST_ASKED: Final = 200_000
"""Different names and types of clients that are judged; some 80 MB. What was asked before the
latest so many is not looked at."""

MOST_MOMENTS: Final = 64
"""Moments at which different schedules are open; what was asked at others is not looked at."""

SPAN_S: Final = 21_600
"""How much of the log is read at a time, as whoever waits for it may go away."""

SLICE: Final = 50
"""Clients of the log recognised in a row, about a millisecond; and rows of it counted in one."""


class NameEffect(NamedTuple):
    """A name that something changes about for a client; `types` are those that it was asked by, and
    the texts those of the rules that decide before and after."""

    name: str
    types: tuple[int, ...]
    queries: int
    difference: Difference
    rule_before: str
    rule_after: str


@dataclass(slots=True)
class ClientEffect:
    """What changes for a client, or for a device without a name, counted in queries.

    `name` is what the settings call it, those on trial before those in force; `text` and `device`
    are of the last that asked as it. `unnamed` are queries of which the log has no name. With
    `hides_names` it has nothing at the `top`.
    """

    name: str
    text: str
    device: str
    groups: tuple[str, str]
    hides_names: bool = False
    queries: int = 0
    unnamed: int = 0
    blocked: int = 0
    freed: int = 0
    changed: int = 0
    top: list[NameEffect] = field(default_factory=list)


class Pair:
    """What applies to some before and after, and what that makes of questions."""

    def __init__(self, before: Applying, after: Applying) -> None:
        self.before = before
        self.after = after
        self.by_rules = is_by_rules(before, after)
        self.known: dict[tuple[int, int], Difference | None] = {}


class Of(NamedTuple):
    """Who is counted together, and by what that is judged."""

    client: ClientEffect
    pair: Pair


class TriedQueries:
    """What those asked to whom other things apply, by the names and types of their questions."""

    def __init__(self, trial: PolicyTrial, log: RecentQueries, at_s: float | None) -> None:
        self.asked: defaultdict[int, dict[tuple[int, int], int]] = defaultdict(dict)
        """Queries by name and type, by the place of who asked in `of`."""
        self.names: set[int] = set()
        """Of all questions, 0 for those without one."""
        self.of: list[Of] = []
        self.since_s = log.end_s
        self.is_partial = False
        self._trial = trial
        self._log = log
        self._at_s = at_s
        self._size = 0
        self._clients: dict[Hashable, ClientEffect] = {}
        self._places: dict[tuple[int, int], int] = {}
        self._pairs: dict[Hashable, Pair] = {}
        self._by_moment: dict[Hashable, dict[int, int]] = {}

    @property
    def clients(self) -> Iterable[ClientEffect]:
        """All that are counted, also those who asked nothing while other things applied."""
        return self._clients.values()

    async def read(self, end_s: float) -> None:
        """Read the log backwards, until enough is read."""
        askers = await self._log.askers()
        spans = await asyncio.to_thread(self._spans)
        for first_s, last_s in reversed(spans):
            if self._size >= MOST_ASKED or time.perf_counter() >= end_s:
                self.is_partial = True
                return
            of = await self._askers_at(first_s, askers)
            if of:
                some = None if len(of) == len(askers) else list(of)
                rows = await self._log.asked(first_s, last_s, some)
                await in_turns(self._take(rows, of))
            self.since_s = first_s

    def _spans(self) -> list[tuple[float, float]]:
        """Spans in which nothing changes by itself, in order."""
        spans, first_s, end_s = [], self._log.start_s, self._log.end_s
        edge_s = self._next_edge(first_s)
        while first_s < end_s:
            last_s = min(first_s + SPAN_S, end_s, edge_s)
            spans.append((first_s, last_s))
            first_s = last_s
            if first_s >= edge_s:
                edge_s = self._next_edge(first_s)
        return spans

    def _next_edge(self, after_s: float) -> float:
        edge_s = self._trial.next_edge(after_s) if self._at_s is None else None
        return self._log.end_s if edge_s is None else edge_s

    async def _askers_at(self, at_s: float, askers: Sequence[LoggedAsker]) -> dict[int, int]:
        """By the numbers of those to whom other things apply at a moment, their places in `of`."""
        at_s = at_s if self._at_s is None else self._at_s
        moment = self._trial.open_at(at_s)
        found = self._by_moment.get(moment)
        if found is None:
            found = self._by_moment[moment] = {}
            if len(self._by_moment) > MOST_MOMENTS:
                self.is_partial = True
                return found
            before, after = map(Meeting, await self._trial.sides(at_s))
            for number, asker in enumerate(askers, start=1):
                was, then = before.of(asker), after.of(asker)
                is_told = was.telling.client and then.telling.client
                if is_told and was.applying.apart != then.applying.apart:
                    found[asker.number] = self._place(asker, was, then)
                if number % SLICE == 0:  # in no thread, as what is known of addresses changes here
                    await asyncio.sleep(0)
        return found

    def _place(self, asker: LoggedAsker, was: Met, then: Met) -> int:
        """The place in `of` of who asks."""
        client = self._client(asker, was, then)
        apart = was.applying.apart, then.applying.apart
        pair = self._pairs.setdefault(apart, Pair(was.applying, then.applying))
        place = self._places.setdefault((id(client), id(pair)), len(self.of))
        if place == len(self.of):
            self.of.append(Of(client, pair))
        return place

    def _client(self, asker: LoggedAsker, was: Met, then: Met) -> ClientEffect:
        name, groups = then.name or was.name, (was.group, then.group)
        hides_names = not (was.telling.names and then.telling.names)
        who: tuple[str, ...] = (name,) if name else ("", asker.device or asker.text)
        text, device = asker.text, asker.device
        if self._trial.hides_clients:
            name, text, device, groups, who = "", "", "", ("", ""), ()
        return self._clients.setdefault(
            (who, groups, hides_names), ClientEffect(name, text, device, groups, hides_names)
        )

    def _take(self, rows: Sequence[Asked], of: dict[int, int]) -> Iterator[None]:
        for number, (asker, name, qtype, queries) in enumerate(rows):
            if (place := of.get(asker)) is not None:
                asked, key = self.asked[place], (name, qtype)
                asked[key] = asked.get(key, 0) + queries
                self.names.add(name)
            if number % SLICE == 0:
                yield
        self._size = sum(map(len, self.asked.values()))
