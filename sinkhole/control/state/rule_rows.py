"""Rules that are in force for a time, as they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sinkhole.control.database import Database, Row
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
        self._known: set[str] | None = None

    async def load(self) -> list[TemporaryRule]:
        """The rules that are stored, over or not, in the order in which they were made."""
        rules = [_rule(row) for row in await self._file.rows(_ALL)]
        self._known = {each.text for each in rules}
        return rules

    async def store(self, rules: Iterable[TemporaryRule]) -> None:
        """Keep these in place of all that were loaded or stored here before; StorageError. Those
        that another sinkhole has made since then stay, perhaps under another number."""
        rules = list(rules)
        texts = {each.text for each in rules}

        async def work(database: Database) -> None:
            there = [_rule(row) for row in await database.rows(_ALL)]
            known = None if self._known is None else texts | self._known
            others = [] if known is None else [each for each in there if each.text not in known]
            await database.rows("DELETE FROM temporary_rule")
            taken: set[int] = set()
            for each in (*rules, *others):
                number = max(taken) + 1 if each.number in taken else each.number
                taken.add(number)
                row = (number, each.text, packed(each.began), *each[3:])
                await database.rows("INSERT INTO temporary_rule VALUES (?, ?, ?, ?, ?, ?)", row)

        def kept(_: None) -> None:
            self._known = texts

        await self._file.write(work, kept)


_ALL: Final = "SELECT number, text, began, seconds, by, note FROM temporary_rule ORDER BY number"


def _rule(row: Row) -> TemporaryRule:
    number, text, began, *rest = row
    return TemporaryRule(number, text, stamp_of(began), *rest)
