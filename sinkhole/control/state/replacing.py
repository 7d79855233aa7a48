"""Another state in place of this one: what of it goes on, and what becomes of the old file."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

from sinkhole.control.database import Database
from sinkhole.control.state.audit import KEPT
from sinkhole.model.errors import StorageError
from sinkhole.model.files import PRIVATE, move_into_place

_BESIDE: Final = ("-wal", "-shm", "")
_OF_NOW: Final = (("pause", 6), ("temporary_rule", 6), ("meta", 2), ("entry", 4))
"""Tables that no other state replaces, with how many columns they have."""

_OF_PAIRS: Final = "WHERE permissions LIKE '%\"pairing\"%'"
"""Tokens of pairs: that there is one, and with whom, is in `meta`."""

_AUDIT: Final = "time, actor, kind, address, operation, given, error"


async def carry_over(old: Database, new: Database) -> None:
    """Let `new` go on where `old` was: with its pause, what else is in force for a time, its clock,
    with whom it is paired, and all of its audit.

    Nobody is signed in by `new`: a session that was ended since it was made must not come back.
    """
    audit = await new.rows(f"SELECT {_AUDIT} FROM audit ORDER BY id")
    known = set(audit)
    audit += [
        r for r in await old.rows(f"SELECT {_AUDIT} FROM audit ORDER BY id") if r not in known
    ]
    async with new.transaction():
        for table in ("session", "device", "audit"):
            await new.rows(f"DELETE FROM {table}")
        rows = [value for row in audit[-KEPT:] for value in row]
        await new.insert(f"INSERT INTO audit ({_AUDIT})", 7, rows, most=64)
        for table in ("revision", "account"):  # no number is given twice
            await _count_on(old, new, table)
        for table, width, which in (*((*each, "") for each in _OF_NOW), ("token", 8, _OF_PAIRS)):
            await new.rows(f"DELETE FROM {table} {which}")
            rows = await old.rows(f"SELECT * FROM {table} {which}")
            kept = [value for row in rows for value in row]
            await new.insert(f"INSERT OR REPLACE INTO {table}", width, kept)


async def _count_on(old: Database, new: Database, table: str) -> None:
    """Let the numbers of a table go on behind those of both."""
    last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?"
    number = max(int(await old.value(last, (table,))), int(await new.value(last, (table,))))
    await new.rows("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
    await new.rows("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, number + 1))


async def put_in_place(source: Database, path: Path) -> None:
    """Make a file of a database, in place of one that can't be used and is kept under another
    name; StorageError."""
    draft = path.with_name(f"{path.name}.new")
    try:
        await asyncio.to_thread(draft.unlink, missing_ok=True)
        await source.copy_to(draft)
        await asyncio.to_thread(_swap, draft, path)
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}") from error


def _swap(draft: Path, path: Path) -> None:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside, number = path.with_name(f"{path.name}.aside-{stamp}"), 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.aside-{stamp}-{number}")
    for suffix in _BESIDE:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    move_into_place(draft, path, PRIVATE)
