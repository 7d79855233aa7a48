"""Backups in the data folder: made daily, before an upgrade, before a restore, and when asked.

The newest of them is also what is read in place of a state that is damaged. They are numbered, and
go by their numbers: whatever the clock shows, it is the oldest that goes for a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import tempfile
import time
from calendar import timegm
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple, get_args

from sinkhole.control.database import Database
from sinkhole.control.state.backup_file import (
    LOG,
    SETTINGS,
    STATE,
    Manifest,
    Reason,
    read_manifest,
    unpack,
    write_backup,
)
from sinkhole.model.errors import StorageError
from sinkhole.model.files import PRIVATE, make_folder, move_into_place

FOLDER_NAME: Final = "backups"

KEPT: Final = 7
"""How many are kept: of those made by themselves, of those asked for, of those before a restore."""

MOST_SETTINGS_FILES: Final = 50
ROOM_BYTES: Final = 64 << 20
"""What has to stay free on the disk: a backup must not be what fills it."""

_STAMP: Final = "%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(
    rf"sinkhole-(\d{{6}})-(\d{{8}}T\d{{6}}Z)-({'|'.join(get_args(Reason))})\.zip", re.ASCII
)
_ODD: Final = re.compile(r"[^\w.-]", re.ASCII)
_AUTOMATIC: Final = ("daily", "upgrade")


CopyTo = Callable[[Path], Awaitable[None]]
"""Copies a state into a file that there is not yet."""


class Backup(NamedTuple):
    """A backup in the folder: its name there, when it was made by the clock there was, and why."""

    number: int
    name: str
    made: float
    reason: str
    size_bytes: int


class Backups:
    """The folder of backups; what waits for the disk does so in a thread.

    `config` is the settings file, or a folder of such; None where there is none. `newest` is the
    last one that was made here, None before the first.
    """

    def __init__(self, data_dir: Path, config: Path | None = None) -> None:
        self.folder = data_dir / FOLDER_NAME
        self.config = config
        self.newest: Backup | None = None
        self._lock = asyncio.Lock()

    async def make(
        self, reason: Reason, copy_state: CopyTo, wall_s: float, with_log: bool = False
    ) -> Backup:
        """Make a backup of a state, with the settings as they are and, if wanted, the query log.

        Both are copied by SQLite, whoever writes to them meanwhile; only the first by the state's
        own connection, as it is small. StorageError.
        """
        async with self._lock:
            try:
                self.newest = await self._make(reason, copy_state, wall_s, with_log)
                return self.newest
            except OSError as error:
                text = f"no backup could be made: {error.strerror or error} ({error.filename})"
                raise StorageError(text) from error

    async def all(self) -> list[Backup]:
        """What there is, the newest first; nothing where the folder can't be read."""
        return await asyncio.to_thread(self._all)

    async def unpack(self, archive: Path, folder: Path, *, with_log: bool) -> Manifest:
        """Check a whole archive and write its parts into a folder, the log only where that is
        wanted; StorageError."""
        try:
            parts = await asyncio.to_thread(self._wanted_parts, archive, with_log)
            return await asyncio.to_thread(unpack, archive, folder, parts)
        except OSError as error:
            raise StorageError(f"{archive.name}: {error.strerror or error}") from error

    async def _make(
        self, reason: Reason, copy_state: CopyTo, wall_s: float, with_log: bool
    ) -> Backup:
        async with self.workplace("make-") as work:
            parts = {STATE: work / STATE}
            await copy_state(parts[STATE])
            await _check(parts[STATE])
            if with_log:
                parts[LOG] = work / LOG
                await self._copy_log(parts[LOG])
            return await asyncio.to_thread(self._pack, parts, work / "new.zip", wall_s, reason)

    @asynccontextmanager
    async def workplace(self, prefix: str) -> AsyncIterator[Path]:
        """A folder beside the backups, gone in the end; of those with a prefix there is one, and
        what a process that was killed left of it goes. StorageError."""
        try:
            work = await asyncio.to_thread(self._make_workplace, prefix)
        except OSError as error:
            raise StorageError(f"{error.filename}: {error.strerror}") from error
        try:
            yield work
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    def _make_workplace(self, prefix: str) -> Path:
        make_folder(self.folder)
        for old in self.folder.glob(f"{prefix}*"):
            shutil.rmtree(old, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=prefix, dir=self.folder))

    async def _copy_log(self, path: Path) -> None:
        source = self.folder.parent / LOG
        await asyncio.to_thread(self._check_room, source)
        database = await Database.connect(source, read_only=True)
        try:
            await database.copy_to(path)
        finally:
            await database.close()

    def _pack(self, parts: dict[str, Path], draft: Path, wall_s: float, reason: Reason) -> Backup:
        for number, each in enumerate(settings_files(self.config), 1):
            parts[f"{SETTINGS}{number:02}-{_ODD.sub('_', each.name)[-100:]}"] = each
        write_backup(draft, parts, wall_s, reason)
        there = self._all()
        number = max((each.number for each in there), default=0) + 1
        stamp = time.strftime(_STAMP, time.gmtime(max(0.0, wall_s)))
        path = self.folder / f"sinkhole-{number:06}-{stamp}-{reason}.zip"
        move_into_place(draft, path, PRIVATE)
        made = Backup(number, path.name, float(int(wall_s)), reason, path.stat().st_size)
        for old in _spare([made, *there]):
            (self.folder / old.name).unlink(missing_ok=True)
        return made

    def _check_room(self, log: Path) -> None:
        """A copy and an archive of it have to fit, beside what must stay free."""
        if not log.exists():
            raise StorageError("there is no query log")
        size, free = log.stat().st_size, shutil.disk_usage(self.folder).free
        if free < 2 * size + ROOM_BYTES:
            raise StorageError(
                f"a backup with the log needs {2 * size >> 20} MiB of the disk, which has "
                f"{free >> 20} MiB free: make room, or make one without the log"
            )

    def _wanted_parts(self, archive: Path, with_log: bool) -> frozenset[str]:
        """What of an archive is unpacked, if there is room for it."""
        parts = {
            name: part
            for name, part in read_manifest(archive).parts.items()
            if with_log or name != LOG
        }
        size = sum(each.size_bytes for each in parts.values())
        free = shutil.disk_usage(self.folder).free
        if free < size + ROOM_BYTES:
            raise StorageError(
                f"to restore {archive.name} takes {size >> 20} MiB of the disk, which has "
                f"{free >> 20} MiB free"
            )
        return frozenset(parts)

    def _all(self) -> list[Backup]:
        try:
            paths = list(self.folder.iterdir())
        except OSError:
            return []
        found = []
        for path in paths:
            with contextlib.suppress(OSError, ValueError):  # gone meanwhile; no date
                if name := _NAME.fullmatch(path.name):
                    made = float(timegm(time.strptime(name[2], _STAMP)))
                    size = path.stat().st_size
                    found.append(Backup(int(name[1]), path.name, made, name[3], size))
        return sorted(found, reverse=True)


def settings_files(config: Path | None) -> list[Path]:
    """The files of the settings: one, or those of a folder; none where they can't be read."""
    if config is None:
        return []
    try:
        if config.is_dir():
            found = sorted(each for each in config.iterdir() if each.suffix in (".yaml", ".yml"))
            return [each for each in found if each.is_file()][:MOST_SETTINGS_FILES]
        return [config] if config.is_file() else []
    except OSError:
        return []


def _spare(backups: list[Backup]) -> Iterator[Backup]:
    """Those beyond what is kept of their kind, of all there are from the newest on."""
    seen: dict[str, int] = {}
    for backup in backups:
        kind = "automatic" if backup.reason in _AUTOMATIC else backup.reason
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] > KEPT:
            yield backup


async def _check(path: Path) -> None:
    database = await Database.connect(path, read_only=True)
    try:
        await database.check()
    finally:
        await database.close()
