"""Reading one line back from the text a list was compiled from.

The compiled list keeps no rule's text, only line numbers and where every 64th line begins.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

LINES_PER_BLOCK = 64
_MAX_TEXT = 4096  # bytes of a line that are read back; what a person reads is shorter


class Fingerprint(NamedTuple):
    """Which text a list was compiled from: bytes, time of change, and hash (BLAKE2b, hex)."""

    size: int
    modified_ns: int
    content_hash: str

    @classmethod
    def of(cls, file: BinaryIO) -> Fingerprint:
        """The fingerprint of a file that was just opened; it is read to its end."""
        content_hash = hashlib.blake2b(digest_size=16)
        size = 0
        while chunk := file.read(1 << 18):
            content_hash.update(chunk)
            size += len(chunk)
        return cls(size, os.fstat(file.fileno()).st_mtime_ns, content_hash.hexdigest())

    def fits(self, file: BinaryIO) -> bool:
        """Whether an open file holds that text. It is read only if its time of change differs."""
        status = os.fstat(file.fileno())
        if status.st_size != self.size:
            return False
        return (
            status.st_mtime_ns == self.modified_ns
            or self.of(file).content_hash == self.content_hash
        )


class SourceCopy:
    """The text of a compiled list. `trouble` says why the last line asked for was not there."""

    def __init__(self, path: Path, fingerprint: Fingerprint, blocks: Sequence[int]) -> None:
        self.path = path
        self.trouble = ""
        self._fingerprint = fingerprint
        self._blocks = blocks

    def text(self, line: int) -> str:
        """Line `line` (from 1) without its line end; "" if the text is gone or another by now."""
        try:
            with self.path.open("rb") as file:
                if not self._fingerprint.fits(file):
                    self.trouble = f"{self.path} changed since the list was compiled"
                    return ""
                return self._read(file, line)
        except OSError as error:
            self.trouble = f"{self.path} can't be read: {error.strerror}"
            return ""

    def _read(self, file: BinaryIO, line: int) -> str:
        block, further = divmod(line - 1, LINES_PER_BLOCK)
        if line < 1 or block >= len(self._blocks):
            self.trouble = f"{self.path} has no line {line}"
            return ""
        file.seek(self._blocks[block])
        for _ in range(further):
            file.readline()
        self.trouble = ""
        return file.readline(_MAX_TEXT).decode(errors="replace").removeprefix("\ufeff").strip()
