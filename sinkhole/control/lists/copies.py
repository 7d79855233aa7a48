"""Copies of lists on the disk: checked while they come, packed when they are out of use.

Everything here may wait for the disk: it runs in a thread, never on the event loop. Memory stays
bounded whatever a server sends, because it is unpacked and written piece by piece.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sinkhole.control.lists.gunzip import PIECE_SIZE, Gunzip, GzipError
from sinkhole.model.errors import ListError, StorageError

HEAD_SIZE: Final = 1024
_HTML: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:(?><\?[^>]*>|<!--.*?-->)\s*+)*+<(?:html|!doctype)",
    re.IGNORECASE | re.DOTALL,
)
"""How a web page begins: there may be an XML declaration and comments before its first tag."""
# What no text holds. Tab, line feed, form feed and return are text; so is the end-of-file mark
# of DOS (0x1A), which still ends some hosts files.
_NOT_TEXT: Final = bytes(set(range(32)) - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A})
_MOST_NOT_TEXT: Final = 0.05
"""The share of such bytes up to which a file is text; the lines they stand in are refused."""
_NEVER_TOO_MANY: Final = 16
"""So many of them make no file unfit, however short it is."""
_FORMATS: Final = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "ZIP",
    b"BZh91AY&SY": "bzip2",
    b"\xfd7zXZ\0": "XZ",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"\x7fELF": "program",
    b"%PDF-": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF89a": "GIF",
    b"SQLite format 3\0": "SQLite",
}
"""What files of other formats begin with."""
_WIDE: Final = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""Byte order marks of encodings that are not read, the longer first."""
_LONGEST_MARK: Final = 4
_LEVEL: Final = 6


def new_content_hash() -> hashlib.blake2b:
    """The hash that tells versions of a list apart, and names their files."""
    return hashlib.blake2b(digest_size=16)


@dataclass(frozen=True, slots=True)
class Received:
    """A whole list on the disk: its size unpacked, and the hash of that."""

    size_bytes: int
    content_hash: str


class CopyWriter:
    """Writes one list to `path`, which must not exist yet; `close` it in any case.

    Whatever comes is unpacked, limited, checked and hashed. `feed` and `finish` raise ListError
    for content that is no list, and OSError from the disk.
    """

    def __init__(
        self, list_name: str, path: Path, size_limit: int, gunzip: Gunzip | None = None
    ) -> None:
        self._list_name = list_name
        self._size_limit = size_limit
        self._gunzip = gunzip
        self._file = path.open("xb")
        self._hash = new_content_hash()
        self._head = b""
        self._blank = True
        self._not_text = 0
        self.size_bytes = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes as they came from the source."""
        if self._gunzip is None:
            self._take(data)
            return
        try:
            for piece in self._gunzip.pieces(data):
                self._take(piece)
        except GzipError as error:
            raise self._unfit(str(error)) from error

    def finish(self) -> Received:
        """Check what can only be checked at the end, and bring the file to the disk."""
        if self._gunzip is not None and not self._gunzip.ended:
            raise self._unfit("cut off: the compressed data ends too early")
        if self._blank:
            raise self._unfit("empty")
        self._check_head()
        self._check_share()
        self._file.flush()
        os.fsync(self._file.fileno())
        return Received(self.size_bytes, self._hash.hexdigest())

    def close(self) -> None:
        """Close the file; whether it is kept is the caller's business."""
        self._file.close()

    def _take(self, piece: bytes) -> None:
        self.size_bytes += len(piece)
        if self.size_bytes > self._size_limit:
            raise self._unfit(f"more than filtering.max_list_size ({self._size_limit})")
        self._not_text += len(piece) - len(piece.translate(None, _NOT_TEXT))
        if len(self._head) < HEAD_SIZE:
            self._head += piece[: HEAD_SIZE - len(self._head)]
            self._check_head()
        if self._blank:
            self._blank = not piece.strip()
        self._hash.update(piece)
        self._file.write(piece)

    def _check_head(self) -> None:
        if _HTML.match(self._head):
            raise self._unfit("a web page (HTML), not a list")
        for mark, name in _FORMATS.items():
            if self._head.startswith(mark):
                raise self._unfit(f"not text (it is a file of the format {name})")
        for mark, name in _WIDE.items() if len(self._head) >= _LONGEST_MARK else ():
            if self._head.startswith(mark):
                raise self._unfit(f"text in {name}, which is not read: lists are in UTF-8")

    def _check_share(self) -> None:
        """Refuse what has too much in it that no text holds; a little costs its lines only.

        Judged of the whole, as what is at its beginning depends on how it came.
        """
        if self._not_text > max(_NEVER_TOO_MANY, self.size_bytes * _MOST_NOT_TEXT):
            raise self._unfit("not text (it holds control characters)")

    def _unfit(self, reason: str) -> ListError:
        return ListError(self._list_name, reason)


def pack(source: Path, target: Path) -> None:
    """Write the copy `source` packed into the new file `target`; StorageError if that fails.

    A quarter of its size is left, or less. Waits for disk and processor: some 3 s for 100 MB, in
    pieces that let other threads run.
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


def unpack(source: Path, target: Path, content_hash: str, size_bytes: int) -> None:
    """Write what is packed in `source` into the new file `target`.

    StorageError when it is not the text with this hash and size any more.
    """
    found, size = new_content_hash(), 0
    try:
        with gzip.open(source, "rb") as packed, target.open("xb") as plain:
            while size <= size_bytes and (piece := packed.read(PIECE_SIZE)):
                found.update(piece)
                size += len(piece)
                plain.write(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise StorageError(f"{source} can't be unpacked: {error}") from error
    if found.hexdigest() != content_hash:
        raise StorageError(f"{source} is damaged: it is not the version that was kept")
