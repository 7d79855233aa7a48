"""Whether the filter is on: a pause, its end, and that it survives a restart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sinkhole.control.state.pauses import Pause
from sinkhole.control.state.state import State
from sinkhole.model.actor import Actor
from sinkhole.model.faults import Faults
from sinkhole.model.stamp import Stamp, present

OnChange = Callable[[bool], Awaitable[None]]
"""Told whether the filter is on, each time that changes."""


class Protection:
    """The one pause there may be, from `start` to `close`.

    `on_change` publishes a Policy with or without the filter; it is awaited before `begin` and
    `end` return, so that the next query feels it.
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

    @property
    def is_on(self) -> bool:
        """Whether names are refused now."""
        return self.pause is None

    def left_s(self) -> float | None:
        """How long the pause goes on; None without one, or until somebody resumes."""
        raise NotImplementedError

    async def start(self) -> None:
        """Take up the pause that was in force, if it is not over, and end it in time."""
        raise NotImplementedError

    async def begin(self, seconds: float | None, actor: Actor) -> None:
        """Switch the filter off, in place of the pause there is."""
        raise NotImplementedError

    async def end(self, actor: Actor) -> None:
        """Switch the filter on again; nothing happens where it is on."""
        raise NotImplementedError

    async def close(self) -> None:
        """Watch no more; the pause stays stored."""
        raise NotImplementedError
