"""Lists that commands of earlier versions added: a file beside the lists that moves into state.db.

It is read once, at the first start that finds it; when all is stored, the file goes. What could not
be read of it stays in the folder under another name, and is told as long as it is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from sinkhole.model.errors import StorageError

FILE_NAME: Final = "added.json"
ASIDE_NAME: Final = "added.json.aside"
MOST_BYTES: Final = 1 << 20

_LOCK_NAME: Final = "added.lock"
_FORMAT: Final = 1
_KEYS: Final[Mapping[str, type]] = {"name": str, "url": str, "kind": str, "enabled": bool}
_MUST: Final = {"name", "url"}


class Added(NamedTuple):
    """The lists in the order in which they were added; `is_whole` says whether that is all."""

    lists: tuple[Mapping[str, Any], ...] = ()
    is_whole: bool = True


def read_added(folder: Path) -> Added | None:
    """As many of the lists as can be read, None without a file; StorageError if it can't be."""
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path} can't be read: {error.strerror}") from error
    try:
        contents = json.loads(raw)
    except (ValueError, RecursionError):
        return Added(is_whole=False)
    lists = contents.get("lists") if isinstance(contents, dict) else None
    if not isinstance(lists, list):
        return Added(is_whole=False)
    found = tuple(each for each in lists if _is_list(each))
    return Added(found, len(found) == len(lists) and contents.get("format") == _FORMAT)


def put_away(folder: Path, *, is_whole: bool) -> None:
    """Remove the file, or set it aside where something in it was not understood."""
    path = folder / FILE_NAME
    try:
        if is_whole:
            path.unlink(missing_ok=True)
        else:
            path.replace(folder / ASIDE_NAME)
        (folder / _LOCK_NAME).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path} can't be removed: {error.strerror}") from error


def aside(folder: Path) -> Path | None:
    """The file that was set aside, None without one."""
    path = folder / ASIDE_NAME
    return path if path.exists() else None


def _is_list(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() >= _MUST
        and all(isinstance(value, _KEYS.get(key, type(None))) for key, value in entry.items())
    )
