"""Starting asyncio tasks: each has a name and an owner that keeps and awaits it.

asyncio holds only weak references to tasks, so one that nobody keeps can vanish half way; and
an exception in a task nobody awaits is never seen. Hence this one door.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """The tasks of one owner: started here, awaited or cancelled when the owner closes.

    `limit` bounds how many run at once; `start` beyond it returns None and the owner decides
    what happens to the work. An exception that leaves a task is logged with the task's name.
    """

    def __init__(self, owner: str, limit: int = 1000) -> None:
        self.owner = owner
        self.limit = limit
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

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s ended by an error", task.get_name(), exc_info=error)
