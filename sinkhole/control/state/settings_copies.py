"""Settings files out of a backup: put back where they lay, else laid where a person finds them.

The settings file is a person's. It is written to only where that was asked for and the folder lets
us; a copy lies in the data folder in any case.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from sinkhole.control.state.backup_file import SETTINGS, Manifest
from sinkhole.model.errors import StorageError
from sinkhole.model.files import PRIVATE, make_folder, write_atomically

FOLDER_NAME: Final = "restored-settings"
_NUMBER_WIDTH: Final = 3
"""Of "01-", before the name that a file had."""


class SettingsCopy(NamedTuple):
    """A file of a backup; `name` can be used as that of a file, `origin` is only to be shown."""

    path: Path
    name: str
    origin: str


class Laid(NamedTuple):
    """Where a file lies now; `before` is what there was, where it is in place: None for
    nothing."""

    origin: str
    path: Path
    is_in_place: bool
    before: bytes | None = None


def copies_of(manifest: Manifest, folder: Path) -> list[SettingsCopy]:
    """The settings files of a backup that was unpacked."""
    return [
        SettingsCopy(folder / name, name.removeprefix(SETTINGS)[_NUMBER_WIDTH:], part.origin)
        for name, part in sorted(manifest.parts.items())
        if name.startswith(SETTINGS)
    ]


def put_back(copies: Iterable[SettingsCopy], config: Path | None, data_dir: Path) -> list[Laid]:
    """Lay the files into the data folder, and to where `config` is, unless None. StorageError."""
    copies, folder = list(copies), data_dir / FOLDER_NAME
    laid = []
    try:
        if copies:
            make_folder(folder)
        for copy in copies:
            data = copy.path.read_bytes()
            write_atomically(folder / copy.name, [data], mode=PRIVATE)
            laid.append(Laid(copy.origin, folder / copy.name, False))
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}") from error
    return [_in_place(each, _target(config, each.path, len(laid))) for each in laid]


def take_back(laid: Iterable[Laid]) -> None:
    """Undo what was put in place; StorageError."""
    for path, before in [(each.path, each.before) for each in laid if each.is_in_place]:
        try:
            if before is None:
                path.unlink(missing_ok=True)
            else:
                write_atomically(path, [before], mode=_mode(path))
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error


def _target(config: Path | None, copy: Path, count: int) -> Path | None:
    """The file that a copy is to replace: of its name in a folder, or the only one there is."""
    if config is None:
        return None
    if config.is_dir():
        return config / copy.name if copy.suffix in (".yaml", ".yml") else None
    return config if count == 1 else None


def _in_place(laid: Laid, target: Path | None) -> Laid:
    if target is None:
        return laid
    with contextlib.suppress(OSError):  # it is told where the copy lies
        before = target.read_bytes() if target.exists() else None
        mode = None if before is None else _mode(target)
        write_atomically(target, [laid.path.read_bytes()], mode=mode)
        return Laid(laid.origin, target, True, before)
    return laid


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
