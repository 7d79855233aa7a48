"""What is asked, told as it happens to whoever follows: also what is not written for want of room.

It costs nothing while nobody follows. Who is slow, or follows more than anybody can read, misses
the oldest, and is told how many.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Final

from sinkhole.control.querylog.logged_query import LoggedQuery, logged_queries
from sinkhole.control.querylog.placing import Placing
from sinkhole.control.querylog.privacy import Privacy
from sinkhole.control.querylog.rule_texts import RuleTexts
from sinkhole.control.querylog.terms import LogTerms
from sinkhole.control.querylog.told_row import told_row
from sinkhole.model.errors import RequestError
from sinkhole.model.record import TRANSPORTS, Batch, RecordBuffer, Report, Who

log = logging.getLogger(__name__)

MOST_FOLLOWERS: Final = 32
MOST_AT_ONCE: Final = 500
"""Queries told of each time, every fifth of a second; more than that nobody reads."""

_Told = tuple[int, Report, Who, int, str]
"""A query to tell of: its id, report, who asked, duration_us and channel."""


class Follower:
    """The queries that come from now on, oldest first: `async for query in follower`.

    Whoever opened it closes it, best by `with`. `missed` counts queries that were not told of, as
    more than `limit` waited to be taken. The iteration ends when the log is closed.
    """

    def __init__(self, tails: Tails, limit: int) -> None:
        self.missed = 0
        self._tails = tails
        self._limit = limit
        self._queries: deque[LoggedQuery] = deque()
        self._has_some = asyncio.Event()
        self._is_closed = False

    def __enter__(self) -> Follower:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> Follower:
        return self

    async def __anext__(self) -> LoggedQuery:
        while not self._queries:
            if self._is_closed:
                raise StopAsyncIteration
            self._has_some.clear()
            await self._has_some.wait()
        return self._queries.popleft()

    def waiting(self) -> list[LoggedQuery]:
        """All that wait to be taken, at once."""
        queries = list(self._queries)
        self._queries.clear()
        return queries

    def close(self) -> None:
        """Follow no more; what waits may still be taken."""
        self._is_closed = True
        self._tails.leave(self)
        self._has_some.set()

    def tell(self, queries: list[LoggedQuery], missed: int) -> None:
        """Add what was asked, `missed` queries before it not told."""
        self._queries.extend(queries)
        while len(self._queries) > self._limit:
            self._queries.popleft()
            missed += 1
        self.missed += missed
        self._has_some.set()


class Tails:
    """All who follow; true while there is anybody."""

    def __init__(self) -> None:
        self._followers: list[Follower] = []
        self._noted: list[Batch] = []
        self._placing = Placing(0)
        self._next = 0

    def __len__(self) -> int:
        return len(self._followers)

    def open(self, limit: int, placing: Placing, number: int) -> Follower:
        """Another follower, of batches from a `number` on, whose ids `placing` will give.

        RequestError when there are MOST_FOLLOWERS.
        """
        if len(self._followers) >= MOST_FOLLOWERS:
            raise RequestError(
                "too_many",
                "log.followers",
                f"{MOST_FOLLOWERS} follow the log already: end one of them first",
            )
        if not self._followers:
            self._noted, self._placing, self._next = [], placing, number
        follower = Follower(self, limit)
        self._followers.append(follower)
        return follower

    def leave(self, follower: Follower) -> None:
        """One follows no more."""
        if follower in self._followers:
            self._followers.remove(follower)

    def close(self) -> None:
        """There is nothing to follow any more."""
        for each in list(self._followers):
            each.close()

    def note(self, end: int, batches: list[Batch]) -> None:
        """These batches leave the buffer, the last of them with the number before `end`."""
        if self._followers and end > self._next:
            self._noted += batches[self._next - end :]
            self._next = end

    async def show(
        self,
        buffer: RecordBuffer,
        rules: RuleTexts,
        terms: LogTerms,
        list_ids: Mapping[str, int],
    ) -> None:
        """Tell of all that was noted, and of what still waits in the buffer; never raises.

        `list_ids` are the numbers of lists, as far as they are known.
        """
        try:
            await self._show(buffer, rules, terms, list_ids)
        except Exception:  # nobody's rows may be lost for it
            log.exception("query log: a bug in telling who follows")

    async def _show(
        self,
        buffer: RecordBuffer,
        rules: RuleTexts,
        terms: LogTerms,
        list_ids: Mapping[str, int],
    ) -> None:
        end = buffer.gone + buffer.batches
        batches = self._noted + (buffer.since(self._next) if end > self._next else [])
        self._noted, self._next = [], max(end, self._next)
        told, missed = self._placed(batches, terms.privacy)
        if not told and not missed:
            return
        await rules.learn({report for _, report, *_ in told})
        rows = [
            told_row(report, who, rules, terms)._replace(
                id=ident,
                duration_us=duration_us,
                transport=TRANSPORTS.index(channel),
                list_id=list_ids.get(report.verdict.cause.list_name, 0),
            )
            for ident, report, who, duration_us, channel in told
        ]
        queries = logged_queries(rows, terms.privacy.client_name)
        for follower in self._followers:
            follower.tell(queries, missed)

    def _placed(self, batches: list[Batch], privacy: Privacy) -> tuple[list[_Told], int]:
        """The newest queries of these, with their ids, and how many others there are."""
        told: deque[_Told] = deque()
        missed = 0
        for batch in batches:
            first = self._placing.place(batch.time_s, len(batch.records))
            for ident, (report, who) in enumerate(batch.records, first):
                if privacy.tells(report, who):
                    told.append((ident, report, who, batch.duration_us, batch.channel))
            while len(told) > MOST_AT_ONCE:
                told.popleft()
                missed += 1
        return list(told), missed
