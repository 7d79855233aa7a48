"""What other rules would have changed of what the household asked lately."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from sinkhole.control.explain.trial import Becomes, Trial
from sinkhole.control.querylog.recent_names import MOST_CLIENTS, RecentName, RecentNames
from sinkhole.dns.wire.name import from_text

MOST_NAMES: Final = 500_000
"""Distinct names that are looked at; some 100 MB. A log with more is not read to its end."""

MOST_TOUCHED: Final = 5_000
"""Names asked for by client, where it depends on the client what changes."""

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
    clients: list[tuple[str, int]]


class Effect(NamedTuple):
    """What would have changed of the names and queries of a time; `is_partial` where not all were
    looked at. `top` are the changed names asked for most."""

    names: int
    queries: int
    names_blocked: int
    queries_blocked: int
    names_freed: int
    queries_freed: int
    is_partial: bool
    top: list[ChangedName]


async def effect(trial: Trial, names: RecentNames, client: str | None = None) -> Effect:
    """What a trial would have changed, for all clients or one, as the log writes it.

    Names are counted as the hourly sums have them, and by client from the rows of the log, where
    there are any. Works in a thread, a millisecond at a time. StorageError without a log.
    """
    gathering = _Gathering(trial)
    async for page in names.pages():
        if not await _in_turns(gathering, page):
            break
    counting = _Counting(trial, client)
    if client is None and not trial.asks_clients:
        for number, (name, queries) in gathering.touched.items():
            counting.add(number, name, "", queries)
    else:
        await counting.by_client(gathering, names)
    total = gathering.queries if client is None else await names.queries_of(client)
    return await counting.found(names, len(gathering.seen), total, gathering.is_partial)


async def _in_turns(gathering: _Gathering, page: Sequence[RecentName]) -> bool:
    """Take a page; False when enough names have been looked at."""
    place = 0
    while place < len(page) and not gathering.is_partial:
        place = await asyncio.to_thread(gathering.take, page, place)
    return not gathering.is_partial


class _Gathering:
    """The names that rules of a trial are about, of all that were asked for."""

    def __init__(self, trial: Trial) -> None:
        self.seen: dict[int, bool] = {}
        """By number of a name, whether a rule is about it."""
        self.touched: dict[int, tuple[str, int]] = {}
        self.queries = 0
        self.is_partial = False
        self._trial = trial

    def take(self, page: Sequence[RecentName], place: int) -> int:
        """Look at names from a place on for one turn; the place to go on from."""
        end = time.perf_counter() + TURN_S
        while place < len(page) and time.perf_counter() < end:
            number, name, queries = page[place]
            is_touched = self.seen.get(number)
            if is_touched is None:
                if len(self.seen) >= MOST_NAMES:
                    self.is_partial = True
                    break
                is_touched = self.seen[number] = self._is_touched(name)
            self.queries += queries
            if is_touched:
                _, before = self.touched.get(number, (name, 0))
                self.touched[number] = name, before + queries
            place += 1
        return place

    def _is_touched(self, name: str) -> bool:
        wire_name = _wire(name)
        return wire_name is not None and self._trial.may_change(wire_name)


class _Counting:
    """What changes about the names that rules are about, counted."""

    def __init__(self, trial: Trial, client: str | None) -> None:
        self.is_partial = False
        self._trial = trial
        self._client = client
        self._changed: dict[tuple[int, Becomes], tuple[str, int]] = {}
        self._clients: dict[tuple[int, Becomes], list[tuple[str, int]]] = {}
        """Who asked for a changed name, the busiest first, where it was asked by client."""

    def add(self, number: int, name: str, client: str, queries: int) -> None:
        """Judge a name for a client, "" for whoever asks."""
        wire_name = _wire(name)
        becomes = self._trial.change(wire_name, client) if wire_name is not None else None
        if becomes is not None:
            _, before = self._changed.get((number, becomes), (name, 0))
            self._changed[number, becomes] = name, before + queries
            if client:
                self._clients.setdefault((number, becomes), []).append((client, queries))

    async def by_client(self, gathering: _Gathering, names: RecentNames) -> None:
        """Judge each name for each client that asked for it, or for the one that is wanted."""
        ranked = sorted(gathering.touched, key=lambda each: -gathering.touched[each][1])
        self.is_partial = len(ranked) > MOST_TOUCHED
        counts = await names.counts(ranked[:MOST_TOUCHED], self._client)
        for number, client, queries in counts:
            self.add(number, gathering.touched[number][0], client, queries)

    async def found(self, names: RecentNames, asked: int, queries: int, is_partial: bool) -> Effect:
        """The sums, with who asked for the top names."""
        ranked = sorted(self._changed.items(), key=lambda each: (-each[1][1], each[1][0]))
        top = ranked[:TOP]
        known = self._clients
        unknown = [place[0] for place, _ in top if place not in known]
        clients = await names.clients(unknown) if unknown else {}
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
                    known.get((number, becomes), clients.get(number, []))[:MOST_CLIENTS],
                )
                for (number, becomes), (name, count) in top
            ],
        )


def _wire(name: str) -> bytes | None:
    try:
        return from_text(name).lower()
    except ValueError:
        return None
