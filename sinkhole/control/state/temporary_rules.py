"""Rules that somebody made for a time: in force until their end, which survives a restart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from sinkhole.control.state.state import State
from sinkhole.model.actor import Actor
from sinkhole.model.faults import Faults
from sinkhole.model.stamp import Stamp, present

MOST_RULES: Final = 200
"""Rules that are in force for a time at once."""

OnRules = Callable[[Sequence[str]], Awaitable[None]]
"""Told the texts of all that are in force, each time that changes."""


class TemporaryRule(NamedTuple):
    """A rule in the syntax of lists, in force since `began`, for `seconds`; `by` made it."""

    number: int
    text: str
    began: Stamp
    seconds: float
    by: str
    note: str = ""

    def left_s(self, now: Stamp) -> float:
        """How long it stays in force, 0 when it is over."""
        return max(0.0, self.seconds - self.began.elapsed_s(now))


class TemporaryRules:
    """The rules that are in force for a time, from `start` to `close`.

    `on_change` publishes a Policy with them, as a list of their own behind the own rules (see
    `lists/own_rules.with_temporary`); it is awaited before `add` and `remove` return, so that the
    next query feels it.
    """

    def __init__(
        self,
        state: State,
        on_change: OnRules,
        *,
        now: Callable[[], Stamp] = present,
        faults: Faults | None = None,
    ) -> None:
        self.rules: tuple[TemporaryRule, ...] = ()
        self.now = now

    @property
    def texts(self) -> list[str]:
        """The rules in force, in the order in which they were made."""
        return [each.text for each in self.rules]

    async def start(self) -> None:
        """Take up the rules that were in force, without those that are over, and end each in
        time."""
        raise NotImplementedError

    async def add(
        self, texts: Sequence[str], seconds: float, actor: Actor, note: str = ""
    ) -> list[TemporaryRule]:
        """Put rules in force for a time; those with the same text are replaced. RequestError
        ("too_many") beyond MOST_RULES."""
        raise NotImplementedError

    async def remove(self, numbers: Sequence[int]) -> None:
        """End rules before their time; RequestError ("not_found") where there is none of such a
        number, and then none is ended."""
        raise NotImplementedError

    async def close(self) -> None:
        """Watch no more; the rules stay stored."""
        raise NotImplementedError
