"""Copies of a state in memory, of the newest version: of a file that stays, or of a backup."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from sinkhole.control.database import DamagedError, Database, NewerError, migrate, version_of
from sinkhole.control.state.backup_file import STATE, unpack
from sinkhole.control.state.schema import SCHEMA
from sinkhole.model.errors import StorageError


async def copy_of_backup(archive: Path) -> Database:
    """The state of a backup in memory, checked and of the newest version; StorageError."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="sinkhole-"))
    try:
        await asyncio.to_thread(unpack, archive, folder, frozenset({STATE}))
        copy = await copy_of_file(folder / STATE)
        for table in ("session", "pause"):  # what ended since then must not come back
            await copy.rows(f"DELETE FROM {table}")
        return copy
    except OSError as error:
        raise StorageError(f"{archive.name}: {error.strerror or error}") from error
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def copy_of_file(path: Path) -> Database:
    """A state in memory, checked and brought up to date there; StorageError."""
    await asyncio.to_thread(_check_readable, path)
    try:
        source = await Database.connect(path, read_only=True)
        try:
            return await _migrated_copy(source)
        finally:
            await source.close()
    except (DamagedError, NewerError):
        raise
    except StorageError:
        if await asyncio.to_thread(path.with_name(f"{path.name}-wal").exists):
            raise
    # No lock can be had beside it, as the disk is read-only: then nobody writes either.
    source = await Database.connect(path, read_only=True, is_alone=True)
    try:
        return await _migrated_copy(source)
    finally:
        await source.close()


def _check_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise StorageError(f"{path} can't be read: {error.strerror}") from error


async def _migrated_copy(source: Database) -> Database:
    await version_of(source, SCHEMA)
    await source.check()
    copy = await Database.in_memory()
    try:
        await source.copy_into(copy)
        await migrate(copy, SCHEMA)
    except BaseException:
        await copy.close()
        raise
    return copy


async def empty_state() -> Database:
    """One in memory that nothing is in."""
    database = await Database.in_memory()
    await migrate(database, SCHEMA)
    return database
