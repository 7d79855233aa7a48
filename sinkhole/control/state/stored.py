"""Settings made by hand, per item, and the revisions that made them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.state.file import BehindError, StateFile
from sinkhole.control.state.schema import packed, storable
from sinkhole.model.actor import Actor

Place = tuple[str, str]
"""A key such as "upstream.timeout" and, within a keyed collection, the item's name; "" without."""

REMOVED: Final = object()
"""In place of a value: the item of the default is not wanted."""

KEPT: Final = 50
"""How many revisions are kept, with what they changed; any of these can be taken back."""


class StoredChange(NamedTuple):
    """What became of one place: plain JSON values, None where nothing was stored or is stored."""

    place: Place
    before: Any
    after: Any


class StoredRevision(NamedTuple):
    """One change of stored settings, numbered from 1; `undoes` is the one it takes back, or 0."""

    number: int
    time: float
    actor: str
    note: str
    undoes: int
    changes: tuple[StoredChange, ...]


class StoredSettings:
    """All that is stored, in memory, with the file behind it."""

    number: int
    """That of the last revision, 0 before the first."""

    def __init__(self, file: StateFile, clock: Callable[[], float] = time.time) -> None:
        self.number = 0
        self._file = file
        self._clock = clock
        self._values: dict[Place, Any] = {}
        self._loads = 0

    async def load(self, database: Database) -> None:
        """Read everything from the file, also again when it has changed otherwise than by this."""
        self._loads += 1
        rows = await database.rows("SELECT key, item, value FROM stored ORDER BY position")
        self._values = {
            (key, item): REMOVED if value is None else json.loads(value)
            for key, item, value in rows
        }
        last = await database.rows("SELECT seq FROM sqlite_sequence WHERE name = 'revision'")
        self.number = last[0][0] if last else 0

    def values(self) -> Mapping[Place, Any]:
        """What is stored now, in the order in which it was; REMOVED for items not wanted."""
        return MappingProxyType(self._values)

    async def commit(
        self, changes: Sequence[StoredChange], actor: Actor, note: str = "", undoes: int = 0
    ) -> int:
        """Store changes as one revision, on the disk when this returns; its number.

        StorageError when it can't be, and then nothing is: BehindError where another sinkhole with
        the same state has changed something since this was called.
        """
        loads = self._loads

        async def work(database: Database) -> int:
            if self._loads != loads:
                raise BehindError("the settings have been changed meanwhile: look at them again")
            for change in changes:
                await _store(database, change)
            told = packed([_told(each) for each in changes])
            row = (self._clock(), str(actor), storable(note), undoes, told)
            await database.rows(
                "INSERT INTO revision (time, actor, note, undoes, changes) VALUES (?, ?, ?, ?, ?)",
                row,
            )
            number = int(await database.value("SELECT last_insert_rowid()"))
            # By how many there are, not by their numbers: those of another sinkhole, whose state
            # was taken over, are perhaps much smaller than the next one here.
            await database.rows(
                "DELETE FROM revision WHERE number NOT IN"
                " (SELECT number FROM revision ORDER BY number DESC LIMIT ?)",
                (KEPT,),
            )
            return number

        def kept(number: int) -> None:
            values = dict(self._values)  # whoever reads the old ones goes on reading them
            for place, _, after in changes:
                if after is None:
                    values.pop(place, None)
                else:
                    values[place] = after
            self._values, self.number = values, number

        return await self._file.write(work, kept, tries=1)

    async def revisions(self, limit: int, before: int | None = None) -> list[StoredRevision]:
        """The newest revisions, the newest first; the last KEPT there are."""
        rows = await self._file.rows(
            "SELECT number, time, actor, note, undoes, changes FROM revision"
            " WHERE ?1 IS NULL OR number < ?1 ORDER BY number DESC LIMIT ?2",
            (before, limit),
        )
        return [
            StoredRevision._make([*row, tuple(_read(each) for each in json.loads(changes))])
            for *row, changes in rows
        ]


async def _store(database: Database, change: StoredChange) -> None:
    if change.after is None:
        await database.rows("DELETE FROM stored WHERE key = ? AND item = ?", change.place)
        return
    value = None if change.after is REMOVED else packed(change.after)
    await database.rows(
        "INSERT INTO stored (key, item, value) VALUES (?, ?, ?)"
        " ON CONFLICT (key, item) DO UPDATE SET value = excluded.value",
        (*change.place, value),
    )


def _told(change: StoredChange) -> list[Any]:
    """A change as JSON: a value stands in a list of its own, so that REMOVED is told from any."""
    return [*change.place, *(_wrapped(each) for each in (change.before, change.after))]


def _wrapped(value: Any) -> list[Any] | str | None:
    if value is REMOVED:
        return "removed"
    return None if value is None else [value]


def _read(told: list[Any]) -> StoredChange:
    key, item, *both = told
    before, after = (REMOVED if each == "removed" else each and each[0] for each in both)
    return StoredChange((key, item), before, after)
