"""The query log of another server, taken into ours: told first, then each query once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

from sinkhole.control.imports.adguardhome.queries import AdGuardQueries
from sinkhole.control.imports.past import MOST_LISTS, PastLog, Piece, lists_of
from sinkhole.control.imports.pihole.queries import PiholeQueries
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Output, Upload, operation
from sinkhole.control.operations.refusals import refusal, understood, with_log
from sinkhole.control.querylog import (
    LogTerms,
    PastSlice,
    PastTerms,
    QueryLog,
    taken_up_to,
    terms_of,
)
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import StorageError
from sinkhole.model.record import Batch

IMPORT: Final = "imports.log"


class LogImportOptions(Input):
    """Which program a file is of, and what its lists are called here."""

    source: Literal["adguardhome", "pihole"] = Field(description="The program that wrote the file.")
    lists: list[str] = Field(
        default=[],
        max_length=MOST_LISTS,
        description="What its lists are called here, by their numbers there, as the import of its "
        "settings tells.",
        examples=[["1700000000=Ads"]],
    )
    dry_run: bool = Field(default=False, description="Only tell what would be taken.")


class LogImportWanted(LogImportOptions, Upload):
    """A query log of another program."""


class LogImported(Output):
    """What was taken, or would be."""

    program: str = Field(examples=["AdGuard Home"])
    rows: int = Field(description="Queries that stand in the log now.")
    counted: int = Field(description="Queries that are only in the statistics: too old for a row.")
    left_out: int = Field(description="Queries that are too old for either, or are yet to come.")
    damaged: int = Field(description="What could not be read.")
    begins: float | None = Field(description="When the first was answered, in seconds since 1970.")
    ends: float | None = Field(description="When the last one was.")
    has_begun: bool = Field(
        description="Whether some of the file was taken before, and is not now."
    )


@operation(
    IMPORT,
    Permission.LOG_WRITE,
    changes=True,
    audited=frozenset({"source"}),
)
async def queries(house: House, actor: Actor, given: LogImportWanted) -> LogImported:
    """Take over the queries of AdGuard Home (querylog.json, or querylog.json.1) or Pi-hole
    (pihole-FTL.db), into the log and the statistics.

    They stand there at their own times. What is taken is not taken again, also if the file has
    grown since: then the rest is. Who is interrupted goes on where it ended by the same call.
    Privacy and the time for which rows are kept count as for queries of now.
    """
    underway = refusal("conflict", "too_many_underway", "a query log is being imported already")
    with house.underway.one_of(1, IMPORT, underway), understood("import_invalid"), with_log():
        past = await _opened(given)
        settings = house.settings.settings
        terms = terms_of(settings.query_log, settings.stats, house.client_name)
        if given.dry_run and not house.is_serving:  # nothing is made, not even an empty log
            return await _looked_at(house, past, terms)
        async with house.log_to_write() as log:
            if given.dry_run:
                return await _looked_at(house, past, terms)
            return await _taken(house, past, terms, log)


async def _opened(given: LogImportWanted) -> PastLog:
    lists: Mapping[int, str] = lists_of(given.lists)
    if given.source == "adguardhome":
        return await AdGuardQueries.open(given.file, lists)
    return await PiholeQueries.open(given.file, lists)


async def _looked_at(house: House, past: PastLog, terms: LogTerms) -> LogImported:
    """What would be taken."""
    try:
        start = await taken_up_to(house.log_reader().rows, past.identity)
    except StorageError:
        if house.is_serving:
            raise
        start = 0  # there is no log yet
    sums = _Sums(past, terms, start)
    async for piece in past.pieces(start):
        sums.rows += sums.add(piece)[1]
    return sums.told()


async def _taken(house: House, past: PastLog, terms: LogTerms, log: QueryLog) -> LogImported:
    start = await taken_up_to(house.log_reader().rows, past.identity)
    sums = _Sums(past, terms, start)
    writing: asyncio.Future[int] | None = None
    async for piece in past.pieces(start):  # the next is read while one is written
        kept, _ = sums.add(piece)
        before = writing
        writing = log.take_over(PastSlice(past.identity, piece.position, kept))
        sums.rows += await before if before is not None else 0
    sums.rows += await writing if writing is not None else 0
    return sums.told()


class _Sums:
    """What has come of a log until now."""

    def __init__(self, past: PastLog, terms: LogTerms, start: int) -> None:
        self.rows = 0
        self._program = past.program
        self._terms = PastTerms(terms, time.time())
        self._has_begun = start > 0
        self._counted = self._left_out = self._damaged = 0
        self._begins: float | None = None
        self._ends: float | None = None

    def add(self, piece: Piece) -> tuple[list[Batch], int]:
        """What of a piece is kept, and how many rows that should make."""
        kept = self._terms.sorted_out(piece.batches)
        rows = sum(map(self._terms.has_row, kept))
        self._counted += len(kept) - rows
        self._left_out += len(piece.batches) - len(kept)
        self._damaged += piece.damaged
        times = [each.time_s for each in kept]
        self._begins = min([*times, *_known(self._begins)], default=None)
        self._ends = max([*times, *_known(self._ends)], default=None)
        return kept, rows

    def told(self) -> LogImported:
        """All of it."""
        return LogImported(
            program=self._program,
            rows=self.rows,
            counted=self._counted,
            left_out=self._left_out,
            damaged=self._damaged,
            begins=self._begins,
            ends=self._ends,
            has_begun=self._has_begun,
        )


def _known(moment: float | None) -> tuple[float, ...]:
    return () if moment is None else (moment,)
