"""Whether the disk where querylog.db lies can hold a database: file system and free room."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sinkhole.model.errors import StorageError

_NETWORK: Final = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.davfs",
    "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4",
    "smb2", "smb3", "smbfs",
})  # fmt: skip

FULL: Final = 0.95
"""The share of a disk in use from which on queries are not logged."""


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


def full_percent(
    folder: Path, usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage
) -> float | None:
    """How full the disk under `folder` is, in percent, if that is too full to log; else None."""
    try:
        total, _, free = usage(folder)
    except OSError:
        return None  # writing will tell what is wrong
    used = 1 - free / total if total else 0.0
    return used * 100 if used >= FULL else None
