"""A file of lines that begins anew when it is full; a few older ones stay beside it.

Lines are added whole: what a full disk leaves half written is taken away again. Who moves the file
away (logrotate) or removes it gets a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from sinkhole.control.shipping.carrier import NotSentError, reason_of
from sinkhole.model.files import SHARED, make_file, signature_of

_OPEN: Final = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class LinesFile:
    """One such file, which never grows beyond `most_bytes` by more than what is sent at once."""

    def __init__(self, path: Path, most_bytes: int, kept: int) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._kept = kept
        self._handle: int | None = None
        # Not asyncio's pool: who waits for a disk that sleeps must not keep others from working.
        self._thread = ThreadPoolExecutor(1, "shipping: file")

    async def send(self, items: Sequence[bytes]) -> None:
        """Add these lines."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._add, b"".join(items))
        except OSError as error:
            raise NotSentError(reason_of(error)) from error

    async def close(self) -> None:
        """Close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)

    def _add(self, data: bytes) -> None:
        size = self._ready(len(data))
        assert self._handle is not None
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(self._handle, left) :]
        except OSError:
            with contextlib.suppress(OSError):  # the first error is the one to tell
                os.ftruncate(self._handle, size)
            self._close()
            raise

    def _ready(self, more: int) -> int:
        """Open the file, or the next one if this one is full; how large it is."""
        if self._handle is not None and not self._is_ours(self._handle):
            self._close()
        size = self._open()
        if size and size + more > self._most_bytes:
            self._close()
            self._rotate()
            size = self._open()
        return size

    def _is_ours(self, handle: int) -> bool:
        found = signature_of(self._path)
        return found is not None and found.inode == os.fstat(handle).st_ino

    def _open(self) -> int:
        if self._handle is None:
            make_file(self._path, SHARED)
            handle = self._handle = os.open(self._path, _OPEN)
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                self._close()
                raise NotSentError("it is no ordinary file")
            self._end_last_line(handle)
        assert self._handle is not None
        return os.fstat(self._handle).st_size

    def _end_last_line(self, handle: int) -> None:
        """A process that was killed may have left half a line."""
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            os.write(handle, b"\n")

    def _rotate(self) -> None:
        older = [self._numbered(number) for number in range(1, self._kept + 1)]
        if not older:
            self._path.unlink()
            return
        for before, behind in zip(reversed(older[:-1]), reversed(older[1:]), strict=True):
            with contextlib.suppress(FileNotFoundError):
                before.replace(behind)
        self._path.replace(older[0])
        for number in range(self._kept + 1, self._kept + 1001):  # fewer are kept than before
            try:
                self._numbered(number).unlink()
            except FileNotFoundError:
                break

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
