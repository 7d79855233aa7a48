"""Copies of versions that are out of use: kept packed, a quarter of their size or less."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import Final

from sinkhole.control.lists.unpack import PIECE_SIZE
from sinkhole.model.errors import StorageError

_LEVEL: Final = 6


def digest_of() -> hashlib.blake2b:
    """The hash that names versions."""
    return hashlib.blake2b(digest_size=16)


def pack(source: Path, target: Path) -> None:
    """Write the copy `source` packed into the new file `target`; StorageError if that fails.

    Waits for disk and processor: some 3 s for 100 MB, in pieces that let other threads run.
    """
    try:
        # Without name and time in it, a version is packed to the same bytes each time.
        with (
            source.open("rb") as plain,
            target.open("xb") as raw,
            gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed,
        ):
            while piece := plain.read(PIECE_SIZE):
                packed.write(piece)
    except OSError as error:
        raise StorageError(f"{source} can't be packed: {error.strerror or error}") from error


def unpack(source: Path, target: Path, digest: str, size_bytes: int) -> None:
    """Write what is packed in `source` into the new file `target`.

    StorageError when it is not the text with this digest and size any more.
    """
    found, size = digest_of(), 0
    try:
        with gzip.open(source, "rb") as packed, target.open("xb") as plain:
            while size <= size_bytes and (piece := packed.read(PIECE_SIZE)):
                found.update(piece)
                size += len(piece)
                plain.write(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise StorageError(f"{source} can't be unpacked: {error}") from error
    if found.hexdigest() != digest:
        raise StorageError(f"{source} is damaged: it is not the version that was kept")
