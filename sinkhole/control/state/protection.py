"""Whether the filter is on: a pause, its end, and that it survives a restart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from sinkhole.control.state.pauses import Pause
from sinkhole.control.state.state import State
from sinkhole.model.actor import Actor
from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.stamp import Stamp, present
from sinkhole.model.tasks import Tasks

log = logging.getLogger(__name__)

LOOK_S: Final = 15.0
"""How often it is asked whether a pause is over: timers stand still while the machine sleeps, and
a pause does not."""

OnChange = Callable[[bool], Awaitable[None]]
"""Told whether the filter is on, each time that changes."""


class Protection:
    """The one pause there may be, from `start` to `close`.

    `on_change` publishes a Policy with or without the filter; it is awaited before `begin` and
    `end` return, so that the next query feels it. What can't be stored is done all the same, and
    `State.problems` say so: a full disk keeps nobody from switching the filter.
    """

    def __init__(
        self,
        state: State,
        on_change: OnChange,
        *,
        now: Callable[[], Stamp] = present,
        faults: Faults | None = None,
    ) -> None:
        self.pause: Pause | None = None
        self._state = state
        self._on_change = on_change
        self._now = now
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._tasks = Tasks("protection", limit=1, faults=faults)

    @property
    def is_on(self) -> bool:
        """Whether names are refused now."""
        return self.pause is None

    def left_s(self) -> float | None:
        """How long the pause goes on; None without one, or until somebody resumes."""
        return None if self.pause is None else self.pause.left_s(self._now())

    async def start(self) -> None:
        """Take up the pause that is stored, if it is not over, and end it in time; also again, when
        all that is stored was replaced."""
        async with self._lock:
            pause = await self._state.pauses.load()
            if pause is not None and pause.left_s(self._now()) == 0:
                pause = None
                await self._store(None)
            await self._go_over_to(pause)
        self._tasks.keep("end of the pause", self._watch)  # one that runs already is enough

    async def begin(self, seconds: float | None, actor: Actor) -> None:
        """Switch the filter off, in place of the pause there is."""
        async with self._lock:
            pause = Pause(self._now(), seconds, str(actor))
            await self._go_over_to(pause)
            await self._store(pause)

    async def end(self, actor: Actor) -> None:
        """Switch the filter on again; nothing happens where it is on."""
        async with self._lock:
            if self.pause is not None:
                await self._go_over_to(None)
                await self._store(None)

    async def close(self) -> None:
        """Watch no more; the pause stays stored."""
        await self._tasks.close()

    async def _go_over_to(self, pause: Pause | None) -> None:
        before, self.pause = self.pause, pause
        try:
            if (before is None) != (pause is None):
                await self._on_change(pause is None)
        except BaseException:
            self.pause = before
            raise
        self._changed.set()

    async def _watch(self) -> None:
        while True:
            self._changed.clear()
            left_s = self.left_s()
            if left_s == 0:
                await self._end_if_over()
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if left_s is None else min(left_s, LOOK_S)):
                    await self._changed.wait()

    async def _end_if_over(self) -> None:
        async with self._lock:
            if self.left_s() == 0:  # nobody has begun another meanwhile
                await self._go_over_to(None)
                await self._store(None)

    async def _store(self, pause: Pause | None) -> None:
        try:
            await self._state.pauses.store(pause)
        except StorageError as error:
            log.warning("protection: the filter is switched, but not after a restart: %s", error)
