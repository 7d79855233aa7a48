"""Rules that somebody made for a time: in force until their end, which survives a restart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sinkhole.control.state.protection import LOOK_S
from sinkhole.control.state.rule_rows import TemporaryRule
from sinkhole.control.state.state import State
from sinkhole.model.actor import Actor
from sinkhole.model.errors import RequestError, StorageError
from sinkhole.model.faults import Faults
from sinkhole.model.stamp import Stamp, present
from sinkhole.model.tasks import Tasks

__all__ = ["MOST_RULES", "OnRules", "TemporaryRule", "TemporaryRules"]

log = logging.getLogger(__name__)

MOST_RULES: Final = 200
"""Rules that are in force for a time at once."""

OnRules = Callable[[Sequence[str]], Awaitable[None]]
"""Told the texts of all that are in force, each time that changes."""


class TemporaryRules:
    """The rules that are in force for a time, from `start` to `close`.

    `on_change` publishes a Policy with them, as a list of their own behind the own rules (see
    `lists/own_rules.with_temporary`); it is awaited before `add` and `remove` return, so that the
    next query feels it. What can't be stored is done all the same, and `State.problems` say so.
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
        self._state = state
        self._on_change = on_change
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._tasks = Tasks("temporary rules", limit=1, faults=faults)

    @property
    def texts(self) -> list[str]:
        """The rules in force, in the order in which they were made."""
        return [each.text for each in self.rules]

    async def start(self) -> None:
        """Take up the rules that are stored, without those that are over, and end each in time;
        also again, when all that is stored was replaced."""
        async with self._lock:
            stored = await self._state.rule_rows.load()
            rules = self._lasting(stored)
            if len(rules) < len(stored):
                await self._store(rules)
            await self._go_over_to(rules)
        self._tasks.keep("end of rules", self._watch)  # one that runs already is enough

    async def add(
        self, texts: Sequence[str], seconds: float, actor: Actor, note: str = ""
    ) -> list[TemporaryRule]:
        """Put rules in force for a time; those with the same text are replaced. RequestError
        ("too_many") beyond MOST_RULES."""
        async with self._lock:
            kept = [each for each in self.rules if each.text not in texts]
            if len(kept) + len(texts) > MOST_RULES:
                text = f"no more than {MOST_RULES} rules can be in force for a time; end some"
                raise RequestError("too_many", "too_many_rules", text)
            last = max((each.number for each in self.rules), default=0)
            made = [
                TemporaryRule(number, text, self.now(), seconds, str(actor), note)
                for number, text in enumerate(texts, start=last + 1)
            ]
            await self._change(tuple(kept + made))
        return made

    async def remove(self, numbers: Sequence[int]) -> None:
        """End rules before their time; RequestError ("not_found") where there is none of such a
        number, and then none is ended."""
        async with self._lock:
            known = {each.number for each in self.rules}
            if missing := [number for number in numbers if number not in known]:
                text = f"no rule in force for a time has the number {missing[0]}"
                raise RequestError("not_found", "rule_unknown", text)
            await self._change(tuple(each for each in self.rules if each.number not in numbers))

    async def close(self) -> None:
        """Watch no more; the rules stay stored."""
        await self._tasks.close()

    def _lasting(self, rules: Sequence[TemporaryRule]) -> tuple[TemporaryRule, ...]:
        now = self.now()
        return tuple(each for each in rules if each.left_s(now) > 0)

    async def _change(self, rules: tuple[TemporaryRule, ...]) -> None:
        await self._go_over_to(rules)
        await self._store(rules)

    async def _go_over_to(self, rules: tuple[TemporaryRule, ...]) -> None:
        before, self.rules = self.rules, rules
        try:
            if before != rules:
                await self._on_change(self.texts)
        except BaseException:
            self.rules = before
            raise
        self._changed.set()

    async def _watch(self) -> None:
        while True:
            self._changed.clear()
            now = self.now()
            left_s = min((each.left_s(now) for each in self.rules), default=None)
            if left_s == 0:
                await self._end_what_is_over()
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if left_s is None else min(left_s, LOOK_S)):
                    await self._changed.wait()

    async def _end_what_is_over(self) -> None:
        async with self._lock:
            if (rules := self._lasting(self.rules)) != self.rules:
                await self._change(rules)

    async def _store(self, rules: Sequence[TemporaryRule]) -> None:
        try:
            await self._state.rule_rows.store(rules)
        except StorageError as error:
            log.warning("rules for a time are in force, but not after a restart: %s", error)
