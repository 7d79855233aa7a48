"""Backups: made, listed, fetched, and put in place of what there is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import (
    Done,
    Download,
    Input,
    Nothing,
    Output,
    Upload,
    operation,
)
from sinkhole.control.operations.restoring import HowToRestore, Restored, restored
from sinkhole.control.state.backups import Backup
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError, StorageError

PIECE: Final = 1 << 18
"""Bytes of a backup that are in memory at once."""

BackupName = Annotated[str, Field(max_length=200, description="As backup.list says it.")]


class BackupRequest(Input):
    """What a backup is to have besides the state and the settings files."""

    with_log: bool = Field(default=False, description="The query log too, which may be large.")


class WantedBackup(Input):
    """Which backup."""

    name: BackupName


class BackupEntry(Output):
    """A backup in the data folder."""

    name: str
    made: float = Field(description="In seconds since 1970, by the clock there was.")
    reason: str = Field(
        description="`daily`, `upgrade` (before one), `restore` (before one), or `asked` for."
    )
    size_bytes: int

    @classmethod
    def of(cls, backup: Backup) -> BackupEntry:
        """As people are shown it."""
        return cls(
            name=backup.name, made=backup.made, reason=backup.reason, size_bytes=backup.size_bytes
        )


class BackupList(Output):
    """The backups there are, the newest first."""

    backups: list[BackupEntry]


class UploadedBackup(HowToRestore, Upload):
    """A backup that is sent."""


class KeptBackup(HowToRestore, WantedBackup):
    """A backup in the data folder."""


@operation("backup.list", Permission.BACKUP_READ)
async def show(house: House, actor: Actor, given: Nothing) -> BackupList:
    """List the backups in the data folder.

    One is made daily and before an upgrade, of which the last seven are kept; the last seven that
    were asked for; and the last seven of what there was before a restore.
    """
    found = await house.state.backups.all()
    return BackupList(backups=[BackupEntry.of(each) for each in found])


@operation("backup.make", Permission.BACKUP_READ, changes=True)
async def make(house: House, actor: Actor, given: BackupRequest) -> BackupEntry:
    """Make a backup now, while everything goes on.

    It has accounts, tokens, stored settings and the settings files, with all secrets in them.
    """
    return BackupEntry.of(await house.state.back_up(with_log=given.with_log))


@operation("backup.download", Permission.BACKUP_READ, audited=frozenset({"name"}))
async def download(house: House, actor: Actor, given: WantedBackup) -> Download:
    """Fetch a backup, which the audit keeps though it changes nothing: all secrets are in it."""
    path = await _found(house, given.name)
    return Download(media_type="application/zip", file_name=path.name, chunks=_pieces(path))


@operation("backup.remove", Permission.BACKUP_WRITE, changes=True)
async def remove(house: House, actor: Actor, given: WantedBackup) -> Done:
    """Remove a backup from the data folder."""
    path = await _found(house, given.name)
    try:
        await asyncio.to_thread(path.unlink)
    except OSError as error:
        raise StorageError(f"{path.name} can't be removed: {error.strerror}") from error
    return Done()


@operation(
    "backup.restore",
    Permission.BACKUP_WRITE,
    changes=True,
    audited=frozenset({"with_settings_file", "with_log"}),
)
async def restore(house: House, actor: Actor, given: UploadedBackup) -> Restored:
    """Restore a backup that is sent, also from another machine or of an older sinkhole.

    All of it is checked before anything is replaced, and what there was is kept as a backup. Who is
    signed in stays so where the backup has the same account; nobody else is. Tokens are those of
    the backup: see that none came back which should not.
    """
    return await restored(house, given.file, given)


@operation("backup.restore_kept", Permission.BACKUP_WRITE, changes=True)
async def restore_kept(house: House, actor: Actor, given: KeptBackup) -> Restored:
    """Restore a backup that is in the data folder, as backup.restore does."""
    return await restored(house, await _found(house, given.name), given)


@operation("backup.accept", Permission.BACKUP_WRITE, changes=True)
async def accept(house: House, actor: Actor, given: Nothing) -> Done:
    """Go on with what is read in place of a state that is damaged or of a newer sinkhole.

    The file that can't be used is kept under another name. Nothing happens where the state is as it
    should be.
    """
    await house.state.accept()
    return Done()


async def _found(house: House, name: str) -> Path:
    if name not in [each.name for each in await house.state.backups.all()]:
        raise RequestError("not_found", "no_such_backup", f"there is no backup {name!r}")
    return house.state.backups.folder / name


async def _pieces(path: Path) -> AsyncGenerator[bytes, None]:
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except OSError as error:
        raise StorageError(f"{path.name}: {error.strerror}") from error
    try:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
    finally:
        await asyncio.to_thread(file.close)
