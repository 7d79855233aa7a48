"""What somebody made for a time: in force until its end, which survives a restart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.stamp import Stamp
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

LOOK_S: Final = 15.0
"""How often it is asked whether something is over: timers stand still while the machine sleeps, and
what is for a time does not."""


class ForATime(Protocol):
    """What ends by itself, or not before somebody ends it."""

    def left_s(self, now: Stamp) -> float | None:
        """How long it goes on, 0 when it is over; None: until somebody ends it."""


Item = TypeVar("Item", bound=ForATime)


class Rows(Protocol[Item]):
    """Where all of one kind are stored."""

    async def load(self) -> Sequence[Item]:
        """Those that are stored, over or not."""

    async def store(self, items: Sequence[Item], /) -> None:
        """These in place of all that are stored; StorageError if they can't be."""


class Lasting(Generic[Item]):
    """All of one kind that are in force, from `start` to `close`.

    `on_change` is told those before and those from now on (which are `items` by then), and awaited;
    what it raises leaves everything as it was. What can't be stored is in force all the same, and
    `State.problems` say so: a full disk keeps nobody from switching the filter. It is stored as
    soon as that can be done. `called` is what the log is told of in that case.
    """

    def __init__(
        self,
        called: str,
        rows: Rows[Item],
        on_change: Callable[[tuple[Item, ...], tuple[Item, ...]], Awaitable[None]],
        now: Callable[[], Stamp],
        faults: Faults | None,
    ) -> None:
        self.items: tuple[Item, ...] = ()
        self.turn = asyncio.Lock()
        """Held by whoever calls `change`, from before it reads `items`."""
        self._called = called
        self._rows = rows
        self._on_change = on_change
        self._now = now
        self._changed = asyncio.Event()
        self._is_stored = True
        self._tasks = Tasks(called, limit=1, faults=faults)

    async def start(self) -> None:
        """Take up what is stored, without what is over, and end each in time; also again, when all
        that is stored was replaced."""
        async with self.turn:
            stored = await self._rows.load()
            items = self._those_left(stored)
            if len(items) < len(stored):
                await self._store(items)
            await self._go_over_to(items)
        self._tasks.keep(self._called, self._watch)  # one that runs already is enough

    async def change(self, items: tuple[Item, ...]) -> None:
        """Put these in force in place of those before, and store them."""
        await self._go_over_to(items)
        await self._store(items)

    async def close(self) -> None:
        """Watch no more; all stays stored."""
        await self._tasks.close()

    def _those_left(self, items: Sequence[Item]) -> tuple[Item, ...]:
        now = self._now()
        return tuple(each for each in items if each.left_s(now) != 0)

    async def _go_over_to(self, items: tuple[Item, ...]) -> None:
        before, self.items = self.items, items
        try:
            await self._on_change(before, items)
        except BaseException:
            self.items = before
            raise
        self._changed.set()

    async def _watch(self) -> None:
        while True:
            self._changed.clear()
            now = self._now()
            left = [s for each in self.items if (s := each.left_s(now)) is not None]
            left_s = min(left, default=None)
            if left_s == 0:
                await self._end_what_is_over()
                continue
            await self._try_again()
            look_s = LOOK_S if left_s is None else min(left_s, LOOK_S)
            with contextlib.suppress(TimeoutError):
                is_forever = left_s is None and self._is_stored
                async with asyncio.timeout(None if is_forever else look_s):
                    await self._changed.wait()

    async def _try_again(self) -> None:
        """Store what could not be stored before."""
        async with self.turn:
            if not self._is_stored:
                await self._store(self.items)

    async def _end_what_is_over(self) -> None:
        async with self.turn:
            items = self._those_left(self.items)
            if items != self.items:  # else somebody has begun another meanwhile
                await self.change(items)

    async def _store(self, items: tuple[Item, ...]) -> None:
        was_stored, self._is_stored = self._is_stored, False
        try:
            await self._rows.store(items)
            self._is_stored = True
        except StorageError as error:
            if was_stored:  # said once, and tried again from now on
                log.warning("%s are in force, but not after a restart: %s", self._called, error)
                self._changed.set()
