from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from sinkhole.control.database import (
    DamagedError,
    Database,
    NewerError,
    Schema,
    migrate,
    version_of,
)
from sinkhole.model.errors import StorageError

FIRST = ("CREATE TABLE animal (name TEXT)", "INSERT INTO animal VALUES ('cat')")
SECOND = ("ALTER TABLE animal ADD COLUMN legs INTEGER NOT NULL DEFAULT 4",)
OLD = Schema("zoo", 0x1234, (FIRST,))
NEW = Schema("zoo", 0x1234, (FIRST, SECOND))


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    database = await Database.connect(path)
    try:
        yield database
    finally:
        await database.close()


async def test_an_old_file_is_brought_up_to_date_with_what_is_in_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "zoo.db") as database:
        assert await version_of(database, OLD) == 0
        await migrate(database, OLD)
        assert await version_of(database, NEW) == 1
        await migrate(database, NEW)
        await migrate(database, NEW)
        assert await version_of(database, NEW) == 2
        assert await database.rows("SELECT * FROM animal") == [("cat", 4)]


async def test_a_version_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    broken = Schema("zoo", 0x1234, (FIRST, (*SECOND, "this is no SQL")))
    async with opened(tmp_path / "zoo.db") as database:
        with pytest.raises(StorageError, match="syntax error"):
            await migrate(database, broken)
        assert await version_of(database, NEW) == 1
        assert await database.rows("SELECT * FROM animal") == [("cat",)]


async def test_a_newer_file_is_refused_and_not_touched(tmp_path: Path) -> None:
    async with opened(tmp_path / "zoo.db") as database:
        await migrate(database, NEW)
        with pytest.raises(NewerError, match="has version 2, this sinkhole knows 1"):
            await migrate(database, OLD)
        assert await version_of(database, NEW) == 2


async def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "zoo.db")) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    async with opened(tmp_path / "zoo.db") as database:
        with pytest.raises(DamagedError, match="is no zoo of sinkhole"):
            await migrate(database, NEW)
        assert await database.rows("SELECT name FROM sqlite_schema") == [("theirs",)]
