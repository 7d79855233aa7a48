"""Log files that could not be used: renamed, and kept for a person to look at, but not for ever.

Everything here waits for the disk: it runs in a thread, never on the event loop.
"""

from __future__ import annotations

import contextlib
import re
import time
from calendar import timegm
from pathlib import Path
from typing import Final, NamedTuple

from sinkhole.model.errors import StorageError

KEPT: Final = 2
"""How many files set aside are kept; the oldest goes for a new one."""

GRACE_S: Final = 7 * 86_400.0
"""How long the newest is kept in any case: who went back to an older sinkhole by mistake has a week
to notice. What is older goes when it and the log together are larger than the log may be."""

_STAMP: Final = "%Y%m%dT%H%M%SZ"
_PARTS: Final = ("-wal", "-shm", "")


class Aside(NamedTuple):
    """A file set aside: since when, in seconds since 1970, and its bytes with all beside it."""

    since: float
    number: int
    path: Path
    size_bytes: int


def set_aside(path: Path, why: str) -> Path:
    """Rename a database and the files that belong to it; returns the new name.

    StorageError if that fails. Of those set aside before, only the newest are kept. The name says
    when, but never earlier than that of another: the clock may be behind, and the oldest go first.
    """
    there, now = files_aside(path), float(int(time.time()))
    since, number = max(((each.since, each.number + 1) for each in there), default=(now, 1))
    if since < now:
        since, number = now, 1
    stamp = time.strftime(_STAMP, time.gmtime(since))
    aside = path.with_name(f"{path.name}.{why}-{stamp}" + (f"-{number}" if number > 1 else ""))
    try:
        for suffix in _PARTS:
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise StorageError(f"{path} is {why} and can't be renamed: {error.strerror}") from error
    for old in files_aside(path)[:-KEPT]:
        _remove(old)
    return aside


def files_aside(path: Path) -> list[Aside]:
    """What was set aside of a database, the oldest first; none if the folder can't be read."""
    ours = re.compile(
        re.escape(path.name) + r"\.(?:broken|newer|replaced)-(\d{8}T\d{6}Z)(?:-(\d+))?"
    )
    try:
        names = ((each, ours.fullmatch(each.name)) for each in list(path.parent.iterdir()))
    except OSError:
        return []
    return sorted(
        Aside(since, int(name[2] or 1), each, size_of(each))
        for each, name in names
        if name and (since := _seconds(name[1])) is not None
    )


def trim(path: Path, most_bytes: int, now_s: float) -> int:
    """Remove the oldest while all together take more than `most_bytes`; the bytes that are left.

    The newest stays until it is GRACE_S old. `now_s` is the time that is trusted to be past, 0
    while none is: a clock that is ahead ends no grace.
    """
    there = files_aside(path)
    while there and sum(each.size_bytes for each in there) > most_bytes:
        if len(there) == 1 and now_s - there[0].since <= GRACE_S:
            break
        _remove(there.pop(0))
    return sum(each.size_bytes for each in there)


def size_of(path: Path) -> int:
    """The bytes of a database with the files that belong to it; what isn't there has none."""
    total = 0
    for suffix in _PARTS:
        with contextlib.suppress(OSError):
            total += path.with_name(path.name + suffix).stat().st_size
    return total


def _seconds(stamp: str) -> float | None:
    try:
        return float(timegm(time.strptime(stamp, _STAMP)))
    except ValueError:  # ours were real dates
        return None


def _remove(aside: Aside) -> None:
    for suffix in _PARTS:
        with contextlib.suppress(OSError):  # it is tried again at the next look
            aside.path.with_name(aside.path.name + suffix).unlink(missing_ok=True)
