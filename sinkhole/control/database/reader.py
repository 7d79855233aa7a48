"""Reading a database beside its writer: a read-only connection that follows the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sinkhole.control.database.database import Database, Row
from sinkhole.model.errors import StorageError


def _the_same() -> int:
    """For a file that nobody replaces."""
    return 0


class Reader:
    """A connection opened when first needed, and again when another file took the old one's place.

    WAL lets it read while the writer writes. Statements of one Reader wait for each other, so
    readers with different needs have one each. `file` tells files of this path apart by a number:
    whoever makes them knows it without asking the disk.
    """

    def __init__(self, path: Path, file: Callable[[], int] = _the_same) -> None:
        self._path = path
        self._database: Database | None = None
        self._file = file
        self._opened = 0
        self._opening = asyncio.Lock()
        self._is_closed = False

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one SELECT; StorageError if there is no database to read."""
        return await (await self._connected()).rows(sql, parameters)

    async def define(self, name: str, function: Callable[[Any], int | str]) -> None:
        """Let SQL call a function of a text by this name, until another file takes the place."""
        await (await self._connected()).define(name, function)

    async def interrupt(self) -> None:
        """Make the statement that is running now fail, if there is one."""
        if self._database is not None:
            await self._database.interrupt()

    async def close(self) -> None:
        """End the statement that is running and close the connection, for good."""
        self._is_closed = True
        if self._database is not None:
            await self._database.interrupt()
        async with self._opening:
            await self._disconnect()

    async def _connected(self) -> Database:
        async with self._opening:
            if self._is_closed:
                raise StorageError(f"{self._path} is closed")
            file = self._file()
            if self._database is None or file != self._opened:
                await self._disconnect()
                try:
                    await asyncio.to_thread(self._path.stat)
                except OSError as error:
                    raise StorageError(f"{self._path}: {error.strerror}") from error
                self._database = await Database.connect(self._path, read_only=True)
                self._opened = file
            return self._database

    async def _disconnect(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            await database.close()
