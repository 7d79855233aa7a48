"""Whether rows that came from another sinkhole can be those of a state, before any is written.

SQLite takes a text where a number should be, and a number so large that none is left for the next
row: what is in the file then keeps a server from running.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sinkhole.control.database import Database
from sinkhole.control.replication.hub import Entry
from sinkhole.model.errors import StorageError

UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError, OverflowError)
"""What reading raises where something is not what it should be."""

MOST_NUMBER: Final = 1 << 53
"""Numbers of rows are far below; JSON has none beyond that all programs read alike."""

_NUMBERS: Final[Mapping[str, tuple[type, ...]]] = {"INTEGER": (int,), "REAL": (int, float)}


class Columns:
    """The columns of tables as they were declared, read once of each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._of: dict[str, dict[str, tuple[str, bool]]] = {}

    async def check(self, table: str, key: Sequence[str], entry: Entry) -> None:
        """StorageError for an entry that can't be a row of a table with this key."""
        if table not in self._of:
            rows = await self._database.rows(f"PRAGMA table_info({table})")
            self._of[table] = {str(r[1]): (str(r[2]), bool(r[3] or r[5])) for r in rows}
        columns = self._of[table]
        try:
            row = dict(zip(key, json.loads(entry.key), strict=True))
            told = {} if entry.value is None else json.loads(entry.value)
            row |= {name: value for name, value in told.items() if name in columns}
            odd = [name for name, value in row.items() if not _fits(value, *columns[name])]
        except (*UNREADABLE, RecursionError):
            raise nonsense(entry) from None
        if odd:
            raise nonsense(entry)


def nonsense(entry: Entry) -> StorageError:
    """What is said of an entry that can't be read."""
    about = f"{entry.kind} {entry.key}"[:100]
    return StorageError(f"what another sinkhole has changed can't be read: {about!r}")


def _fits(value: Any, declared: str, is_needed: bool) -> bool:
    """Whether a value of JSON is one of a column."""
    if value is None:
        return not is_needed
    if isinstance(value, bool):
        return declared == "INTEGER"
    if isinstance(value, str):
        return declared == "TEXT" and value == value.encode("utf-8", "replace").decode()
    if not isinstance(value, (int, float)) or not isinstance(value, _NUMBERS.get(declared, ())):
        return False
    return math.isfinite(value) and abs(value) <= MOST_NUMBER
