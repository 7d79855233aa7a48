"""Whether the disk where querylog.db lies can hold a database: file system and free room."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final, NamedTuple

from sinkhole.control.querylog.aside import size_of, trim
from sinkhole.model.errors import StorageError

_NETWORK: Final = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.davfs",
    "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4",
    "smb2", "smb3", "smbfs",
})  # fmt: skip

STOP_BYTES: Final = 256 << 20
STOP_SHARE: Final = 0.05
"""With less room than the smaller of both (the share is of the disk) queries are not logged."""

RESUME_BYTES: Final = 512 << 20
RESUME_SHARE: Final = 0.1
"""And with more than the smaller of these they are again: much more, so that the log doesn't
start and stop all the time on a disk that is just about full."""


class Found(NamedTuple):
    """What a look at the folder of a database found.

    `inode` is the number of the file, 0 while there is none; `size_bytes` is the room that the log
    takes, with its WAL and what was set aside; `total_bytes` and `free_bytes` are the disk's, None
    if they can't be had.
    """

    inode: int
    size_bytes: int
    total_bytes: int | None
    free_bytes: int | None


def refuse_network(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> None:
    """Raise StorageError if `folder` lies on a network file system.

    SQLite's WAL needs memory shared between the users of a file and locks that hold: over a
    network it has neither, and breaks databases sooner or later. Where the system doesn't tell
    what is mounted (not Linux), the folder is taken to be local.
    """
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return
    target, best, kind = folder.resolve(), Path("/"), ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(_unescaped(fields[1]))
        # A later line covers an earlier one on the same point.
        if target.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, fields[2]
    if kind in _NETWORK:
        raise StorageError(
            f"{folder} lies on a network file system ({kind} at {best}), where SQLite databases "
            "break; set data_dir to a local disk to get the query log and statistics"
        )


def _unescaped(point: str) -> str:
    for escape, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(escape, char)
    return point


def look(path: Path, most_bytes: int, now_s: float) -> Found:
    """Look at the file and its disk; what was set aside goes if all together is too much.

    `most_bytes` is what the log may take, `now_s` the time that is trusted, or 0. Waits for the
    disk: in a thread only.
    """
    size = size_of(path)
    aside = trim(path, most_bytes - size, now_s)
    try:
        inode = path.stat().st_ino
    except OSError:
        inode = 0
    try:
        total, _, free = shutil.disk_usage(path.parent)
    except OSError:  # writing will tell what is wrong
        return Found(inode, size + aside, None, None)
    return Found(inode, size + aside, total, free)


class Room:
    """Whether the disk has room for more than the roll-ups; `problem` says why not."""

    def __init__(self) -> None:
        self.problem: str | None = None

    def judge(self, total_bytes: int | None, free_bytes: int | None) -> None:
        """Take over what a look has found; a disk that can't be asked has room."""
        if total_bytes is None or free_bytes is None:
            self.problem = None
            return
        resume = min(RESUME_BYTES, total_bytes * RESUME_SHARE)
        stop = min(STOP_BYTES, total_bytes * STOP_SHARE)
        if free_bytes >= (stop if self.problem is None else resume):
            self.problem = None
        else:
            self.problem = (
                f"the disk has only {_words(free_bytes)} left: queries are counted but not logged "
                f"until {_words(resume)} are free"
            )


def _words(size_bytes: float) -> str:
    if size_bytes < 1 << 20:
        return f"{size_bytes / 1024:,.0f} KiB"
    return f"{size_bytes / (1 << 20):,.0f} MiB"
