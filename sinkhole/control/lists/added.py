"""Lists added by command. The settings file is a person's and never rewritten, so they are here.

They stand in one JSON file beside the lists, replaced as a whole by a rename. A running server
looks at it every few seconds, so a list that is added is in use without a restart.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sinkhole.control.lists.wanted import Kind
from sinkhole.model.errors import StorageError

FILE_NAME: Final = "added.json"
MOST_ADDED: Final = 500
_MOST_BYTES: Final = 1 << 20
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class AddedList:
    """A list as in the settings, checked by whoever adds it."""

    name: str
    url: str
    kind: Kind = "block"
    enabled: bool = True


Edit = Callable[[tuple[AddedList, ...]], tuple[AddedList, ...]]


class AddedLists:
    """The file of added lists in `folder`, which is made when something is added."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def signature(self) -> tuple[int, int, int] | None:
        """What changes when the file is replaced or written to; None without one."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def read(self) -> tuple[AddedList, ...]:
        """The lists in the order in which they were added; StorageError if they can't be read."""
        try:
            with self.path.open("rb") as file:
                text = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error
        try:
            return _parsed(text)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise StorageError(
                f"{self.path} is damaged ({error}): mend it, or remove it and add the lists again"
            ) from error

    def change(self, edit: Edit) -> None:
        """Replace the lists by what `edit` makes of them; StorageError if that can't be kept.

        Whatever `edit` raises leaves everything as it was.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._locked():
                self._write(edit(self.read()))
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error

    def _write(self, lists: tuple[AddedList, ...]) -> None:
        if len(lists) > MOST_ADDED:
            raise StorageError(f"{self.path}: more than {MOST_ADDED} lists can't be added")
        text = json.dumps({"format": _FORMAT, "lists": [asdict(each) for each in lists]}, indent=1)
        draft = self.path.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(text.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let two commands change the file one after the other; held for milliseconds."""
        lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _parsed(text: bytes) -> tuple[AddedList, ...]:
    values: Any = json.loads(text)
    if values["format"] != _FORMAT:
        raise ValueError(f"format {values['format']!r}")
    lists = tuple(AddedList(**each) for each in values["lists"][:MOST_ADDED])
    for each in lists:
        texts = isinstance(each.name, str) and isinstance(each.url, str)
        if not texts or each.kind not in ("block", "allow") or not isinstance(each.enabled, bool):
            raise ValueError(f"{each.name!r} is no list")
    return lists
