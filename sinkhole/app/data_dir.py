"""The folder for everything that outlives a restart: made, tried, and held by one server."""

from __future__ import annotations

import errno
import logging
import tempfile
from pathlib import Path
from typing import Final

from sinkhole.model.errors import SettingsError
from sinkhole.model.files import UPLOAD, FileLock, make_folder

log = logging.getLogger(__name__)

LOCK_NAME: Final = "sinkhole.lock"

_PASSING: Final = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""What happens to disks that were fine yesterday. A home must not lose DNS over it: what is in
the folder can still be read, and whoever writes to it reports and retries for himself."""


class DataDir:
    """`data_dir` of the settings.

    Two servers in one folder would mix up their logs and overwrite each other's cache, so
    `take` locks it; the lock ends with the process, however that ends. Behind the lock, uploads are
    nobody's: those that a process left that was killed go.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path / LOCK_NAME)

    def take(self) -> None:
        """Make the folder if need be, and hold it.

        Raises SettingsError when it can't be made, belongs to somebody else, or is in use.
        """
        try:
            make_folder(self.path)
        except OSError as error:
            raise SettingsError([_advice(self.path, error)]) from error
        try:
            self._hold()
            self._sweep_uploads()
            make_folder(self.path / "lists")
            with tempfile.TemporaryFile(dir=self.path):
                pass  # whether that works is all we want to know
        except OSError as error:
            if error.errno not in _PASSING:
                raise SettingsError([_advice(self.path, error)]) from error
            log.error("data_dir: nothing can be written to %s: %s", self.path, error.strerror)

    def release(self) -> None:
        """Let another server have it."""
        self._lock.release()

    def _hold(self) -> None:
        if not self._lock.take(patience_s=0):
            raise SettingsError([_in_use(self.path)])
        if self._lock.missing:
            log.warning("data_dir: %s can't be locked: %s", self.path, self._lock.missing)

    def _sweep_uploads(self) -> None:
        if self._lock.missing:
            return  # another server may be receiving them
        for path in self.path.glob("*".join(UPLOAD)):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("data_dir: %s can't be removed: %s", path, error.strerror)


def _advice(path: Path, error: OSError) -> str:
    what = f"data_dir: {path} cannot be used: {error.strerror}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{what}; give it to the user that runs sinkhole (chown), or choose another folder"
    return f"{what}; choose another folder"


def _in_use(path: Path) -> str:
    return (
        f"data_dir: {path} is in use by another running sinkhole; stop that one, or choose "
        f"another folder. `fuser {path / LOCK_NAME}` tells which process it is."
    )
