"""Lists from a file: of this machine, or one that travels with the package."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from sinkhole.control.lists.copies import CopyWriter, Received
from sinkhole.control.lists.gunzip import PIECE_SIZE
from sinkhole.control.settings.shipped import find_shipped
from sinkhole.model.errors import ListError
from sinkhole.model.files import signature_of


def is_local(url: str) -> bool:
    """Whether a list's address names a file."""
    return url[:5].lower() == "file:"


def find(list_name: str, url: str) -> Path:
    """The file that `file:PATH` names, which may be missing.

    A relative path is looked up in the working directory, then among the shipped files, so that
    `file:blocklists/starter.txt` works wherever sinkhole was started. Raises ListError for a
    `file://host/...` of another machine, and for what no path can be.
    """
    rest = unquote(url[5:])
    if "\0" in rest:
        raise ListError(list_name, f"{url}: no path has a zero byte (%00) in it")
    if rest.startswith("//"):
        host, slash, rest = rest[2:].partition("/")
        rest = slash + rest
        if host not in ("", "localhost"):
            raise ListError(list_name, f"{url}: a file of another machine; write file:/path")
    path = Path(rest)
    return path if path.is_absolute() or os.path.exists(path) else find_shipped(path)


def signature(path: Path) -> str:
    """Text that changes when the file is replaced or written to; "" when it is missing."""
    found = signature_of(path)
    return "-".join(map(str, found)) if found is not None else ""


def read(list_name: str, path: Path, piece_size: int) -> Iterator[bytes]:
    """The file's bytes, piece by piece; ListError when it can't be read.

    Only regular files: /dev/zero has no end, and opening a pipe waits for a writer.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ListError(list_name, f"{path} is not a file")
            while piece := file.read(piece_size):
                yield piece
    except OSError as error:
        raise ListError(list_name, f"{path} can't be read: {error.strerror}") from error


def copy(list_name: str, path: Path, target: Path, size_limit: int) -> Received:
    """Copy a list's file to the new file `target`, checked like one from the network.

    Raises ListError for a file that can't be read or is no list, OSError from the disk.
    """
    writer = CopyWriter(list_name, target, size_limit)
    try:
        for piece in read(list_name, path, PIECE_SIZE):
            writer.feed(piece)
        return writer.finish()
    finally:
        writer.close()
