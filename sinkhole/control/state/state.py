"""The file of what may not be lost: opened, brought up to date, copied, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sinkhole.control.database import Database, migrate
from sinkhole.control.state.audit import Audit
from sinkhole.control.state.file import StateFile
from sinkhole.control.state.pauses import Pauses
from sinkhole.control.state.people import People
from sinkhole.control.state.schema import SCHEMA
from sinkhole.control.state.stored import StoredSettings
from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.files import PRIVATE, make_file, make_folder
from sinkhole.model.stamp import Stamp, present
from sinkhole.model.status import Problem

FILE_NAME: Final = "state.db"


class State:
    """`data_dir/state.db`, from `open` to `close`.

    `read_only` says in words why nothing can be written, "" in the usual case; then writing raises
    StorageError with these words. `is_new` says that there was no file before.
    """

    def __init__(
        self, file: StateFile, *, is_new: bool = False, now: Callable[[], Stamp] = present
    ) -> None:
        self.is_new = is_new
        self._file = file
        self.stored = StoredSettings(file, lambda: now().wall_s)
        self.people = People(file)
        self.pauses = Pauses(file)
        self.audit = Audit(file, lambda: now().wall_s)

    @classmethod
    async def open(cls, folder: Path, *, faults: Faults | None = None) -> State:
        """Open or make the file in the data folder, copied before it is migrated.

        Never fails for what is in the file: damaged or of a newer sinkhole, the last good snapshot
        is read in its place, else nothing at all, and `read_only` and `problems` say so. Raises
        StorageError where the folder can't be had.
        """
        path = folder / FILE_NAME
        is_new = await asyncio.to_thread(_touch, path)
        database = await _opened(path)
        state = cls(StateFile(database, "", faults), is_new=is_new)
        await state._load()
        return state

    @classmethod
    async def look(cls, folder: Path) -> State:
        """Read the file beside a running server, or without one; nothing is made or changed."""
        raise NotImplementedError

    @property
    def read_only(self) -> str:
        """Why nothing can be written, "" in the usual case."""
        return self._file.read_only

    @property
    def problems(self) -> list[Problem]:
        """What the person running sinkhole should know."""
        if self._file.error:
            return [
                Problem(
                    "state.not_written",
                    "error",
                    f"what was changed last could not be stored: {self._file.error}",
                    "make room on the disk, or see that it can be written to",
                )
            ]
        return []

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()

    async def _load(self) -> None:
        await self.stored.load()
        await self.people.load()


def _touch(path: Path) -> bool:
    """Make the file if there is none, whether it did; SQLite would let everybody read it."""
    try:
        make_folder(path.parent)
        is_new = not path.exists()
        make_file(path, PRIVATE)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    return is_new


async def _opened(path: Path) -> Database:
    database = await Database.connect(path)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "temp_store = MEMORY"):
            await database.rows(f"PRAGMA {pragma}")
        await database.check()
        await migrate(database, SCHEMA)
    except BaseException:
        await database.close()
        raise
    return database
