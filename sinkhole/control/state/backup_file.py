"""One file with everything that may not be lost: how it is written, and read with distrust.

A ZIP archive with `manifest.json`, the state as a database of its own, the settings files as they
are and, where somebody asked for it, the query log. The manifest says which parts there are, how
large, and their SHA-256. Nothing of an archive is used before all of it has been checked.

Everything here waits for the disk: it runs in a thread, never on the event loop.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple

from sinkhole import __version__
from sinkhole.model.errors import StorageError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
STATE: Final = "state.db"
LOG: Final = "querylog.db"
SETTINGS: Final = "settings/"

MOST_PARTS: Final = 100
MOST_MANIFEST_BYTES: Final = 1 << 18
MOST_SETTINGS_BYTES: Final = 16 << 20
MOST_STATE_BYTES: Final = 1 << 30
MOST_LOG_BYTES: Final = 1 << 37

_SETTINGS_NAME: Final = re.compile(r"settings/(?!\.)[\w.-]{1,200}", re.ASCII)
_PIECE: Final = 1 << 20

Reason = Literal["daily", "upgrade", "asked", "restore"]
"""Why a backup was made: each day, before a migration, because somebody asked, before a restore."""


class Part(NamedTuple):
    """One file of a backup; `origin` is where a settings file lay."""

    size_bytes: int
    sha256: str
    origin: str = ""


class Manifest(NamedTuple):
    """What a backup says of itself; `made` is in seconds since 1970, by the clock there was."""

    format: int
    sinkhole: str
    made: float
    reason: str
    parts: Mapping[str, Part]


def write_backup(path: Path, parts: Mapping[str, Path], made: float, reason: Reason) -> Manifest:
    """Write an archive of files by the names that they have in it; OSError."""
    written: dict[str, Part] = {}
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, source in parts.items():
            with source.open("rb") as file, archive.open(name, "w", force_zip64=True) as into:
                origin = str(source) if name.startswith(SETTINGS) else ""
                written[name] = _copied(file, into)._replace(origin=origin)
        manifest = Manifest(FORMAT, __version__, made, reason, written)
        told = manifest._asdict() | {"parts": {n: p._asdict() for n, p in written.items()}}
        archive.writestr(MANIFEST, json.dumps(told, indent=1))
    return manifest


def read_manifest(path: Path) -> Manifest:
    """What an archive says of itself, so far unchecked; StorageError for what is none of ours."""
    with _opened(path) as archive:
        return _manifest(path, archive)


def unpack(path: Path, folder: Path, names: frozenset[str] | None = None) -> Manifest:
    """Check a whole archive and write its parts, or these of them, into an empty folder.

    StorageError where anything is not as the manifest says; what was written is then of no use.
    Settings files lie in `settings/` of the folder.
    """
    with _opened(path) as archive:
        manifest = _manifest(path, archive)
        (folder / SETTINGS).mkdir(exist_ok=True)
        for name, part in manifest.parts.items():
            with archive.open(name) as file:
                if names is None or name in names:
                    with (folder / name).open("xb") as into:
                        found = _copied(file, into, part.size_bytes)
                else:
                    found = _copied(file, None, part.size_bytes)
            if found[:2] != part[:2]:
                raise StorageError(f"{path.name}: {name} is damaged")
        return manifest


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive, with every way in which it can be broken told as StorageError."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except OSError as error:
        raise StorageError(f"{path.name}: {error.strerror or error}") from error
    except _BROKEN as error:
        text = f"{path.name} is no backup of sinkhole, or damaged: {error}"
        raise StorageError(text) from error


_BROKEN: Final = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError),
    *(RuntimeError, ValueError, OverflowError),
)
"""What the archive's library raises for bytes that are none, or encrypted."""

_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_OTHER_SHAPE: Final = (AttributeError, KeyError, TypeError, ValueError, OverflowError)
"""What reading JSON of another shape than a manifest's raises."""


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    files = archive.infolist()
    names = {each.filename for each in files}
    if len(files) > MOST_PARTS + 1 or len(names) < len(files) or MANIFEST not in names:
        raise StorageError(f"{path.name} is no backup of sinkhole")
    if any(each.compress_type not in _METHODS for each in files):
        raise StorageError(f"{path.name} is no backup of sinkhole, or damaged: it is packed oddly")
    with archive.open(MANIFEST) as file:
        told = file.read(MOST_MANIFEST_BYTES)
    try:
        return _read(path, names, json.loads(told))
    except (*_OTHER_SHAPE, RecursionError) as error:
        text = f"{path.name} is no backup of sinkhole, or damaged: {MANIFEST} makes no sense"
        raise StorageError(text) from error


def _read(path: Path, names: set[str], told: Any) -> Manifest:
    if not isinstance(told, dict) or not isinstance(told.get("format"), int):
        raise StorageError(f"{path.name} is no backup of sinkhole")
    if told["format"] > FORMAT:
        raise StorageError(
            f"{path.name} was made by sinkhole {str(told.get('sinkhole'))[:40]}, and this one is "
            f"{__version__}, which is older: update sinkhole, then restore"
        )
    parts = {name: _part(path, name, each) for name, each in told["parts"].items()}
    made = float(told["made"])
    if not math.isfinite(made) or STATE not in parts or {MANIFEST, *parts} != names:
        raise StorageError(f"{path.name} has not the files that it says it has")
    return Manifest(told["format"], str(told["sinkhole"]), made, str(told["reason"]), parts)


def _part(path: Path, name: str, told: Mapping[str, Any]) -> Part:
    most = {STATE: MOST_STATE_BYTES, LOG: MOST_LOG_BYTES}.get(name)
    if most is None and _SETTINGS_NAME.fullmatch(name):
        most = MOST_SETTINGS_BYTES
    part = Part(int(told["size_bytes"]), str(told["sha256"]), str(told.get("origin", "")))
    if most is None or not 0 <= part.size_bytes <= most:
        raise StorageError(f"{path.name}: {name[:100]!r} is no part of a backup, or too large")
    return part


def _copied(file: IO[bytes], into: IO[bytes] | None, most: int | None = None) -> Part:
    """Copy a file, or only read it; it stops behind `most` bytes, one later than it may have."""
    size, hasher = 0, hashlib.sha256()
    for piece in _pieces(file):
        size += len(piece)
        hasher.update(piece)
        if into is not None:
            into.write(piece)
        if most is not None and size > most:
            break
    return Part(size, hasher.hexdigest())


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
