"""A list's bytes on their way to the disk: unpacked, limited, checked, hashed, written.

Everything here may wait for the disk: it runs in a thread, never on the event loop. Memory stays
bounded whatever a server sends, because it is unpacked piece by piece.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sinkhole.control.lists.packed import digest_of
from sinkhole.control.lists.unpack import DamagedError, Unpacker
from sinkhole.model.errors import ListError

HEAD_SIZE: Final = 1024
_HTML: Final = (b"<html", b"<!doctype")
# What no text holds. Tab, line feed, form feed and return are text; so is the end-of-file mark
# of DOS (0x1A), which still ends some hosts files.
_NOT_TEXT: Final = bytes(set(range(32)) - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A})


@dataclass(frozen=True, slots=True)
class Received:
    """A whole list on the disk: its size unpacked, and the hash of that."""

    size_bytes: int
    digest: str


class Intake:
    """Writes one list to `path`, which must not exist yet; `close` it in any case.

    `feed` and `finish` raise ListError for content that is no list, and OSError from the disk.
    """

    def __init__(
        self, list_name: str, path: Path, size_limit: int, unpacker: Unpacker | None = None
    ) -> None:
        self._list_name = list_name
        self._size_limit = size_limit
        self._unpacker = unpacker
        self._file = path.open("xb")
        self._hash = digest_of()
        self._head = b""
        self._blank = True
        self.size_bytes = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes as they came from the source."""
        if self._unpacker is None:
            self._take(data)
            return
        try:
            for piece in self._unpacker.pieces(data):
                self._take(piece)
        except DamagedError as error:
            raise self._unfit(str(error)) from error

    def finish(self) -> Received:
        """Check what can only be checked at the end, and bring the file to the disk."""
        if self._unpacker is not None and not self._unpacker.ended:
            raise self._unfit("cut off: the compressed data ends too early")
        if self._blank:
            raise self._unfit("empty")
        self._check_head()
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
        if b"\0" in piece:
            raise self._unfit("not text (it holds zero bytes)")
        if len(self._head) < HEAD_SIZE:
            self._head += piece[: HEAD_SIZE - len(self._head)]
            self._check_head()
        if self._blank:
            self._blank = not piece.strip()
        self._hash.update(piece)
        self._file.write(piece)

    def _check_head(self) -> None:
        head = self._head.lower()
        if any(mark in head for mark in _HTML):
            raise self._unfit("a web page (HTML), not a list")
        if head.translate(None, _NOT_TEXT) != head:
            raise self._unfit("not text (it starts with control characters)")

    def _unfit(self, reason: str) -> ListError:
        return ListError(self._list_name, reason)
