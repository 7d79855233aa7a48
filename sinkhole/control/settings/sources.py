"""What people wrote: the settings file, or a folder of them, the environment, and files of secrets.

A folder's files are one layer, read in the order of their names: each key stands in one of them,
while keyed collections may be spread over several. In both, `key_file: path` stands for a key whose
value is all that the file at this path has in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, get_origin

from pydantic import BaseModel

from sinkhole.control.settings.complaints import models_in
from sinkhole.control.settings.document import KeyPath, Origin, Problem, Value, read_document
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.control.settings.layers import PREFIX, read_environment, section_of, stack
from sinkhole.control.settings.quoting import key_text, quoted, shown
from sinkhole.control.settings.schema import Settings

MOST_BYTES: Final = 16 << 20
"""A larger file is no settings file; reading it would only fill the memory."""

MOST_FILES: Final = 100
"""Of a folder; more would be the wrong folder."""

MOST_SECRET_BYTES: Final = 64 << 10
"""No value is longer."""

SECRET_SUFFIX: Final = "_file"
_SUFFIXES: Final = (".yaml", ".yml")


class Written(NamedTuple):
    """All that file and environment say, as one tree, and what is wrong with how it is written.

    `digest` changes with every byte of it, and of the files that hold secrets.
    """

    tree: Value
    problems: tuple[Problem, ...]
    digest: str


def read_written(path: Path | None, environ: Mapping[str, str]) -> Written:
    """Read the file (or folder) at `path`, then the environment; asks the disk, and never fails."""
    reader = _Reader()
    layers = reader.files(path) if path is not None else []
    layers += reader.environment(environ)
    tree = stack(Settings, layers)
    return Written(tree, tuple(reader.problems), reader.digest.hexdigest())


class _Reader:
    """Reads layers; what is wrong goes to `problems`, every byte into `digest`."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.digest = hashlib.blake2b(digest_size=6)

    def files(self, path: Path) -> list[Value]:
        """The layer of a file or a folder; none where it can't be read or is empty."""
        try:
            paths = _files_in(path)
        except OSError as error:
            self._report(path, f"cannot be read: {error.strerror}")
            return []
        if not paths and path.suffix in _SUFFIXES:
            self._report(path, "is an empty folder where a file should be: put the file there")
        if len(paths) > MOST_FILES:
            self._report(path, f"has more than {MOST_FILES} files of settings in it")
            return []
        layers = [layer for each in paths if (layer := self._file(each)) is not None]
        layers = [self._with_secrets(layer) for layer in layers]
        return [self._spread(layers)] if len(layers) > 1 else layers

    def environment(self, environ: Mapping[str, str]) -> list[Value]:
        """A layer for each variable."""
        for name in sorted(name for name in environ if name.startswith(PREFIX)):
            self._note(f"{name}={environ[name]}".encode(errors="surrogatepass"))
        return [self._with_secrets(layer) for layer in read_environment(environ, self.problems)]

    def _note(self, content: bytes) -> None:
        self.digest.update(len(content).to_bytes(8, "big") + content)

    def _report(self, path: Path, text: str, line: int = 0) -> None:
        self.problems.append(Problem(Origin(f"file {path}", line), (), text))

    # ---- files -------------------------------------------------------------------------------

    def _file(self, path: Path) -> Value | None:
        source = f"file {path}"
        text = self._text(path)
        value = read_document(text, source, self.problems) if text is not None else None
        if value is None or value.data is None:
            return None
        if not isinstance(value.data, dict):
            advice = 'settings are keys such as "dns:" with values below them'
            text = f"{shown(value.data)} is all there is, {advice}"
            self.problems.append(Problem(value.origin, (), text))
            return None
        return value

    def _text(self, path: Path) -> str | None:
        try:
            raw = _bytes_of(path, MOST_BYTES)
        except (OSError, ValueError) as error:
            self._report(path, f"cannot be read: {getattr(error, 'strerror', None) or error}")
            return None
        if len(raw) > MOST_BYTES:
            self._report(path, f"has more than {MOST_BYTES >> 20} MiB")
            return None
        self._note(raw)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self._report(path, "is not UTF-8 text, save the file in that encoding", line)
            return None

    # ---- several files -----------------------------------------------------------------------

    def _spread(self, layers: Sequence[Value]) -> Value:
        """The files of a folder as one layer."""
        result = layers[0]
        for layer in layers[1:]:
            result = self._beside(Settings, result, layer, ())
        return result

    def _beside(self, model: type[BaseModel], first: Value, second: Value, path: KeyPath) -> Value:
        """One section of two files as one; what stands in both is a problem."""
        if first.data is None or second.data is None:
            return second if first.data is None else first
        if not (isinstance(first.data, dict) and isinstance(second.data, dict)):
            self._twice(first, second, path)
            return first
        merged = dict(first.data)
        for key, value in second.data.items():
            here = (*path, key)
            section = section_of(model, key)
            if key not in merged:
                merged[key] = value
            elif section is not None:
                merged[key] = self._beside(section, merged[key], value, here)
            else:
                merged[key] = self._collected(merged[key], value, here)
        return Value(merged, first.origin)

    def _collected(self, first: Value, second: Value, path: KeyPath) -> Value:
        """The items of two files; of keys that are no collections, the first."""
        keyed = COLLECTIONS.get(key_text(path))
        items = keyed.items(first) if keyed else None
        more = keyed.items(second) if keyed else None
        if keyed is None or items is None or more is None:
            self._twice(first, second, path)
            return first
        known = {item.id: item for item in items if item.id}
        for item in more:
            if item.id in known:
                self._twice(known[item.id].value, item.value, (*path, item.name))
            else:
                items.append(item)
        return keyed.collected(items, first.origin)

    def _twice(self, first: Value, second: Value, path: KeyPath) -> None:
        where = str(first.origin).removeprefix("file ")
        text = f"is written in two files, first in {where}; remove one of them"
        self.problems.append(Problem(second.origin, path, text))

    # ---- secrets -----------------------------------------------------------------------------

    def _with_secrets(self, layer: Value) -> Value:
        return self._replaced(Settings, layer, ())

    def _replaced(self, model: type[BaseModel], value: Value, path: KeyPath) -> Value:
        """The same with every `key_file` of this section or item replaced by what the file has."""
        if not isinstance(value.data, dict):
            return value
        items: dict[str, Value] = {}
        for written, each in value.data.items():
            key = written.removesuffix(SECRET_SUFFIX)
            if written not in model.model_fields and key != written and _is_scalar(model, key):
                if key in value.data:
                    text = f"{key} is set as well, remove one of them"
                    self.problems.append(Problem(each.origin, (*path, written), text))
                elif (found := self._secret(each, (*path, written))) is not None:
                    items[key] = found
                continue
            items[written] = self._below(model, written, each, (*path, written))
        return Value(items, value.origin)

    def _below(self, model: type[BaseModel], key: str, value: Value, path: KeyPath) -> Value:
        """What stands at one key, with the secrets of sections and items in it replaced."""
        field = model.model_fields.get(key)
        inner = next(models_in(field.annotation), None) if field else None
        if field is None or inner is None:
            return value
        if isinstance(value.data, list):
            return self._items(inner, value, path)
        if isinstance(value.data, dict) and get_origin(field.annotation) is dict:
            items = {
                name: self._items(inner, each, (*path, name))
                if isinstance(each.data, list)
                else self._replaced(inner, each, (*path, name))
                for name, each in value.data.items()
            }
            return Value(items, value.origin)
        return self._replaced(inner, value, path)

    def _items(self, model: type[BaseModel], value: Value, path: KeyPath) -> Value:
        if not isinstance(value.data, list):
            return value
        items = [self._replaced(model, each, (*path, at)) for at, each in enumerate(value.data)]
        return Value(items, value.origin)

    def _secret(self, written: Value, path: KeyPath) -> Value | None:
        """What the file at a path holds, without the end of its last line."""
        if not isinstance(written.data, str) or not written.data.strip():
            text = f"{shown(written.plain())} is no path of a file, write one in quotes"
            self.problems.append(Problem(written.origin, path, text))
            return None
        try:
            raw = _bytes_of(Path(written.data), MOST_SECRET_BYTES)
            if len(raw) > MOST_SECRET_BYTES:
                raise ValueError(f"it has more than {MOST_SECRET_BYTES >> 10} KiB")
            self._note(raw)
            text = raw.decode().removesuffix("\n").removesuffix("\r")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            if isinstance(error, UnicodeDecodeError):
                reason = "it is not UTF-8 text"
            problem = f"{quoted(written.data)} cannot be read: {reason}"
            self.problems.append(Problem(written.origin, path, problem))
            return None
        return Value(text, Origin(f"file {written.data}", is_secret=True))


def _files_in(path: Path) -> list[Path]:
    """The files of settings in a folder, by name; the path itself where it is no folder."""
    if not path.is_dir():
        return [path]
    return sorted(
        each
        for each in path.iterdir()
        if each.suffix in _SUFFIXES and not each.name.startswith(".") and each.is_file()
    )


def _bytes_of(path: Path, most: int) -> bytes:
    """What a file holds, and one byte more than `most` where it has more."""
    with path.open("rb") as file:
        return file.read(most + 1)


def _is_scalar(model: type[BaseModel], key: str) -> bool:
    """Whether a key holds one value, which a file can hold as text."""
    field = model.model_fields.get(key)
    if field is None or section_of(model, key) is not None:
        return False
    kind: Any = field.annotation
    return get_origin(kind) not in (dict, tuple)
