"""Files of ours: written whole or not at all, locked between processes, known by a signature.

The one module of this floor that asks the disk. It knows nothing of what the files hold, and
raises OSError: whoever calls says what that means for him.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_LOCK_POLL_S: Final = 0.02
_NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP})
"""What file systems say that bring the names in a folder to the disk in their own time."""


def write_atomically(
    path: Path,
    pieces: Iterable[ReadableBuffer],
    *,
    mode: int = 0o666,
    draft: Path | None = None,
) -> None:
    """Replace `path` by a file of these bytes; after OSError it is as it was, with no half beside.

    They go into `draft`, which must lie in the same folder (`NAME.new` unless given), and that is
    renamed once it is on the disk; a power cut leaves the old file or the new one. Nobody else may
    write to `draft` meanwhile. `mode` is what the umask is taken from.
    """
    draft = draft or path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)  # of a process that was killed; its mode may be another
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with open(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(handle)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def move_into_place(draft: Path, path: Path) -> None:
    """Give a finished file its name, with all of it on the disk before; OSError if that fails."""
    _sync(draft)
    draft.replace(path)
    _sync_folder(path.parent)


class FileLock:
    """A lock that one process holds at a time; it ends with that process, however it ends.

    On a file system without locks everybody gets it: better served twice than not at all.
    `missing` is then why there is none, else "". The file stays when the lock is let go.
    """

    def __init__(self, path: Path) -> None:
        self.missing = ""
        self._path = path
        self._handle: int | None = None

    def open(self) -> None:
        """Make or open the file; OSError if that fails. `take_now` asks no disk from then on."""
        flags = os.O_CREAT | os.O_CLOEXEC
        try:  # NFS gives locks only to those who may write
            self._handle = os.open(self._path, os.O_RDWR | flags, 0o644)
        except OSError:  # everywhere else reading is enough, as for a file of another user
            self._handle = os.open(self._path, os.O_RDONLY | flags, 0o644)

    def take_now(self) -> bool:
        """Take the lock; False when somebody else holds it. `release` it in both cases."""
        if self._handle is None:
            self.open()
        assert self._handle is not None
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            self.missing = error.strerror or str(error)
        return True

    def take(self, patience_s: float) -> bool:
        """As `take_now`, waiting up to `patience_s` seconds; nothing to release after False."""
        deadline = time.monotonic() + patience_s
        while not self.take_now():
            if time.monotonic() >= deadline:
                self.release()
                return False
            time.sleep(_LOCK_POLL_S)
        return True

    def release(self) -> None:
        """Let others have it; nothing happens when it is not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class Signature(NamedTuple):
    """What changes when a file is written to or replaced."""

    size_bytes: int
    modified_ns: int
    inode: int


def signature_of(path: Path) -> Signature | None:
    """The signature of a file; None when there is none that can be asked."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Signature(found.st_size, found.st_mtime_ns, found.st_ino)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    try:
        _sync(folder)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
