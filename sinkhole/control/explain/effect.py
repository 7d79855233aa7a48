"""What other rules would have changed of what the household asked lately."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sinkhole.control.explain.audience import Asker, Whose
from sinkhole.control.explain.trial import Becomes, Trial
from sinkhole.control.querylog.recent_names import (
    MOST_CLIENTS,
    NAMES_AT_ONCE,
    AskedBy,
    RecentNames,
)
from sinkhole.control.querylog.store import RecentName
from sinkhole.dns.wire.name import from_text

MOST_NAMES: Final = 500_000
"""Distinct names that are looked at; some 100 MB. A log with more is not read to its end."""

MOST_TOUCHED: Final = 5_000
"""Names looked for by client, where it depends on the client what changes."""

TOP: Final = 20
"""Names told one by one, those asked for most."""

TURN_S: Final = 0.001
"""How long names are judged before others get their turn."""


class ChangedName(NamedTuple):
    """A name that would be blocked, or freed; how often it was asked for, and by whom, the busiest
    clients first."""

    name: str
    becomes: Becomes
    queries: int
    clients: list[tuple[AskedBy, int]]


class ChangedFor(NamedTuple):
    """A client, and how many of its queries would be blocked or freed."""

    client: AskedBy
    blocked: int
    freed: int


class Effect(NamedTuple):
    """What would have changed of the names and queries of a time; `is_partial` where not all were
    looked at. `top` are the changed names asked for most, `clients` who asked for changed names, of
    the NAMES_AT_ONCE that were asked for most where everybody is judged alike."""

    names: int
    queries: int
    names_blocked: int
    queries_blocked: int
    names_freed: int
    queries_freed: int
    is_partial: bool
    top: list[ChangedName]
    clients: list[ChangedFor]


async def effect(trial: Trial, names: RecentNames, whose: Whose | None = None) -> Effect:
    """What a trial would have changed, for all clients or some.

    Names are counted as the hourly sums have them; those of which it depends on the client what
    becomes of them, and the names of some clients, from the rows of the log, where there are any.
    Works in a thread, a millisecond at a time. StorageError without a log.
    """
    gathering = _Gathering(trial, by_sums=whose is None)
    async for page in names.pages():
        if not await _in_turns(gathering, page):
            break
    counting = _Counting(trial, whose)
    counting.by_sums(gathering)
    await counting.by_client(gathering, names)
    total = gathering.queries
    if whose is not None:
        total = sum(queries for client, queries in await names.askers() if whose(client))
    return await counting.found(names, len(gathering.seen), total, gathering.is_partial)


async def _in_turns(gathering: _Gathering, page: Sequence[RecentName]) -> bool:
    """Take a page; False when enough names have been looked at."""
    place = 0
    while place < len(page) and not gathering.is_partial:
        place = await asyncio.to_thread(gathering.take, page, place)
    return not gathering.is_partial


class _Touched(NamedTuple):
    """A name that rules of a trial are about, how often it was asked for; what becomes of it for
    everybody, where `is_same`."""

    name: str
    queries: int
    is_same: bool
    becomes: Becomes | None


class _Gathering:
    """The names that rules of a trial are about, of all that were asked for; `by_sums` is whether
    what is the same for everybody need not be looked for by client."""

    def __init__(self, trial: Trial, *, by_sums: bool) -> None:
        self.seen: set[int] = set()
        """The numbers of all names."""
        self.touched: dict[int, _Touched] = {}
        self.queries = 0
        self.is_partial = False
        self._trial = trial
        self._by_sums = by_sums

    def take(self, page: Sequence[RecentName], place: int) -> int:
        """Look at names from a place on for one turn; the place to go on from."""
        end = time.perf_counter() + TURN_S
        while place < len(page) and time.perf_counter() < end:
            number, name, queries = page[place]
            if number not in self.seen:
                if len(self.seen) >= MOST_NAMES:
                    self.is_partial = True
                    break
                self.seen.add(number)
                self._look_at(number, name)
            self.queries += queries
            if number in self.touched:
                touched = self.touched[number]
                self.touched[number] = touched._replace(queries=touched.queries + queries)
            place += 1
        return place

    def _look_at(self, number: int, name: str) -> None:
        wire_name, trial = _wire(name), self._trial
        if wire_name is None or not trial.may_change(wire_name):
            return
        is_same = self._by_sums and not trial.asks_clients(wire_name)
        becomes = trial.change(wire_name) if is_same else None
        self.touched[number] = _Touched(name, 0, is_same, becomes)


class _Counting:
    """What changes about the names that rules are about, counted."""

    def __init__(self, trial: Trial, whose: Whose | None) -> None:
        self.is_partial = False
        self._trial = trial
        self._whose = whose
        self._changed: dict[tuple[int, Becomes], tuple[str, int]] = {}
        self._clients: dict[tuple[int, Becomes], list[tuple[AskedBy, int]]] = {}
        """Who asked for a changed name, the busiest first, where it was asked by client."""
        self._askers: dict[AskedBy, Asker | None] = {}
        """Everybody met; None for who is not meant."""

    def by_sums(self, gathering: _Gathering) -> None:
        """Count each name of which the same becomes for everybody."""
        for number, (name, queries, _, becomes) in gathering.touched.items():
            if becomes is not None:
                self._changed[number, becomes] = name, queries

    async def by_client(self, gathering: _Gathering, names: RecentNames) -> None:
        """Judge each other name for each client that asked for it, of those who are meant."""
        touched = gathering.touched
        others = [number for number, each in touched.items() if not each.is_same]
        ranked = sorted(others, key=lambda each: -touched[each].queries)
        self.is_partial = len(ranked) > MOST_TOUCHED
        counts = await names.counts(ranked[:MOST_TOUCHED]) if ranked else []
        place = 0
        while place < len(counts):
            place = await asyncio.to_thread(self._judge, counts, touched, place)

    def _judge(
        self,
        counts: Sequence[tuple[int, AskedBy, int]],
        touched: Mapping[int, _Touched],
        place: int,
    ) -> int:
        """Judge names from a place on for one turn; the place to go on from."""
        end = time.perf_counter() + TURN_S
        while place < len(counts) and time.perf_counter() < end:
            number, client, queries = counts[place]
            self._add(number, touched[number].name, client, queries)
            place += 1
        return place

    def _add(self, number: int, name: str, client: AskedBy, queries: int) -> None:
        if client not in self._askers:
            is_meant = self._whose is None or self._whose(client)
            self._askers[client] = self._trial.audience.asker(client) if is_meant else None
        wire_name, asker = _wire(name), self._askers[client]
        if asker is None or wire_name is None:
            return
        becomes = self._trial.change(wire_name, asker)
        if becomes is not None:
            _, before = self._changed.get((number, becomes), (name, 0))
            self._changed[number, becomes] = name, before + queries
            self._clients.setdefault((number, becomes), []).append((client, queries))

    async def found(self, names: RecentNames, asked: int, queries: int, is_partial: bool) -> Effect:
        """The sums, with who asked for the top names."""
        ranked = sorted(self._changed.items(), key=lambda each: (-each[1][1], each[1][0]))
        await self._ask_who([place for place, _ in ranked], names)
        blocked = [count for (_, becomes), (_, count) in ranked if becomes == "blocked"]
        freed = [count for (_, becomes), (_, count) in ranked if becomes == "freed"]
        return Effect(
            names=asked,
            queries=queries,
            names_blocked=len(blocked),
            queries_blocked=sum(blocked),
            names_freed=len(freed),
            queries_freed=sum(freed),
            is_partial=is_partial or self.is_partial,
            top=[
                ChangedName(
                    name,
                    becomes,
                    count,
                    self._clients.get((number, becomes), [])[:MOST_CLIENTS],
                )
                for (number, becomes), (name, count) in ranked[:TOP]
            ],
            clients=self._by_whom(),
        )

    async def _ask_who(self, ranked: Sequence[tuple[int, Becomes]], names: RecentNames) -> None:
        """Find out who asked for the changed names asked for most, where that is not known."""
        unknown = dict(each for each in ranked if each not in self._clients)
        asked = list(unknown)[:NAMES_AT_ONCE]
        for number, client, queries in await names.counts(asked) if asked else ():
            self._clients.setdefault((number, unknown[number]), []).append((client, queries))

    def _by_whom(self) -> list[ChangedFor]:
        """What changes for each client."""
        found: dict[AskedBy, ChangedFor] = {}
        for (_, becomes), clients in self._clients.items():
            for client, queries in clients:
                before = found.get(client) or ChangedFor(client, 0, 0)
                found[client] = before._replace(**{becomes: getattr(before, becomes) + queries})
        return list(found.values())


def _wire(name: str) -> bytes | None:
    try:
        return from_text(name).lower()
    except ValueError:
        return None
