"""Lists added by command. The settings file is a person's and never rewritten, so they are here.

They stand in one JSON file beside the lists, replaced as a whole by a rename. A running server
is told of that by the kernel, so a list that is added is in use without a restart.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from pydantic import (
    BaseModel,
    Field,
    StrictBool,
    StrictInt,
    TypeAdapter,
    ValidationError,
)

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

    name: str
    url: str
    kind: Kind = "block"
    enabled: StrictBool = True


class Added(NamedTuple):
    """The lists in the order in which they were added; `problem` is why there may be more, or "".

    With a problem the lists can be used, but not written back: the others would be lost.
    """

    lists: tuple[AddedList, ...] = ()
    problem: str = ""


class _Header(BaseModel):
    """What tells how to read the rest."""

    format: Annotated[StrictInt, Field(ge=1)]


class _Contents(_Header):
    """What the file holds, and later formats too, each list to be read for itself."""

    lists: list[dict[str, Any]]


_ADDED: Final = TypeAdapter(AddedList)
_KEYS: Final = {each.name for each in fields(AddedList)}


Edit = Callable[[tuple[AddedList, ...]], tuple[AddedList, ...]]


class AddedLists:
    """The file of added lists in `folder`, which is made when something is added."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def signature(self) -> Signature | None:
        """What changes when the file is replaced or written to; None without one."""
        return signature_of(self.path)

    def read(self) -> Added:
        """As many of the lists as can be read; StorageError if that is none at all."""
        try:
            with self.path.open("rb") as file:
                text = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return Added()
        except PermissionError as error:
            raise StorageError(
                f"{self.path} can't be read: {error.strerror}; give it to the user that runs "
                "sinkhole (chown)"
            ) from error
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error
        try:
            contents = _Contents.model_validate_json(text)
        except ValidationError as error:
            why = self._newer() if _is_newer(text) else self._damaged(_first(error))
            raise StorageError(why) from error
        return self._understood(contents)

    def _understood(self, contents: _Contents) -> Added:
        lists, problem = [], ""
        for place, each in enumerate(contents.lists):
            if odd := [key for key in each if key not in _KEYS]:
                problem = problem or self._damaged(f"lists: {place}: {odd[0]!r} is no key")
            try:
                lists.append(_ADDED.validate_python(each))
            except ValidationError as error:
                problem = problem or self._damaged(f"lists: {place}: {_first(error)}")
        if contents.format > _FORMAT:
            problem = self._newer()
        return Added(tuple(lists[:MOST_ADDED]), problem)

    def _newer(self) -> str:
        return (
            f"{self.path} comes from a newer sinkhole: the lists in it are used as far as they are "
            "understood, and only that one can change them"
        )

    def _damaged(self, why: str) -> str:
        advice = "mend it, or remove it and add the lists again"
        return f"{self.path} is damaged ({why}): {advice}"

    def change(self, edit: Edit) -> None:
        """Replace the lists by what `edit` makes of them; StorageError if that can't be kept.

        Whatever `edit` raises leaves everything as it was.
        """
        try:
            make_folder(self.path.parent)
            with self._locked():
                lists, problem = self.read()
                if problem:
                    raise StorageError(problem)
                self._write(edit(lists))
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


def _is_newer(text: bytes) -> bool:
    try:
        return _Header.model_validate_json(text).format > _FORMAT
    except ValidationError:
        return False


def _first(error: ValidationError) -> str:
    """What is wrong first, and where, on one line."""
    first = error.errors()[0]
    return ": ".join([*(str(part) for part in first["loc"]), first["msg"]])
