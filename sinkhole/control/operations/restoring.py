"""How a backup takes the place of what there is: checked whole, kept before, undone if it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from sinkhole.control.database import Database, NewerError
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Output
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.querylog.restored import lay_beside
from sinkhole.control.querylog.schema import check_file
from sinkhole.control.settings import load
from sinkhole.control.state.backup_file import LOG, SETTINGS, STATE, Manifest
from sinkhole.control.state.copying import copy_of_backup, copy_of_unpacked
from sinkhole.control.state.settings_copies import SettingsCopy, copies_of, put_back, take_back
from sinkhole.model.errors import SettingsError, SinkholeError, StorageError


class HowToRestore(Input):
    """What of a backup is to be restored besides what is kept in the state."""

    with_settings_file: bool = Field(
        default=False, description="Put the settings file back as well, where it lies."
    )
    with_log: bool = Field(default=False, description="The query log too, at the next start.")
    dry_run: bool = Field(default=False, description="Only check and tell.")


class RestoredFile(Output):
    """A settings file of the backup."""

    origin: str = Field(description="Where it lay when the backup was made.")
    path: str = Field(description='Where it is now; "" for nowhere, as nothing was done.')
    is_in_place: bool = Field(description="Whether it is in force; else it is a copy to read.")


class Restored(Output):
    """What was restored, or would be."""

    made: float = Field(description="When the backup was made, in seconds since 1970.")
    sinkhole: str = Field(description="The version that made it.")
    accounts: int
    tokens: int
    log: bool = Field(description="Whether the query log is in it.")
    returned: list[str] = Field(
        description="Tokens that are not there now, and would let programs in again."
    )
    settings_files: list[RestoredFile]
    waits: list[str] = Field(description="What takes effect at the next start.")
    kept: str = Field(description='The backup of what there was before; "" for none.')
    dry_run: bool


class _Unpacked(NamedTuple):
    """A backup that was checked, in a folder that is gone afterwards."""

    folder: Path
    manifest: Manifest
    state: Database
    copies: list[SettingsCopy]


async def restored(house: House, archive: Path, how: HowToRestore) -> Restored:
    """Restore an archive, or only check it. RequestError for one that can't be used ("invalid",
    code `backup_invalid`) or is of a newer sinkhole (`backup_newer`): nothing was changed then."""
    underway = refusal("conflict", "too_many_underway", "a backup is being restored already")
    with house.underway.one_of(1, "restore", underway):
        async with _unpacked(house, archive, how) as found:
            told = await _told(house, found, how)
            if how.dry_run:
                return told
            kept = await house.state.replace(found.state)
            name = kept.name if kept else ""
            try:
                files = await _settings_in_force(house, found.copies, how)
            except SinkholeError:
                if kept:
                    await _undo(house, name)
                raise
            if how.with_log:
                await asyncio.to_thread(lay_beside, found.folder / LOG, house.state.folder)
            return told.model_copy(update={"kept": name, "settings_files": files})


async def _told(house: House, found: _Unpacked, how: HowToRestore) -> Restored:
    accounts = await found.state.value("SELECT count(*) FROM account")
    tokens = await found.state.rows("SELECT digest, name FROM token ORDER BY name")
    known = house.state.people.tokens
    origins = [RestoredFile(origin=e.origin, path="", is_in_place=False) for e in found.copies]
    return Restored(
        made=found.manifest.made,
        sinkhole=found.manifest.sinkhole,
        accounts=accounts,
        tokens=len(tokens),
        log=LOG in found.manifest.parts,
        returned=[name for digest, name in tokens if digest not in known],
        settings_files=origins,
        waits=["the query log"] if how.with_log else [],
        kept="",
        dry_run=how.dry_run,
    )


@asynccontextmanager
async def _unpacked(house: House, archive: Path, how: HowToRestore) -> AsyncIterator[_Unpacked]:
    """Check all of an archive, and hold what is in it."""
    async with house.state.backups.workplace("restore-") as folder:
        try:
            backups = house.state.backups
            manifest = await backups.unpack(archive, folder, with_log=how.with_log)
            state = await copy_of_unpacked(folder / STATE)
        except NewerError as error:
            told = str(error).replace(f"{folder}/", "")
            text = f"this backup is of a newer sinkhole: update this one first ({told})"
            raise refusal("invalid", "backup_newer", text) from error
        except StorageError as error:
            # A file that was sent lies under a name here that says nothing to who sent it.
            text = str(error).replace(f"{folder}/", "").replace(f"{archive.name} is ", "this is ")
            raise refusal("invalid", "backup_invalid", text) from error
        try:
            copies = copies_of(manifest, folder)
            await _check(folder, manifest, copies, how)
            yield _Unpacked(folder, manifest, state, copies)
        finally:
            await state.close()


async def _check(
    folder: Path, manifest: Manifest, copies: list[SettingsCopy], how: HowToRestore
) -> None:
    if how.with_settings_file and not copies:
        raise refusal("invalid", "backup_invalid", "there is no settings file in this backup")
    if how.with_settings_file:
        whole = copies[0].path if len(copies) == 1 else folder / SETTINGS
        try:
            await asyncio.to_thread(load, whole, {})
        except SettingsError as error:
            text = f"the settings file of this backup can't be used here: {error}"
            raise refusal("invalid", "backup_invalid", text) from error
    if how.with_log:
        if LOG not in manifest.parts:
            raise refusal("invalid", "backup_invalid", "there is no query log in this backup")
        try:
            await check_file(folder / LOG)
        except StorageError as error:
            raise refusal("invalid", "backup_invalid", str(error)) from error


async def _settings_in_force(
    house: House, copies: list[SettingsCopy], how: HowToRestore
) -> list[RestoredFile]:
    """Go over to what the restored state and files come to; undone where that fails."""
    config = house.state.backups.config if how.with_settings_file else None
    done = await asyncio.to_thread(put_back, copies, config, house.state.folder)
    try:
        await house.settings.reload()
    except SinkholeError:
        await asyncio.to_thread(take_back, done)
        raise
    return [
        RestoredFile(origin=each.origin, path=str(each.path), is_in_place=each.is_in_place)
        for each in done
    ]


async def _undo(house: House, kept: str) -> None:
    """Put back what there was before."""
    state = await copy_of_backup(house.state.backups.folder / kept)
    try:
        await house.state.replace(state)
        await house.settings.reload()
    finally:
        await state.close()
