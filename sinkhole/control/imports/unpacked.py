"""A file of somebody else, as text, as a tree, or as an archive: bounded, and told in words.

Every function raises ValueError, whose text is for the person who sent the file.
"""

from __future__ import annotations

import tomllib
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

from sinkhole.control.settings.anchors import merged_keys
from sinkhole.control.settings.document import Problem, read_document

MOST_TEXT: Final = 16 << 20
"""Bytes of a file with settings: thousands of rules take one."""

MOST_UNPACKED: Final = 256 << 20
"""Bytes of one file in an archive."""

MOST_MEMBERS: Final = 1000
"""Files in an archive."""

SQLITE: Final = b"SQLite format 3\x00"
ZIP: Final = b"PK\x03\x04"
GZIP: Final = b"\x1f\x8b"

_PIECE: Final = 1 << 20
_MOST_TOLD: Final = 5


def head_of(path: Path) -> bytes:
    """The first bytes of a file, by which kinds are told apart."""
    with path.open("rb") as file:
        return file.read(16)


def text_of(path: Path) -> str:
    """The text of a file."""
    with path.open("rb") as file:
        return decoded(file.read(MOST_TEXT + 1))


def decoded(raw: bytes) -> str:
    """Text in UTF-8."""
    if len(raw) > MOST_TEXT:
        raise ValueError(f"the file has more than {MOST_TEXT >> 20} MiB, which no settings take")
    if raw.startswith((SQLITE, ZIP, GZIP)):
        raise ValueError("this is no text: a database or an archive")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("this is no text in UTF-8") from None


def yaml_tree(text: str, name: str) -> dict[str, Any]:
    """The mapping that a YAML file holds, with what it names by anchors, and "<<", in place."""
    problems: list[Problem] = []
    value = read_document(text, f"file {name}", problems, with_anchors=True)
    if problems:
        told = [str(each) for each in problems[:_MOST_TOLD]]
        raise ValueError("\n".join(told))
    found = merged_keys(value.plain()) if value is not None else None
    if not isinstance(found, dict):
        raise ValueError(f"{name} has no settings in it")
    return found


def toml_tree(text: str, name: str) -> dict[str, Any]:
    """The mapping that a TOML file holds."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{name}: this is not TOML: {error}") from None


def zip_members(path: Path) -> list[str]:
    """The names of the files in a ZIP archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ValueError(f"the archive is damaged: {error}") from None
    if len(names) > MOST_MEMBERS:
        raise ValueError(f"the archive has more than {MOST_MEMBERS} files")
    return names


def unzip(path: Path, member: str, target: Path) -> Path:
    """Write one file of a ZIP archive to `target`."""
    size = 0
    try:
        with (
            zipfile.ZipFile(path) as archive,
            archive.open(member) as source,
            target.open("wb") as sink,
        ):
            while piece := source.read(_PIECE):
                size += len(piece)
                if size > MOST_UNPACKED:
                    raise ValueError(f"{member} has more than {MOST_UNPACKED >> 20} MiB")
                sink.write(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{member}: the archive is damaged: {error}") from None
    return target
