"""A body that is a file: written bit by bit into the data folder, gone when the work is done."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final

from aiohttp import web

from sinkhole.control.web.bodies import BODY_S, waiting_for_body
from sinkhole.control.web.refusals import Refused
from sinkhole.model.files import UPLOAD

MOST_UPLOAD: Final = 8 << 30
"""Bytes: a backup with a log of the largest size that is usual."""
MOST_UPLOADS: Final = 2
"""Files that are being sent at once."""
KEPT_FREE: Final = 256 << 20
"""Bytes of the disk that an upload leaves alone: the log and lists need some."""
PIECE: Final = 1 << 20
"""Bytes that are in memory of one."""


class Uploads:
    """The files that are being sent now."""

    def __init__(self) -> None:
        self._underway = 0

    @asynccontextmanager
    async def received(self, request: web.Request, folder: Path) -> AsyncIterator[Path]:
        """The file that a request brings, in `folder`, until this ends. Raises Refused."""
        length = request.content_length
        if length is not None and length > MOST_UPLOAD:
            raise _too_large()
        if self._underway >= MOST_UPLOADS:
            raise Refused(
                429, "uploads_underway", "other files are being sent", headers={"Retry-After": "5"}
            )
        self._underway += 1
        try:
            prefix, suffix = UPLOAD
            descriptor, name = await asyncio.to_thread(tempfile.mkstemp, suffix, prefix, folder)
            path = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    await _write(request, file, folder)
                yield path
            finally:
                await asyncio.to_thread(path.unlink, missing_ok=True)
        finally:
            self._underway -= 1


async def _write(request: web.Request, file: BinaryIO, folder: Path) -> None:
    size = 0
    while piece := await _piece(request):
        size += len(piece)
        if size > MOST_UPLOAD:
            raise _too_large()
        await asyncio.to_thread(_append, file, piece, folder)
    await asyncio.to_thread(file.flush)


async def _piece(request: web.Request) -> bytes:
    with waiting_for_body(request):
        try:
            async with asyncio.timeout(BODY_S):
                return await request.content.read(PIECE)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None


def _append(file: BinaryIO, piece: bytes, folder: Path) -> None:
    if shutil.disk_usage(folder).free < KEPT_FREE + len(piece):
        raise Refused(507, "disk_full", "the disk of the data folder has no room for this file")
    file.write(piece)


def _too_large() -> Refused:
    return Refused(413, "too_large", f"the file is larger than {MOST_UPLOAD >> 30} GiB")
