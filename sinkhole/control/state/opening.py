"""How state.db is opened, and what is read in its place when it can't be used.

A file that is damaged, of a newer sinkhole, or can't be opened is never changed. In its place
stands a copy in memory: of the file itself, where that can be read; else of the newest backup that
can; else an empty one. Nothing is written to such a copy, so nothing of it is lost.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final, NamedTuple

from sinkhole.control.database import DamagedError, Database, NewerError, migrate, version_of
from sinkhole.control.state.backups import Backups
from sinkhole.control.state.contents import check_contents
from sinkhole.control.state.copying import copy_of_backup, copy_of_file, empty_state
from sinkhole.control.state.schema import MIGRATIONS, SCHEMA
from sinkhole.model.errors import StorageError
from sinkhole.model.files import PRIVATE, make_file, make_folder
from sinkhole.model.status import Problem

log = logging.getLogger(__name__)


_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "temp_store = MEMORY",
    "cache_size = -512",  # in KiB: what is asked often is in memory anyway
)


class Opened(NamedTuple):
    """A database of the newest version; `read_only` says why it is a copy in memory, else "".

    `problem` is for people. `is_passing` says that it is a copy of the file itself, which can't be
    written to now: once it can, the file is as good.
    """

    database: Database
    is_new: bool = False
    problem: Problem | None = None
    read_only: str = ""
    is_passing: bool = False


async def open_state(path: Path, backups: Backups, wall_s: float) -> Opened:
    """Open or make the file, with a backup before it is migrated.

    StorageError where the folder can't be made, and nothing else.
    """
    try:
        await asyncio.to_thread(make_folder, path.parent)
    except OSError as error:
        raise StorageError(f"{path.parent}: {error.strerror}") from error
    try:
        is_new = await asyncio.to_thread(_touch, path)
        database = await _open(path, backups, wall_s, is_new)
        return Opened(database, is_new, await _gone(path, backups) if is_new else None)
    except StorageError as error:
        return await _stand_in(path, backups, error)


async def read_state(path: Path, backups: Backups) -> Opened:
    """A copy in memory of the file, which a server may be writing to; nothing is changed.

    StorageError where it is somebody else's.
    """
    if not await asyncio.to_thread(_is_there, path):
        return Opened(await empty_state(), is_new=True, read_only=f"{path} is only looked at")
    try:
        if await asyncio.to_thread(_is_empty, path):
            await _check_filled(path, 0, backups)
        return Opened(await copy_of_file(path), read_only=f"{path} is only looked at")
    except StorageError as error:
        return await _stand_in(path, backups, error)


def _is_there(path: Path) -> bool:
    """Whether there is a file; StorageError where it can't be read."""
    try:
        path.open("rb").close()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(f"{path} can't be read: {error.strerror}") from error
    return True


def _is_empty(path: Path) -> bool:
    return path.stat().st_size == 0


def _touch(path: Path) -> bool:
    """Make the file if there is none, whether it did; SQLite would let everybody read it."""
    is_new = not path.exists()
    try:
        make_file(path, PRIVATE)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    return is_new


async def _gone(path: Path, backups: Backups) -> Problem | None:
    """What to tell where there was no file, but there are backups of one."""
    if not (there := await backups.all()):
        return None
    text = f"{path} was gone, and a new one was begun; there is a backup of it, {there[0].name}"
    return Problem("state.gone", "warning", text, f"`sinkhole restore {there[0].name}` restores it")


async def _open(path: Path, backups: Backups, wall_s: float, is_new: bool) -> Database:
    database = await Database.connect(path)
    try:
        version = await version_of(database, SCHEMA)  # before anything is written to it
        await database.check()
        if not is_new:
            await _check_filled(path, version, backups)
        if version == len(MIGRATIONS):
            await check_contents(database)
        elif version:
            await back_up(database, backups, wall_s)
        await _prepare(database)
        if version < len(MIGRATIONS):
            await check_contents(database)
    except BaseException:
        await database.close()
        raise
    return database


async def _check_filled(path: Path, version: int, backups: Backups) -> None:
    """A file that was emptied, as a power cut may do, is no new one."""
    if version == 0 and await backups.all():
        raise DamagedError(f"{path} is empty")


async def open_again(path: Path, backups: Backups, wall_s: float) -> Database:
    """Open a file that could not be written to before; StorageError while it still can't."""
    return await _open(path, backups, wall_s, is_new=False)


async def open_for_writing(path: Path) -> Database:
    """Open a file that is as it should be; StorageError."""
    database = await Database.connect(path)
    try:
        await _prepare(database)
    except BaseException:
        await database.close()
        raise
    return database


async def _prepare(database: Database) -> None:
    for pragma in _PRAGMAS:
        await database.rows(f"PRAGMA {pragma}")
    async with database.transaction():
        pass  # a file that can't be written shows itself here
    await migrate(database, SCHEMA)


async def back_up(database: Database, backups: Backups, wall_s: float) -> None:
    """Keep what there was before an upgrade; where that fails the upgrade goes on: each of its
    steps is whole or undone, and without it nothing could be written at all."""
    try:
        await backups.make("upgrade", database.copy_to, wall_s)
    except StorageError as error:
        log.warning("state: no backup could be made before the upgrade: %s", error)


async def _stand_in(path: Path, backups: Backups, error: StorageError) -> Opened:
    """What is read in place of a file that can't be used, and what to tell people of it."""
    if not isinstance(error, (DamagedError, NewerError)):
        try:
            copy = await copy_of_file(path)
            return _read_only(copy, error, "it is read all the same", is_passing=True)
        except (DamagedError, NewerError) as worse:
            error = worse
        except StorageError as unreadable:
            log.warning("state: %s", unreadable)
    for backup in await backups.all():
        try:
            database = await copy_of_backup(backups.folder / backup.name)
        except StorageError as unusable:
            log.warning("state: a backup can't be used: %s", unusable)
            continue
        text = f"what the backup {backup.name} holds is in force in its place"
        return _read_only(database, error, text)
    text = "there is no backup that could be read in its place, so nothing stored is in force"
    return _read_only(await empty_state(), error, text)


def _read_only(
    database: Database, error: StorageError, instead: str, *, is_passing: bool = False
) -> Opened:
    problem = _problem(error, instead, "" if is_passing else ", then start sinkhole again")
    read_only = f"{problem.text}: {problem.advice}"
    return Opened(database, problem=problem, read_only=read_only, is_passing=is_passing)


def _problem(error: StorageError, instead: str, then: str) -> Problem:
    told = f"{error}. The file is left as it is, {instead}, and nothing can be stored"
    restore = (
        "`sinkhole restore --accept` goes on with that, `sinkhole restore` with another backup, "
        "and either keeps the file under another name"
    )
    if isinstance(error, NewerError):
        advice = f"start the newer sinkhole again, or: {restore}"
        return Problem("state.newer", "error", told, advice)
    if isinstance(error, DamagedError):
        return Problem("state.damaged", "error", told, restore)
    advice = f"see to the disk and to the owner of the file{then}"
    return Problem("state.not_writable", "error", told, advice)
