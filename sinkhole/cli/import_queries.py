"""The query log of another server, for `sinkhole import … --log`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sinkhole.cli.calling import Caller
from sinkhole.model.counted import counted
from sinkhole.model.errors import SinkholeError, StorageError

FILES: Final = {
    "adguardhome": ("querylog.json.1", "querylog.json"),
    "pihole": ("pihole-FTL.db",),
}
"""What a folder of a program has of its log, the oldest first."""

PATIENCE_S: Final = 6 * 3600.0
"""How long a server may take for a log: tens of millions of queries take hours."""

_TIME: Final = "%Y-%m-%d %H:%M"


def files_of(source: str, path: Path) -> list[Path]:
    """The files of a log, by a file or the folder they are in; StorageError where there is none."""
    if not path.is_dir():
        return [path]
    found = [path / name for name in FILES[source] if (path / name).exists()]
    if not found:
        raise StorageError(f"there is no {' nor '.join(FILES[source])} in {path}")
    return found


def asked(
    caller: Caller, source: str, files: Sequence[Path], lists: Sequence[str], *, dry_run: bool
) -> list[dict[str, Any]]:
    """What is told of each file; the rest of the files is not begun where one can't be taken."""
    return [_asked(caller, file, source, lists, dry_run=dry_run) for file in files]


def _asked(
    caller: Caller, file: Path, source: str, lists: Sequence[str], *, dry_run: bool
) -> dict[str, Any]:
    given = {"source": source, "lists": list(lists), "dry_run": dry_run}
    try:
        with _whole(file) as whole:
            told = caller.upload("imports.log", given, whole, patience_s=PATIENCE_S)
            return {"file": str(file), **told}
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {error.strerror}") from None


def lines(told: Mapping[str, Any], *, dry_run: bool) -> Iterator[str]:
    """What is taken of a file, in words."""
    kept = told["rows"] + told["counted"]
    again = ", besides what was taken before" if told["has_begun"] else ""
    verb = "to take" if dry_run else "taken"
    if not kept:
        yield f"{told['file']}: nothing {verb}{again}."
    else:
        span = f"{_moment(told['begins'])} to {_moment(told['ends'])}"
        yield f"{told['file']}: {counted(kept, 'query', 'queries')} {verb}{again}, {span}."
    for count, words in (
        (told["counted"], "too old for the log, and only counted in the statistics"),
        (told["left_out"], "left out: too old for the statistics as well, or yet to come"),
        (told["damaged"], "left out, as they can't be read"),
    ):
        if count:
            yield (
                f"  {count} of them {words}." if words.startswith("too") else f"  {count} {words}."
            )


def _moment(seconds: float) -> str:
    return time.strftime(_TIME, time.localtime(seconds))


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    """A file that is all there is: a database with a part of it in another file is copied first."""
    if not file.with_name(f"{file.name}-wal").exists():
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="sinkhole-") as folder:
        copy = Path(folder) / file.name
        _copy(file, copy)
        yield copy


def _copy(file: Path, copy: Path) -> None:
    import asyncio

    from sinkhole.control.database import Database

    async def copied() -> None:
        database = await Database.connect(file, read_only=True)
        try:
            await database.copy_to(copy)
        finally:
            await database.close()

    try:
        asyncio.run(copied())
    except StorageError as error:
        raise SinkholeError(f"{file} could not be copied: {error}") from None
