"""A log out of a backup: laid beside the one there is, and taken up when sinkhole starts.

A log that is being written to can't be replaced; what was written until then is kept aside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sinkhole.control.querylog.aside import set_aside
from sinkhole.model.errors import StorageError
from sinkhole.model.files import PRIVATE, move_into_place

LOG_NAME: Final = "querylog.db"
_SUFFIX: Final = ".restored"


def lay_beside(file: Path, data_dir: Path) -> None:
    """Take a log into the data folder, for the next start; StorageError. It is moved."""
    try:
        move_into_place(file, data_dir / f"{LOG_NAME}{_SUFFIX}", PRIVATE)
    except OSError as error:
        raise StorageError(f"the log could not be restored: {error.strerror}") from error


def take_up(path: Path) -> None:
    """Let the log that was restored, if one was, take the place of the one at `path`.

    Killed half way, the next start goes on with it. StorageError.
    """
    restored = path.with_name(f"{path.name}{_SUFFIX}")
    if not restored.exists():
        return
    if path.exists():
        set_aside(path, "replaced")
    try:
        restored.replace(path)
    except OSError as error:
        raise StorageError(f"{restored} could not be taken up: {error.strerror}") from error
