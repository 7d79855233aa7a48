"""Starting asyncio tasks: each has a name and an owner that keeps and awaits it.

asyncio holds only weak references to tasks, so one that nobody keeps can vanish half way; and
an exception in a task nobody awaits is never seen. Hence this one door.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from sinkhole.model.faults import Faults, KeptTask

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
"""What `keep` waits before it begins anew: twice as long each time, up to this."""


class Tasks:
    """The tasks of one owner: started here, awaited or cancelled when the owner closes.

    `limit` bounds how many run at once; `start` beyond it returns None and the owner decides
    what happens to the work. An exception that leaves a task is noted in `faults`, by default
    some that only log it.
    """

    def __init__(self, owner: str, limit: int = 1000, faults: Faults | None = None) -> None:
        self.owner = owner
        self.limit = limit
        self.faults = faults or Faults()
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How many tasks are running now."""
        return len(self._running)

    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any] | None:
        """Run `work` as a task called "owner: name"; None (and `work` closed) at the limit."""
        if len(self._running) >= self.limit:
            work.close()
            return None
        task = asyncio.get_running_loop().create_task(work, name=f"{self.owner}: {name}")
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def keep(
        self, name: str, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> asyncio.Task[Any] | None:
        """As `start`, for what runs as long as the server: after an error it is begun anew.

        It ends when `work()` returns, or is cancelled by `close`.
        """
        return self.start(name, self._kept(f"{self.owner}: {name}", work))

    async def close(self, patience_s: float = 0.0) -> None:
        """Wait up to `patience_s` for the tasks to end, then cancel the rest and await them.

        What is being cancelled already is only awaited: a second time would interrupt its tidying.
        """
        if self._running and patience_s > 0:
            await asyncio.wait(self._running, timeout=patience_s)
        waiting = list(self._running)
        for task in waiting:
            if not task.cancelling():
                task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _kept(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        pause_s = FIRST_PAUSE_S
        self.faults.kept.setdefault(name, KeptTask())
        while True:
            began = time.monotonic()
            try:
                return await work()
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                self.faults.note_end(name, error)  # not ours: something that it waited for
            except Exception as error:
                self.faults.note_end(name, error)
            if time.monotonic() - began > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.faults.note(task.get_name(), error)
