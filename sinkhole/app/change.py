"""A change of settings while it runs: made ready whole, then put in force at once, or not at all.

Each part of the server adds what it has to do. What can fail (binding sockets, reading files,
compiling rules) is done before; what is left then are assignments, all in one turn of the event
loop. So no query ever meets half a change, and one that fails leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from sinkhole.model.faults import Faults

Part = TypeVar("Part")


class Change:
    """What is to be done when every part is ready: `commit`, then `finish`; or else `abandon`.

    `patient` is whether what cannot be had now may be waited for, see `Apply`.
    """

    def __init__(self, faults: Faults, *, patient: bool = False) -> None:
        self.patient = patient
        self.waits: list[str] = []
        """Keys of the settings that wait for a restart."""
        self._faults = faults
        self._exchanges: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self._made: list[Callable[[], Awaitable[Any]]] = []
        self._old: list[Callable[[], Awaitable[Any]]] = []

    def exchange(self, use: Callable[[Part], None], new: Part, old: Part) -> None:
        """Have `use` called with the new one in the end; with the old one if that fails half way.

        `use` does nothing but assign: it neither waits nor can it fail but by a bug.
        """
        self._exchanges.append((partial(use, new), partial(use, old)))

    def discards(self, close: Callable[[], Awaitable[Any]]) -> None:
        """Have this done if nothing comes of the change: what was made for it is closed."""
        self._made.append(close)

    def afterwards(self, close: Callable[[], Awaitable[Any]]) -> None:
        """Have this done when the change is in force: what went is closed."""
        self._old.append(close)

    def commit(self) -> None:
        """Exchange everything; what a bug raises on the way is raised when all is back."""
        done = 0
        try:
            for use_new, _ in self._exchanges:
                done += 1
                use_new()
        except Exception:
            for _, use_old in reversed(self._exchanges[:done]):
                with self._faults.contain("taking a change of settings back"):
                    use_old()
            raise

    async def finish(self) -> None:
        """Close what the change has replaced."""
        for close in self._old:
            with self._faults.contain("closing what other settings replaced"):
                await close()

    async def abandon(self) -> None:
        """Close what was made for the change."""
        for close in reversed(self._made):
            with self._faults.contain("closing what was made for other settings"):
                await close()
