"""Whether the filter is on, for whom, and which of it: the pauses that are in force."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from sinkhole.control.state.lasting import Lasting
from sinkhole.control.state.pauses import MOST_PAUSES, Pause, PauseScope
from sinkhole.control.state.state import State
from sinkhole.model.actor import Actor
from sinkhole.model.errors import RequestError
from sinkhole.model.faults import Faults
from sinkhole.model.stamp import Stamp, present

OnPauses = Callable[[tuple[Pause, ...]], Awaitable[None]]
"""Told all pauses in force, each time that changes who has what; not when only an end changes."""

_SCOPE_ALL: Final = "all"

_INSTANT_S: Final = 0.001
"""Clocks that are read one after the other differ by less: a pause until nine is over at nine."""


class Protection:
    """The pauses there are, one at a time for each scope and name, from `start` to `close`.

    `on_change` publishes what comes of them; it is awaited before `begin` and `end` return, so that
    the next query feels it. What can't be stored is done all the same (see `Lasting`).
    """

    def __init__(
        self,
        state: State,
        on_change: OnPauses,
        *,
        now: Callable[[], Stamp] = present,
        faults: Faults | None = None,
    ) -> None:
        self._on_change = on_change
        self._now = now
        self._lasting = Lasting("pauses", state.pauses, self._go_over, now, faults)

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """All that are in force."""
        return self._lasting.items

    @property
    def pause(self) -> Pause | None:
        """The one for everybody."""
        return self._of(_SCOPE_ALL, "")

    @property
    def is_on(self) -> bool:
        """Whether names are refused now, for anybody."""
        return self.pause is None

    @property
    def now_s(self) -> float:
        """What the clock shows by which pauses go, in seconds since 1970."""
        return self._now().wall_s

    def left_s(self, pause: Pause | None = None) -> float | None:
        """How long a pause goes on, that for everybody where none is given; None without one, or
        until somebody resumes."""
        pause = pause or self.pause
        return None if pause is None else pause.left_s(self._now())

    def lasting(self, after_s: float) -> tuple[Pause, ...]:
        """The pauses that will be in force after so many seconds, if nobody resumes them."""
        now = self._now()
        left = ((each, each.left_s(now)) for each in self.pauses)
        return tuple(
            each for each, left_s in left if left_s is None or left_s > after_s + _INSTANT_S
        )

    async def start(self) -> None:
        """Take up the pauses that are stored; also again, when all that is stored was replaced."""
        await self._lasting.start()

    async def begin(
        self,
        seconds: float | None,
        actor: Actor,
        scope: PauseScope = "all",
        name: str = "",
        *,
        until_s: float | None = None,
    ) -> None:
        """Switch the filter, or a part of it, off, in place of the pause there is of that scope and
        name; for a time, or until a moment (seconds since 1970). RequestError ("too_many") beyond
        MOST_PAUSES."""
        async with self._lasting.turn:
            now = self._now()
            if until_s is not None:
                seconds = max(0.0, until_s - now.wall_s)
            pause = Pause(scope, name, now, seconds, str(actor))
            kept = [each for each in self.pauses if each.key != pause.key]
            if len(kept) >= MOST_PAUSES:
                text = f"no more than {MOST_PAUSES} pauses can be in force at once; end some"
                raise RequestError("too_many", "too_many_pauses", text)
            await self._lasting.change((*kept, pause))

    async def end(self, actor: Actor, scope: PauseScope = "all", name: str = "") -> None:
        """Switch it on again; nothing happens where it is on."""
        async with self._lasting.turn:
            ended = self._of(scope, name)
            if ended is not None:
                await self._lasting.change(tuple(each for each in self.pauses if each is not ended))

    async def drop(self, scope: str, name: str) -> None:
        """Forget the pause of what is no more; nothing happens where there is none."""
        async with self._lasting.turn:
            left = tuple(each for each in self.pauses if each.key != (scope, name.casefold()))
            if left != self.pauses:
                await self._lasting.change(left)

    async def rename(self, scope: str, old: str, new: str) -> None:
        """Let what is paused go on under another name, in place of a pause of that name."""
        async with self._lasting.turn:
            pause = self._of(scope, old)
            if pause is not None and pause.name != new:
                named = pause._replace(name=new)
                kept = (each for each in self.pauses if each.key != named.key)
                pauses = (named if each is pause else each for each in kept)
                if pause.key == named.key:
                    pauses = (named if each is pause else each for each in self.pauses)
                await self._lasting.change(tuple(pauses))

    async def close(self) -> None:
        """Watch no more; the pauses stay stored."""
        await self._lasting.close()

    def _of(self, scope: str, name: str) -> Pause | None:
        key = scope, name.casefold()
        return next((each for each in self.pauses if each.key == key), None)

    async def _go_over(self, before: tuple[Pause, ...], pauses: tuple[Pause, ...]) -> None:
        if {each.key for each in before} != {each.key for each in pauses}:
            await self._on_change(pauses)
