"""Readers for searches: each search has one to itself, so that none holds up another reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from sinkhole.control.database import Reader
from sinkhole.model.errors import RequestError

MOST_SEARCHES: Final = 3
"""Searches at once; each has a connection with a thread of its own."""

MOST_WAITING: Final = 16
"""Searches that wait for one of them to end."""


class Searchers:
    """A few readers, each lent to one search at a time.

    A reader remembers what it last looked for (`id_sets`), so the next page of a search is best
    read by the reader of the page before.
    """

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._idle: list[tuple[object, Reader]] = [(None, reader) for reader in readers]
        self._places = asyncio.Semaphore(len(readers))
        self._waiting = 0

    @asynccontextmanager
    async def borrow(self, sought: object) -> AsyncIterator[Reader]:
        """A reader for a search, once there is one; RequestError where too many wait already.

        When the block is left before its time, by an exception or because it was cancelled, the
        statement that is running is interrupted.
        """
        if self._places.locked() and self._waiting >= MOST_WAITING:
            raise RequestError(
                "too_many",
                "searches_busy",
                f"{MOST_WAITING} searches of the log are waiting already; try again in a moment",
            )
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        reader = self._take(sought)
        try:
            yield reader
        except BaseException:
            await reader.interrupt()
            raise
        finally:
            self._idle.append((sought, reader))
            self._places.release()

    def _take(self, sought: object) -> Reader:
        """The reader that has looked for the same, or else the one not used for longest."""
        found = next((each for each in self._idle if each[0] == sought), self._idle[0])
        self._idle.remove(found)
        return found[1]
