"""What statistics ask of where the roll-ups are kept: the seam between their logic and an engine.

Moments are seconds since 1970. All but series are told from `start` to `end`, both included, by
when an hour, or a minute, begins: what a clock that was ahead has stamped counts when its time has
come.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Step(NamedTuple):
    """What became of some queries of a step that begins `at`; `timed` of them took `sum_us`."""

    at: int
    outcome: int
    queries: int
    timed: int
    sum_us: int


class TopName(NamedTuple):
    """One of the names most asked for (`kind` 0), or most blocked (1)."""

    kind: int
    name: str
    queries: int


class TopClient(NamedTuple):
    """How much a client asked: a device under the address or id that it asked by most."""

    client: str
    device: str
    queries: int
    blocked: int


class ListStep(NamedTuple):
    """How many queries a list refused in a step, which is counted from 0."""

    step: int
    name: str
    queries: int


class Counts(Protocol):
    """The roll-ups, to read; StorageError from all methods where they can't be."""

    def of_node(self, name: str) -> Counts:
        """Those of one node by its name, of all for ""; StorageError where only one is known."""

    async def reset_at(self) -> int:
        """When statistics were begun anew."""

    async def steps(self, start: int, end: int, step_s: int) -> list[Step]:
        """What became of queries, in steps of so many seconds since 1970."""

    async def latencies(self, start: int, end: int) -> dict[int, int]:
        """How many queries took how long, by buckets of `histogram`."""

    async def top_names(self, start: int, end: int, most: int, *, by_day: bool) -> list[TopName]:
        """The leading names of both kinds, counted by the hour or, for a long time, by the day."""

    async def top_clients(self, start: int, end: int, most: int) -> list[TopClient]:
        """Who asked most. What a device asked before its MAC was known stays apart, by address."""

    async def top_lists(self, start: int, end: int, most: int) -> list[tuple[str, int]]:
        """The lists that refused most, and how many queries."""

    async def upstreams(self, start: int, end: int, most: int) -> list[tuple[str, int, int]]:
        """Who was asked most: its name, how often, and how many µs that took together."""

    async def transports(self, start: int, end: int) -> list[tuple[int, int]]:
        """How many queries came by each of TRANSPORTS, by its place there."""

    async def list_steps(self, start: int, end: int, begin: int, step_s: int) -> list[ListStep]:
        """What each list refused, in steps that are counted from `begin`."""

    async def list_hits(self, day: int, start: int, end: int) -> list[tuple[str, int, int]]:
        """How many queries each list refused since `day`, and since `start`."""
