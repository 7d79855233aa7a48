"""Copies of a state in memory, of the newest version: of a file that stays, or of a backup."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from sinkhole.control.database import DamagedError, Database, NewerError, migrate, version_of
from sinkhole.control.state.backup_file import STATE, unpack
from sinkhole.control.state.contents import check_contents
from sinkhole.control.state.schema import MIGRATIONS, SCHEMA
from sinkhole.model.errors import StorageError


async def copy_of_backup(archive: Path) -> Database:
    """The state of a backup in memory, checked and of the newest version; StorageError."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="sinkhole-"))
    try:
        await asyncio.to_thread(unpack, archive, folder, frozenset({STATE}))
        copy = await copy_of_unpacked(folder / STATE)
        for table in ("session", "pause"):  # what ended since then must not come back
            await copy.rows(f"DELETE FROM {table}")
        return copy
    except OSError as error:
        raise StorageError(f"{archive.name}: {error.strerror or error}") from error
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def copy_of_unpacked(path: Path) -> Database:
    """As `copy_of_file`, of one that came with a backup; DamagedError where it has anything but the
    tables and indexes of its version, as a trigger would act by itself."""
    source = await Database.connect(path, read_only=True)
    try:
        version = await version_of(source, SCHEMA)
        if odd := await _names(source) - await _names_of(version):
            told = ", ".join(f"{kind} {name[:40]!r}" for kind, name in sorted(odd)[:3])
            raise DamagedError(f"{path}: no sinkhole has made what is in it: {told}")
    finally:
        await source.close()
    return await copy_of_file(path)


async def _names_of(version: int) -> set[tuple[str, str]]:
    fresh = await Database.in_memory()
    try:
        await migrate(fresh, SCHEMA._replace(migrations=MIGRATIONS[:version]))
        return await _names(fresh)
    finally:
        await fresh.close()


async def _names(database: Database) -> set[tuple[str, str]]:
    """What a database is made of, but for what SQLite makes by itself."""
    found = await database.rows("SELECT type, name FROM sqlite_schema")
    return {(kind, name) for kind, name in found if not name.startswith("sqlite_")}


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
        await _check(copy, source)
    except BaseException:
        await copy.close()
        raise
    return copy


async def _check(copy: Database, source: Database) -> None:
    """Whether what is in it can be read; DamagedError, with the file's own name."""
    try:
        await check_contents(copy)
    except StorageError as error:  # tables that are not there as well
        text = str(error).replace(str(copy.path), str(source.path), 1)
        raise DamagedError(text) from error


async def empty_state() -> Database:
    """One in memory that nothing is in."""
    database = await Database.in_memory()
    await migrate(database, SCHEMA)
    return database
