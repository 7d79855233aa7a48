"""What other settings would have changed of what each client asked lately.

Each query of the log is judged twice by the stages of the pipeline, which ask nobody: by what the
settings in force say to whoever asked it, and by what those on trial say; both as it would be at
the time of the query, as schedules are open at their hours, or all as at one moment. Names are
judged, each type by itself; where answers lead is not known. Whoever the same applies to on both
sides is not looked at.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import Final, NamedTuple

from sinkhole.control.explain.policy_trial import (
    Applying,
    Difference,
    PolicyTrial,
    difference,
    is_ruled_alike,
)
from sinkhole.control.explain.tried_queries import ClientEffect, NameEffect, Pair, TriedQueries
from sinkhole.control.explain.turns import in_turns
from sinkhole.control.querylog.recent_queries import RecentQueries
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.model.verdict import Cause

MOST_S: Final = 20.0
"""How long a trial takes; what is not looked at by then stays so."""

MOST_CLIENTS: Final = 50
"""Clients told one by one, those first for whom most changes."""

MOST_NAMES: Final = 10
"""Names told of each client, those asked for most first."""

JUDGED_IN_A_ROW: Final = 8
"""Names judged between two looks at the clock."""


class PolicyEffect(NamedTuple):
    """What changes for all: of queries since `since_s`, as far as other things apply to who asked.

    `is_partial` where not all were looked at. Of the `clients` there are `more` that are not told.
    """

    since_s: float
    queries: int
    unnamed: int
    blocked: int
    freed: int
    changed: int
    is_partial: bool
    clients: list[ClientEffect]
    more: int


async def policy_effect(
    trial: PolicyTrial, log: RecentQueries, at_s: float | None = None
) -> PolicyEffect:
    """What settings on trial would have changed of the log, all of it as at a moment if one is
    given. Works in a thread, a millisecond at a time. StorageError without a log."""
    end_s = time.perf_counter() + MOST_S
    tried = TriedQueries(trial, log, at_s)
    await tried.read(end_s - MOST_S / 2)
    judging = _Judging(tried, await log.texts(list(tried.names)), end_s)
    await in_turns(judging.run())
    clients = sorted((each for each in tried.clients if each.queries), key=_rank)
    return PolicyEffect(
        tried.since_s,
        sum(each.queries for each in clients),
        sum(each.unnamed for each in clients),
        sum(each.blocked for each in clients),
        sum(each.freed for each in clients),
        sum(each.changed for each in clients),
        tried.is_partial or judging.is_partial,
        clients[:MOST_CLIENTS],
        len(clients[MOST_CLIENTS:]),
    )


def _rank(client: ClientEffect) -> tuple[int, int, int, str]:
    return -client.blocked - client.freed, -client.changed, -client.queries, client.name


class _Changed:
    """What changes about a name, counted."""

    def __init__(self, name: int, told: Difference, pair: Pair) -> None:
        self.name = name
        self.difference = told
        self.pair = pair
        self.types: list[int] = []
        self.queries = 0


class _Judging:
    """Judges what was asked, and counts for each client what changes."""

    def __init__(self, tried: TriedQueries, texts: dict[int, str], end_s: float) -> None:
        self.is_partial = False
        self._tried = tried
        self._texts = texts
        self._end_s = end_s
        self._same: dict[Difference, Difference] = {}
        self._rules: dict[Hashable, str] = {}

    def run(self) -> Iterator[None]:
        """All of it, a step at a time; reads the texts of rules from the disk."""
        by_client: defaultdict[int, list[int]] = defaultdict(list)
        for place in self._tried.asked:
            by_client[id(self._tried.of[place].client)].append(place)
        for places in by_client.values():
            changes: dict[tuple[int, Difference], _Changed] = {}
            for place in places:
                yield from self._judge(place, changes)
            yield from self._tell(self._tried.of[places[0]].client, changes)

    def _judge(self, place: int, changes: dict[tuple[int, Difference], _Changed]) -> Iterator[None]:
        client, pair = self._tried.of[place]
        for number, ((name, qtype), queries) in enumerate(self._tried.asked[place].items()):
            if number % JUDGED_IN_A_ROW == 0:
                yield
                if time.perf_counter() >= self._end_s:
                    self.is_partial = True
                    return
            client.queries += queries
            if not name:
                client.unnamed += queries
            elif (told := self._told(pair, name, qtype)) is not None:
                _count(client, told, queries)
                changed = changes.get((name, told))
                if changed is None:
                    changed = changes[name, told] = _Changed(name, told, pair)
                changed.types.append(qtype)
                changed.queries += queries

    def _told(self, pair: Pair, name: int, qtype: int) -> Difference | None:
        """What changes about a question; worked out once for all to whom the same applies."""
        key = name, qtype
        if key not in pair.known:
            told = self._judged(pair, self._texts.get(name), qtype)
            pair.known[key] = self._same.setdefault(told, told) if told else None
        return pair.known[key]

    def _judged(self, pair: Pair, name: str | None, qtype: int) -> Difference | None:
        if name is None:  # which the log has lost
            return None
        try:
            question = Question(from_text(name), qtype)
        except ValueError:  # what the log has is no name
            return None
        if pair.by_rules and is_ruled_alike(question, pair.before, pair.after):
            return None
        return difference(question, pair.before, pair.after)

    def _tell(
        self, client: ClientEffect, changes: dict[tuple[int, Difference], _Changed]
    ) -> Iterator[None]:
        """Put the names that most changes about at the top of a client."""
        if client.hides_names:
            return
        ranked = sorted(changes.values(), key=self._rank_of)
        for each in ranked[:MOST_NAMES]:
            told, pair = each.difference, each.pair
            client.top.append(
                NameEffect(
                    self._texts[each.name],
                    tuple(sorted(set(each.types))),
                    each.queries,
                    told,
                    self._rule(pair.before, told.before.cause),
                    self._rule(pair.after, told.after.cause),
                )
            )
            yield

    def _rank_of(self, changed: _Changed) -> tuple[bool, int, str]:
        is_minor = changed.difference.becomes == "changed"
        return is_minor, -changed.queries, self._texts[changed.name]

    def _rule(self, applying: Applying, cause: Cause) -> str:
        """The text of the rule of a cause."""
        rules = applying.group.filter
        key = id(rules), cause
        if key not in self._rules:
            text = rules.rule_text(cause) if isinstance(rules, Selection) else cause.rule
            self._rules[key] = text
        return self._rules[key]


def _count(client: ClientEffect, told: Difference, queries: int) -> None:
    if told.becomes == "blocked":
        client.blocked += queries
    elif told.becomes == "freed":
        client.freed += queries
    else:
        client.changed += queries
