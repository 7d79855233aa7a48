"""Rows of querylog.db summed up as they are found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sinkhole.control.database import Reader
from sinkhole.control.querylog.search import Search, Way
from sinkhole.control.querylog.store import OutOfTime, Patience
from sinkhole.control.querylog.tally import LogSums, Span, Tally

_SUMS: Final = (
    "SELECT q.id / ?, q.name, a.outcome, a.list, count(*) {source}"
    " CROSS JOIN account AS a ON a.id = q.account WHERE {conditions} GROUP BY 1, 2, 3, 4"
)


class Summing(Search):
    """Sums up what it finds, in place of keeping it."""

    reads_all = True

    def __init__(self, source: Reader, patience: Patience, *, span: Span) -> None:
        super().__init__(source, patience)
        self._tally = Tally(span)

    async def take(self, way: Way, conditions: str, values: list[Any], most: int) -> None:
        """Add up a slice."""
        sql = _SUMS.format(source=way.source, conditions=conditions)
        step_us = self._tally.span.step_s * 1_000_000
        for row in await self.rows(sql, [step_us, *values]):
            self._tally.add(*row)
        if self._tally.is_full:
            raise OutOfTime

    async def told(self, looked_back_to: float | None) -> LogSums:
        """What all of it comes to."""
        names, lists = self._tally.leading()
        return self._tally.told(
            await self._texts("SELECT id, text FROM name", names),
            await self._texts("SELECT id, name FROM list", lists),
            looked_back_to,
        )

    async def _texts(self, select: str, numbers: Iterable[int]) -> dict[int, str]:
        wanted = list(numbers)
        marks = ",".join("?" * len(wanted))
        return dict(await self._source.rows(f"{select} WHERE id IN ({marks})", wanted))
