"""Rules that are in force for a time, as they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.state.file import StateFile
from sinkhole.control.state.schema import packed, stamp_of
from sinkhole.model.stamp import Stamp


class TemporaryRule(NamedTuple):
    """A rule in the syntax of lists, in force since `began`, for `seconds`; `by` made it, `note`
    says what for."""

    number: int
    text: str
    began: Stamp
    seconds: float
    by: str
    note: str = ""

    def left_s(self, now: Stamp) -> float:
        """How long it stays in force, 0 when it is over."""
        return max(0.0, self.seconds - self.began.elapsed_s(now))


class RuleRows:
    """The rows of all of them."""

    def __init__(self, file: StateFile) -> None:
        self._file = file

    async def load(self) -> list[TemporaryRule]:
        """The rules that are stored, over or not, in the order in which they were made."""
        rows = await self._file.rows(
            "SELECT number, text, began, seconds, by, note FROM temporary_rule ORDER BY number"
        )
        return [
            TemporaryRule(number, text, stamp_of(began), seconds, by, note)
            for number, text, began, seconds, by, note in rows
        ]

    async def store(self, rules: Iterable[TemporaryRule]) -> None:
        """Keep these, and no others; StorageError."""
        rows = [
            (each.number, each.text, packed(each.began), each.seconds, each.by, each.note)
            for each in rules
        ]

        async def work(database: Database) -> None:
            await database.rows("DELETE FROM temporary_rule")
            for row in rows:
                await database.rows("INSERT INTO temporary_rule VALUES (?, ?, ?, ?, ?, ?)", row)

        await self._file.write(work, lambda _: None)
