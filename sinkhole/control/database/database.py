"""One connection to a database, and the only file that calls SQLite.

aiosqlite gives each connection a thread of its own: a statement costs the event loop two thread
switches, whatever it does, so statements are few and big. A connection that is not closed keeps
the interpreter from exiting; whoever opens one closes it in a `finally`.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

import aiosqlite

from sinkhole.model.errors import StorageError
from sinkhole.model.tasks import Tasks

# It writes every statement with all its parameters, thousands of rows, at level debug.
logging.getLogger("aiosqlite").setLevel(logging.INFO)

MOST_COPIES: Final = 16
"""Of one database, that wait for each other: who makes them waits for each, so there are few."""

BUSY_S: Final = 1.5
"""How long to wait for a lock that another program, such as a backup, holds on the database.

The writer tries again later anyway; a longer wait would hold up the end of the program.
"""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

Row = tuple[Any, ...]


class DamagedError(StorageError):
    """The file is no database, or a broken one: no later attempt can succeed."""


class Database:
    """A connection to one database file; every method raises StorageError when it fails."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._copies = Tasks("database", MOST_COPIES)

    @classmethod
    async def connect(
        cls,
        path: Path,
        *,
        read_only: bool = False,
        is_alone: bool = False,
        is_foreign: bool = False,
    ) -> Database:
        """Open a file; unless `read_only` it is made if need be. DamagedError comes later.

        `is_alone` promises that nobody writes meanwhile: then it is read where not even a lock can
        be had, as on a file system that is read-only. One that `is_foreign` was written by another
        program: what is no UTF-8 in its texts is read as U+FFFD, where ours would be damaged.
        """
        mode = "ro" if read_only else "rwc"
        suffix = "&immutable=1" if is_alone else ""
        found = await cls._connect(path, f"file:{quote(str(path))}?mode={mode}{suffix}")
        if is_foreign:
            found._connection.text_factory = _lenient
        return found

    @classmethod
    async def in_memory(cls) -> Database:
        """An empty database that is gone when it is closed."""
        return await cls._connect(Path(":memory:"), ":memory:")

    @classmethod
    async def _connect(cls, path: Path, name: str) -> Database:
        """Also of a connection that nobody wants any more its thread is ended, before this ends."""
        task = Tasks("database").start("connect", _opened(path, name))
        assert task is not None  # the first one of its owner
        try:
            opened = await asyncio.shield(task)
        except asyncio.CancelledError:
            await _end_of(task)
            unwanted = task.result()
            if not isinstance(unwanted, StorageError):
                await unwanted.close()
            raise
        if isinstance(opened, StorageError):
            raise opened
        return cls(opened, path)

    async def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run one statement and return all of its rows."""
        with _translated(self.path):
            found = await self._connection.execute_fetchall(sql, parameters)
            return cast(list[Row], found)  # what sqlite3's fetchall gives without a row_factory

    async def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, None if there is no row."""
        rows = await self.rows(sql, parameters)
        return rows[0][0] if rows else None

    async def insert(
        self, head: str, width: int, values: list[Any], tail: str = "", most: int = 256
    ) -> None:
        """Insert many rows: `head VALUES (?, …), (?, …), … tail` with the parameters in one list.

        `values` holds the rows end to end, `width` values each. A statement has at most `most`
        rows and otherwise a power of two of them, so that few are ever prepared. The whole of a
        statement runs without the GIL, which `executemany` gives back and retakes at every row.
        """
        start = 0
        while (left := (len(values) - start) // width) > 0:
            size = most if left >= most else 1 << (left.bit_length() - 1)
            end = start + size * width
            await self.rows(_statement(head, width, size, tail), values[start:end])
            start = end

    async def begin(self) -> None:
        """Begin a transaction, taking the write lock at once."""
        await self.rows("BEGIN IMMEDIATE")

    async def commit(self) -> None:
        """End the transaction; what it wrote survives the end of this process from here on."""
        await self.rows("COMMIT")

    async def rollback(self) -> None:
        """Undo the transaction, if one is open: SQLite ends it itself on a full disk."""
        with _translated(self.path):
            is_open = self._connection.in_transaction
        if is_open:
            await self.rows("ROLLBACK")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """A transaction around a block, undone when the block raises."""
        await self.begin()
        try:
            yield
            await self.commit()
        except BaseException:
            await self.rollback()
            raise

    async def define(self, name: str, function: Callable[[Any], int | str]) -> None:
        """Let SQL on this connection call a function of a text by this name."""
        with _translated(self.path):
            await self._connection.create_function(name, 1, function, deterministic=True)

    async def copy_into(self, other: Database) -> None:
        """Make all of another database like this one, in one transaction, whoever writes here.

        Statements of this connection wait meanwhile, for as long as the disks take; and so does who
        is cancelled, as a copy that has begun goes on in its thread, and closing the other database
        under it would have SQLite write to memory that is freed.
        """
        task = self._copies.start("copy", self._copy_into(other))
        if task is None:
            raise StorageError(f"{self.path}: it is being copied too often already")
        try:
            error = await asyncio.shield(task)
        except asyncio.CancelledError:
            await _end_of(task)
            raise
        if error is not None:
            raise error

    async def _copy_into(self, other: Database) -> StorageError | None:
        try:
            with _translated(other.path):
                await self._connection.backup(other._connection)
        except StorageError as error:
            return error
        return None

    async def copy_to(self, path: Path) -> None:
        """As `copy_into`, into a file with nothing beside it: what there was of it is replaced."""
        other = await Database.connect(path)
        try:
            await self.copy_into(other)
            await other.rows("PRAGMA journal_mode = DELETE")  # a copy needs no WAL to be read
        finally:
            await other.close()

    async def check(self) -> None:
        """Read every page; DamagedError where one is not as it should be."""
        found = await self.value("PRAGMA quick_check(1)")
        if found != "ok":
            raise DamagedError(f"{self.path}: {found}")

    async def release_free_memory(self, pages: int) -> None:
        """Hand free pages back to the file system, at most so many; outside transactions."""
        with _translated(self.path):
            # As a script: `execute` takes only the first step of this pragma, which is one page.
            await self._connection.executescript(f"PRAGMA incremental_vacuum({pages})")

    async def empty_wal(self) -> bool:
        """Fold the write-ahead log into the file; False while somebody still reads from it.

        Nobody is waited for, so that whoever writes is not held up.
        """
        await self.rows("PRAGMA busy_timeout = 0")
        try:
            ((is_busy, _, _),) = await self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            await self.rows(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
        return not is_busy

    async def interrupt(self) -> None:
        """Make the statement that is running now fail."""
        await self._connection.interrupt()

    async def close(self) -> None:
        """Close the connection and end its thread; waits for the statement that is running."""
        with _translated(self.path):
            await self._connection.close()


def padded(values: list[Any]) -> list[Any]:
    """Values for an IN list, the last repeated up to a power of two: few lengths, few statements.

    Each statement that was ever prepared is kept, with all its parameters.
    """
    missing = (1 << (len(values) - 1).bit_length()) - len(values) if values else 0
    return values + values[-1:] * missing


async def _opened(path: Path, name: str) -> aiosqlite.Connection | StorageError:
    try:
        with _translated(path):
            return await aiosqlite.connect(
                name,
                uri=True,
                isolation_level=None,  # transactions begin and end where this code says so
                timeout=BUSY_S,
            )
    except StorageError as error:
        return error


async def _end_of(task: asyncio.Task[Any]) -> None:
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait((task,))


def _lenient(text: bytes) -> str:
    return text.decode(errors="replace")


@lru_cache(maxsize=256)
def _statement(head: str, width: int, size: int, tail: str) -> str:
    row = "(" + ",".join("?" * width) + ")"
    return f"{head} VALUES {','.join([row] * size)} {tail}"


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the upper bits only say more of it
        kind = DamagedError if code in _DAMAGED else StorageError
        raise kind(f"{path}: {error}") from error
    except (ValueError, OverflowError) as error:  # of aiosqlite, "Connection closed"; big numbers
        raise StorageError(f"{path}: {error}") from error
