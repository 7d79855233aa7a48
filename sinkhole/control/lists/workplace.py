"""Where an update fetches and compiles: a folder of its own, locked while its process works there.

So what two processes fetch at the same time never collides, nobody has to hold the lock of all
lists while a server is slow, and what a killed process has left is known by its lock being free.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from pathlib import Path
from typing import Final

from sinkhole.model.files import FileLock, make_folder

LOCKLESS_GRACE_S: Final = 3600.0
"""How old what is there must be to be a leftover, on a file system that has no locks. By far
longer than fetching and compiling may take."""

_PREFIX: Final = ".work-"
_LOCK: Final = "lock"


class Workplace:
    """One such folder, from `make` to `remove`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = FileLock(folder / _LOCK)

    @classmethod
    def make(cls, lists: Path) -> Workplace:
        """A new one in the folder of lists, whose lock the caller holds; OSError if that fails."""
        work = cls(lists / f"{_PREFIX}{secrets.token_hex(8)}")
        make_folder(work.folder)
        work._lock.take_now()
        return work

    def part(self) -> Path:
        """A new name for a file to be written; nothing is created."""
        return self.folder / f"{secrets.token_hex(8)}.part"

    def remove(self) -> None:
        """Let go of it with all that is in it; what can't be removed now is a leftover then."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()


def sweep_workplaces(lists: Path) -> None:
    """Remove what ended processes have left. Only for whoever holds the lock of all lists."""
    for folder in lists.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # whatever this is, it is no leftover of ours
            if _is_left(folder):
                shutil.rmtree(folder)


def _is_left(folder: Path) -> bool:
    lock = FileLock(folder / _LOCK)
    try:
        if not lock.take_now():
            return False
        return not lock.missing or time.time() - folder.stat().st_mtime > LOCKLESS_GRACE_S
    finally:
        lock.release()
