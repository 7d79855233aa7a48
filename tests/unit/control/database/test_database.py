from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from sinkhole.control.database import DamagedError, Database, padded
from sinkhole.model.errors import StorageError


@pytest.mark.parametrize(
    ("count", "length"), [(0, 0), (1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (255, 256), (256, 256)]
)
def test_lists_of_values_have_few_lengths(count: int, length: int) -> None:
    values = list(range(count))
    assert len(padded(values)) == length
    assert set(padded(values)) == set(values)


async def a_database(path: Path, *numbers: int) -> Database:
    database = await Database.connect(path)
    await database.rows("PRAGMA journal_mode = WAL")
    await database.rows("CREATE TABLE number (value INTEGER)")
    for number in numbers:
        await database.rows("INSERT INTO number VALUES (?)", (number,))
    return database


async def numbers_in(database: Database) -> list[int]:
    return [value for (value,) in await database.rows("SELECT value FROM number")]


async def test_a_copy_has_everything_and_nothing_beside_it(tmp_path: Path) -> None:
    database = await a_database(tmp_path / "a.db", 1, 2)
    copy_path = tmp_path / "copy" / "b.db"
    copy_path.parent.mkdir()
    try:
        await database.copy_to(copy_path)
        await database.rows("INSERT INTO number VALUES (3)")
    finally:
        await database.close()
    assert [path.name for path in copy_path.parent.iterdir()] == ["b.db"]
    copy_path.chmod(0o400)
    copy = await Database.connect(copy_path, read_only=True)
    try:
        await copy.check()
        assert await numbers_in(copy) == [1, 2]
    finally:
        await copy.close()


async def test_a_copy_into_an_open_database_replaces_all_of_it(tmp_path: Path) -> None:
    database = await a_database(tmp_path / "a.db", 1, 2)
    other = await a_database(tmp_path / "b.db", 7)
    memory = await Database.in_memory()
    try:
        await database.copy_into(memory)
        await memory.rows("INSERT INTO number VALUES (3)")
        await memory.copy_into(other)
        assert await numbers_in(other) == [1, 2, 3]
        assert await numbers_in(database) == [1, 2]
        assert await other.value("PRAGMA journal_mode") == "wal"
    finally:
        await database.close()
        await other.close()
        await memory.close()


@pytest.mark.parametrize("read_only", [True, False])
async def test_the_thread_of_a_connection_that_nobody_waits_for_any_more_ends(
    tmp_path: Path, read_only: bool
) -> None:
    before = set(threading.enumerate())
    for turns in range(6):
        task = asyncio.create_task(Database.connect(tmp_path / "a.db", read_only=read_only))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError, StorageError):
            await (await task).close()
    while set(threading.enumerate()) - before:  # a thread that was told to end
        await asyncio.sleep(0)


@pytest.mark.parametrize("begun", ["b.db", "b.db-journal"])
async def test_a_copy_that_has_begun_ends_before_who_is_cancelled_goes_on(
    tmp_path: Path, begun: str
) -> None:
    database, copy_path = await a_database(tmp_path / "a.db"), tmp_path / "b.db"
    try:
        await database.rows("CREATE TABLE filler (value BLOB)")
        await database.rows("INSERT INTO filler VALUES (zeroblob(64 << 20))")
        copying = asyncio.create_task(database.copy_to(copy_path))
        while not (tmp_path / begun).exists():
            await asyncio.sleep(0)
        for _ in range(3):  # who stops a server may grow impatient
            copying.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await copying
    finally:
        await database.close()
    if begun == "b.db":
        return  # cancelled before anything was copied
    copy = await Database.connect(copy_path, read_only=True)
    try:
        await copy.check()
        assert await copy.value("SELECT length(value) FROM filler") == 64 << 20
    finally:
        await copy.close()


async def test_a_page_that_was_overwritten_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database = await a_database(path, *range(2000))
    await database.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096:8192] = b"\xaa" * 4096
    path.write_bytes(damaged)
    database = await Database.connect(path)
    try:
        with pytest.raises(DamagedError):
            await database.check()
    finally:
        await database.close()
