"""What is asked of where the log is kept: the seam between its logic and an engine.

`SqliteStore` is the file of this sinkhole, and `control/postgres` has the database that several
share. Ids are microseconds since 1970, numbers are a store's own: those of one say nothing to
another. StorageError from all methods where the store can't be read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from sinkhole.control.database import Row
from sinkhole.control.querylog.sought import LoggedClient, Sought
from sinkhole.control.querylog.tally import LogSums, Span
from sinkhole.control.stats.counts import Counts
from sinkhole.model.record import ClientName


class OutOfTime(Exception):
    """A search ends here with what it has: its time is up, or nobody wants it any more."""


class Patience(NamedTuple):
    """How long a search may go on: until `is_over` says so, or `end`, a time of the event loop."""

    is_over: Callable[[], bool]
    end: float


class Looking(Protocol):
    """A search that is underway. `found` are rows as LoggedRow has them, newest first, `reached`
    says how far it looked: all from that id on, but for what a limit has cut off. Both hold when a
    method has raised OutOfTime."""

    found: list[Row]
    reached: int

    async def ends(self) -> tuple[int | None, int | None]:
        """The ids of the oldest and the newest row."""

    async def understand(self, sought: Sought, client_name: ClientName) -> bool:
        """Look for this from now on; whether there may be any. ValueError says what is wrong."""

    async def read(self, start: int, end: int, most: int) -> None:
        """Find the newest rows from id `start` to before `end` until there are `most` of them; all
        with the id of the last one, which nodes may have in common."""


class SummingUp(Looking, Protocol):
    """A search that sums up what it finds."""

    async def told(self, looked_back_to: float | None) -> LogSums:
        """What all of it comes to."""


class RecentName(NamedTuple):
    """How often a name was asked for within an hour, by its number."""

    number: int
    name: str
    queries: int


class AskedFor(NamedTuple):
    """How often somebody, as the log has him, asked for a name, by its number."""

    number: int
    text: str
    device: str
    group: str
    queries: int


class LogStore(Protocol):
    """The log, to read."""

    @property
    def counts(self) -> Counts:
        """Its roll-ups."""

    def searching(self, sought: Sought, patience: Patience) -> AbstractAsyncContextManager[Looking]:
        """A search; RequestError while too many search."""

    def summing(
        self, sought: Sought, patience: Patience, span: Span
    ) -> AbstractAsyncContextManager[SummingUp]:
        """A search that sums up by the steps of a span."""

    async def nodes(self) -> list[str]:
        """The names of all that wrote to it; none where that is this very sinkhole."""

    async def newest(self) -> int:
        """The id of the newest row, 0 for none."""

    async def row(self, ident: int) -> list[Row]:
        """One row as LoggedRow has it, or none."""

    async def numbers_of_device(self, text: str) -> tuple[int, ...]:
        """All clients with an address or id, and of the device that had it last; or of a MAC."""

    async def list_numbers(self, lists: Sequence[str | int]) -> tuple[int, ...]:
        """The numbers of lists that are given by number or name; none for a name it has not."""

    def clients(self) -> AsyncIterator[LoggedClient]:
        """All clients."""

    # ---- what was asked lately, for trials -------------------------------------------------------

    async def names_of_hour(self, hour: int, after: int, most: int) -> list[RecentName]:
        """Names asked for in an hour, from behind a number on."""

    async def asked_for(self, names: Sequence[int], start: int, end: int) -> list[AskedFor]:
        """Who asked for names from `start` to before `end` (seconds), the busiest first."""

    async def askers(self, start: int, end: int) -> list[tuple[str, str, str, int]]:
        """Everybody's text, device and group, and how often they asked, by the hourly sums."""

    async def seen_since(self, hour: int, most: int) -> list[tuple[int, str, str]]:
        """Number, text and device of who asked since an hour, the latest."""

    async def asked(
        self, start: int, end: int, askers: Sequence[int] | None
    ) -> list[tuple[int, int, int, int]]:
        """Client, name, type and how often, of rows from id `start` to before `end`; of some or all
        clients, without what was refused before it was read."""

    async def name_texts(self, numbers: Sequence[int]) -> dict[int, str]:
        """What is written of names."""
