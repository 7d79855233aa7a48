"""Reading a database beside its writer: a read-only connection that follows the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from sinkhole.control.database.database import Database, Row
from sinkhole.model.errors import StorageError


class Reader:
    """A connection opened when first needed, and again when another file took the old one's place.

    WAL lets it read while the writer writes. Statements of one Reader wait for each other, so
    readers with different needs have one each.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: Database | None = None
        self._file = 0
        self._opening = asyncio.Lock()
        self._is_closed = False

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one SELECT; StorageError if there is no database to read."""
        return await (await self._connected()).rows(sql, parameters)

    async def define(self, name: str, function: Callable[[str], int | str]) -> None:
        """Let SQL call a function of a text by this name, until another file takes the place."""
        await (await self._connected()).define(name, function)

    async def close(self) -> None:
        """End the statement that is running and close the connection, for good."""
        self._is_closed = True
        if self._database is not None:
            await self._database.interrupt()
        async with self._opening:
            await self._disconnect()

    async def _connected(self) -> Database:
        async with self._opening:
            try:
                file = self._path.stat().st_ino
            except OSError as error:
                raise StorageError(f"{self._path}: {error.strerror}") from error
            if self._is_closed:
                raise StorageError(f"{self._path} is closed")
            if self._database is None or file != self._file:
                await self._disconnect()
                self._database = await Database.connect(self._path, read_only=True)
                self._file = file
            return self._database

    async def _disconnect(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            await database.close()
