"""How much of the disk is taken, and by what."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Final, Literal, get_args

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Nothing, Output, operation
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import StorageError

Part = Literal["log", "lists", "state", "cache", "backups", "other"]

PARTS: Final[dict[str, Part]] = {
    "querylog.db": "log",
    "lists": "lists",
    "state.db": "state",
    "cache.bin": "cache",
    "backups": "backups",
}
"""What the files and folders are for whose names begin so."""


class StoredPart(Output):
    """What one part takes."""

    part: Part = Field(description="`log` has the statistics in it as well.")
    size_bytes: int


class Storage(Output):
    """What is stored, and how much room there is."""

    folder: str = Field(description="The data folder.")
    parts: list[StoredPart]
    disk_bytes: int = Field(description="All of the disk that it is on.")
    free_bytes: int


@operation("storage.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> Storage:
    """Show what log, lists, state, cache and backups take of the disk, and what is free."""
    try:
        return await asyncio.to_thread(_measured, house.state.folder)
    except OSError as error:
        raise StorageError(f"{house.state.folder}: {error.strerror}") from error


def _measured(folder: Path) -> Storage:
    sizes: dict[Part, int] = dict.fromkeys(get_args(Part), 0)
    for entry in os.scandir(folder):
        part: Part = next((PARTS[each] for each in PARTS if entry.name.startswith(each)), "other")
        sizes[part] += _size_of(Path(entry.path))
    disk = shutil.disk_usage(folder)
    return Storage(
        folder=str(folder),
        parts=[StoredPart(part=part, size_bytes=size) for part, size in sizes.items()],
        disk_bytes=disk.total,
        free_bytes=disk.free,
    )


def _size_of(path: Path) -> int:
    """The bytes in a file, or in all files of a folder; what goes meanwhile takes none."""
    total = 0
    for each in (path, *path.rglob("*")):
        try:
            total += each.lstat().st_size if each.is_file() else 0
        except OSError:
            continue
    return total
