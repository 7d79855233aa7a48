"""What statistics are made of and kept in, as far as they need to know it.

The query log's writer provides all of it: `querylog` and `stats` don't import
each other, `app` puts them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

AnswerKey = tuple[int, int, int, str]
"""Outcome, type and rcode by number; the name of the list that blocked, or ""."""


class Tally(Protocol):
    """Counts of the queries of one minute, or of a part of it.

    In `names` and `clients`: by number, queries and how many of them were blocked. In
    `upstreams`: exchanges and the sum of their durations in µs. In `durations`: how many queries
    took so many µs.
    """

    @property
    def start_s(self) -> int: ...
    @property
    def answers(self) -> Mapping[Any, int]:
        """Counts by AnswerKey."""
        ...

    @property
    def durations(self) -> Mapping[int, int]: ...
    @property
    def names(self) -> Mapping[int, Sequence[int]]: ...
    @property
    def clients(self) -> Mapping[int, Sequence[int]]: ...
    @property
    def upstreams(self) -> Mapping[str, Sequence[int]]: ...


class Reader(Protocol):
    """Runs SELECTs."""

    async def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...


class Store(Reader, Protocol):
    """The writer's connection; `insert` takes rows of `width` values end to end in one list."""

    async def insert(self, head: str, width: int, values: list[Any], tail: str = "") -> None: ...
