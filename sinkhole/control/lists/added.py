"""Lists added by command. The settings file is a person's and never rewritten, so they are here.

They stand in one JSON file beside the lists, replaced as a whole by a rename. A running server
is told of that by the kernel, so a list that is added is in use without a restart.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from sinkhole.dns.filter.language.line import Kind
from sinkhole.model.errors import StorageError
from sinkhole.model.files import (
    SHARED,
    FileLock,
    Signature,
    make_folder,
    signature_of,
    write_atomically,
)

FILE_NAME: Final = "added.json"
MOST_ADDED: Final = 500
LOCK_PATIENCE_S: Final = 10.0
_MOST_BYTES: Final = 1 << 20
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class AddedList:
    """A list as in the settings, checked by whoever adds it."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    name: str
    url: str
    kind: Kind = "block"
    enabled: StrictBool = True


class _Contents(BaseModel):
    """What the file holds."""

    format: Literal[1]
    lists: tuple[AddedList, ...]


Edit = Callable[[tuple[AddedList, ...]], tuple[AddedList, ...]]


class AddedLists:
    """The file of added lists in `folder`, which is made when something is added."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def signature(self) -> Signature | None:
        """What changes when the file is replaced or written to; None without one."""
        return signature_of(self.path)

    def read(self) -> tuple[AddedList, ...]:
        """The lists in the order in which they were added; StorageError if they can't be read."""
        try:
            with self.path.open("rb") as file:
                text = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return ()
        except PermissionError as error:
            raise StorageError(
                f"{self.path} can't be read: {error.strerror}; give it to the user that runs "
                "sinkhole (chown)"
            ) from error
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error
        try:
            return _Contents.model_validate_json(text).lists[:MOST_ADDED]
        except ValidationError as error:
            raise StorageError(
                f"{self.path} is damaged ({_first(error)}): mend it, or remove it and add the "
                "lists again"
            ) from error

    def change(self, edit: Edit) -> None:
        """Replace the lists by what `edit` makes of them; StorageError if that can't be kept.

        Whatever `edit` raises leaves everything as it was.
        """
        try:
            make_folder(self.path.parent)
            with self._locked():
                self._write(edit(self.read()))
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error

    def _write(self, lists: tuple[AddedList, ...]) -> None:
        if len(lists) > MOST_ADDED:
            raise StorageError(f"{self.path}: more than {MOST_ADDED} lists can't be added")
        text = json.dumps({"format": _FORMAT, "lists": [asdict(each) for each in lists]}, indent=1)
        write_atomically(self.path, [text.encode(), b"\n"], mode=SHARED)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let two commands change the file one after the other; held for milliseconds."""
        lock = FileLock(self.path.with_suffix(".lock"))
        if not lock.take(LOCK_PATIENCE_S):
            raise StorageError(f"{self.path}: another command is changing it; try again later")
        try:
            yield
        finally:
            lock.release()


def _first(error: ValidationError) -> str:
    """What is wrong first, and where, on one line."""
    first = error.errors()[0]
    return ": ".join([*(str(part) for part in first["loc"]), first["msg"]])
