"""Files of ours: written whole or not at all, locked between processes, known by a signature.

What lies in the data folder has the mode we give it, whatever the umask, and what root makes there
belongs to the owner of the folder: the server, which is somebody else, can use what a command under
sudo has left.

The one module of this floor that asks the disk. It knows nothing of what the files hold, and
raises OSError: whoever calls says what that means for him.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_LOCK_POLL_S: Final = 0.02
PRIVATE: Final = 0o600
"""For what the house asked for: nobody's business but the server's."""

SHARED: Final = 0o640
"""For all else of the data folder: its owner, and those whom he lets in by the group."""

FOLDER: Final = 0o750

UPLOAD: Final = ("sinkhole-", ".upload")
"""How a file of the data folder begins and ends that is there while it is sent and worked on."""

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP})
"""What file systems say that bring the names in a folder to the disk in their own time."""


def write_atomically(
    path: Path,
    pieces: Iterable[ReadableBuffer],
    *,
    mode: int | None = None,
    draft: Path | None = None,
) -> None:
    """Replace `path` by a file of these bytes; after OSError it is as it was, with no half beside.

    They go into `draft`, which must lie in the same folder (`NAME.new` unless given), and that is
    renamed once it is on the disk; a power cut leaves the old file or the new one. Nobody else may
    write to `draft` meanwhile. With a `mode` it is a file of the data folder; without, the umask
    says who may read it, and it is whoever's runs us.
    """
    draft = draft or path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)  # of a process that was killed; its mode may be another
    try:
        handle = os.open(draft, _NEW, 0o666 if mode is None else mode)
        with open(handle, "wb") as file:
            if mode is not None:
                _hand_over(handle, path.parent, mode)
            file.writelines(pieces)
            file.flush()
            os.fsync(handle)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def move_into_place(draft: Path, path: Path, mode: int = SHARED) -> None:
    """Give a finished file its name and its mode, with all of it on the disk before; OSError."""
    handle = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _hand_over(handle, path.parent, mode)
        os.fsync(handle)
    finally:
        os.close(handle)
    draft.replace(path)
    _sync_folder(path.parent)


def make_file(path: Path, mode: int) -> None:
    """Make an empty file of the data folder if there is none; OSError if that fails."""
    try:
        handle = os.open(path, _NEW, mode)
    except FileExistsError:
        return
    try:
        _hand_over(handle, path.parent, mode)
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make the data folder, or one in it, if there is none, and those above it; OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(FOLDER)
    except FileExistsError:
        if path.is_dir():
            return
        raise
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _hand_over(handle, path.parent, FOLDER)
    finally:
        os.close(handle)


def _hand_over(handle: int, folder: Path, mode: int) -> None:
    """Give what is open its mode and, if we are root, the owner of `folder`.

    The folder's owner may have put a link there to something that is not his: what has other names
    as well, and was not opened by its own, stays as it is.
    """
    found = os.fstat(handle)
    if stat.S_ISREG(found.st_mode) and found.st_nlink != 1:
        return
    with contextlib.suppress(OSError):  # of file systems that know neither owners nor modes
        if os.geteuid() == 0:
            owner = folder.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
        os.fchmod(handle, mode)


class FileLock:
    """A lock that one process holds at a time; it ends with that process, however it ends.

    On a file system without locks everybody gets it, and so does everybody when the file belongs
    to somebody who lets nobody else open it: better served twice than not at all. `missing` is then
    why there is none, else "". The file stays when the lock is let go.
    """

    def __init__(self, path: Path) -> None:
        self.missing = ""
        self._path = path
        self._handle: int | None = None

    def open(self) -> None:
        """Make or open the file; OSError if that fails. `take_now` asks no disk from then on."""
        with contextlib.suppress(OSError):  # opening tells what is wrong
            make_file(self._path, SHARED)
        try:  # NFS gives locks only to those who may write
            self._handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            if os.geteuid() == 0:  # made by root in former times: let the owner have it
                _hand_over(self._handle, self._path.parent, SHARED)
        except OSError:  # everywhere else reading is enough, as for a file of another user
            try:
                self._handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except PermissionError as error:
                if not self._path.exists():
                    raise
                self.missing = f"{self._path.name} belongs to another user ({error.strerror})"

    def take_now(self) -> bool:
        """Take the lock; False when somebody else holds it. `release` it in both cases."""
        if self._handle is None:
            self.open()
        if self._handle is None:
            return True  # for what is said in `missing`
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
