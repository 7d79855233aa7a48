"""Standard output, which may be a pipe that nobody reads from: nothing is written that would wait.

It stays as it is: whoever started us shares it, so it is not made non-blocking.
"""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from sinkhole.control.shipping.carrier import NotSentError, reason_of

PATIENCE_S: Final = 1.0
"""How long nobody may read before that is told."""

PIECE: Final = 512
"""Bytes written at a time: a pipe that has room for anything has room for these (PIPE_BUF)."""


class StandardOutput:
    """The process's own, or another descriptor."""

    def __init__(self, handle: int = 1) -> None:
        self._handle = handle
        self._rest = b""  # of a line that was begun, and counted as sent
        self._thread = ThreadPoolExecutor(1, "shipping: stdout")

    async def send(self, items: Sequence[bytes]) -> None:
        """Write these lines."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._write, items)

    async def close(self) -> None:
        """Nothing: it is not ours. A line that was begun is finished by the next call."""

    def _write(self, items: Sequence[bytes]) -> None:
        sent = 0
        try:
            while self._rest or sent < len(items):
                piece = self._rest or items[sent]
                written = self._write_some(piece)
                sent += not self._rest
                self._rest = piece[written:]
        except TimeoutError as error:
            raise NotSentError("nobody reads it", sent) from error
        except OSError as error:
            raise NotSentError(reason_of(error), sent) from error

    def _write_some(self, data: bytes) -> int:
        poll = select.poll()
        poll.register(self._handle, select.POLLOUT)
        if not poll.poll(PATIENCE_S * 1000):
            raise TimeoutError
        return os.write(self._handle, data[:PIECE])
