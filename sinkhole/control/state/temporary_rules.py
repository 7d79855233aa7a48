"""Rules that somebody made for a time: in force until their end, which survives a restart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sinkhole.control.state.lasting import Lasting
from sinkhole.control.state.rule_rows import TemporaryRule
from sinkhole.control.state.state import State
from sinkhole.model.actor import Actor
from sinkhole.model.errors import RequestError
from sinkhole.model.faults import Faults
from sinkhole.model.stamp import Stamp, present

__all__ = ["MOST_RULES", "OnRules", "TemporaryRule", "TemporaryRules"]

MOST_RULES: Final = 200
"""Rules that are in force for a time at once."""

OnRules = Callable[[Sequence[str]], Awaitable[None]]
"""Told the texts of all that are in force, each time that changes."""


class TemporaryRules:
    """The rules that are in force for a time, from `start` to `close`.

    `on_change` publishes a Policy with them, as a list of their own behind the own rules (see
    `lists/own_rules.with_temporary`); it is awaited before `add` and `remove` return, so that the
    next query feels it. What can't be stored is done all the same (see `Lasting`).
    """

    def __init__(
        self,
        state: State,
        on_change: OnRules,
        *,
        now: Callable[[], Stamp] = present,
        faults: Faults | None = None,
    ) -> None:
        self.now = now
        self._on_change = on_change
        self._lasting = Lasting("temporary rules", state.rule_rows, self._go_over, now, faults)

    @property
    def rules(self) -> tuple[TemporaryRule, ...]:
        """All that are in force, in the order in which they were made."""
        return self._lasting.items

    @property
    def texts(self) -> list[str]:
        """What they say, in the same order."""
        return [each.text for each in self.rules]

    async def start(self) -> None:
        """Take up the rules that are stored; also again, when all that is stored was replaced."""
        await self._lasting.start()

    async def add(
        self, texts: Sequence[str], seconds: float, actor: Actor, note: str = ""
    ) -> list[TemporaryRule]:
        """Put rules in force for a time; those with the same text are replaced. RequestError
        ("too_many") beyond MOST_RULES."""
        async with self._lasting.turn:
            kept = [each for each in self.rules if each.text not in texts]
            if len(kept) + len(texts) > MOST_RULES:
                text = f"no more than {MOST_RULES} rules can be in force for a time; end some"
                raise RequestError("too_many", "too_many_rules", text)
            last = max((each.number for each in self.rules), default=0)
            made = [
                TemporaryRule(number, text, self.now(), seconds, str(actor), note)
                for number, text in enumerate(texts, start=last + 1)
            ]
            await self._lasting.change(tuple(kept + made))
        return made

    async def remove(self, numbers: Sequence[int]) -> None:
        """End rules before their time; RequestError ("not_found") where there is none of such a
        number, and then none is ended."""
        async with self._lasting.turn:
            known = {each.number for each in self.rules}
            if missing := [number for number in numbers if number not in known]:
                text = f"no rule in force for a time has the number {missing[0]}"
                raise RequestError("not_found", "rule_unknown", text)
            await self._lasting.change(
                tuple(each for each in self.rules if each.number not in numbers)
            )

    async def rewrite(self, changed: Callable[[TemporaryRule], TemporaryRule]) -> None:
        """Go over to what becomes of the rules there are, which go on as long as they would."""
        async with self._lasting.turn:
            rules = tuple(map(changed, self.rules))
            if rules != self.rules:
                await self._lasting.change(rules)

    async def close(self) -> None:
        """Watch no more; the rules stay stored."""
        await self._lasting.close()

    async def _go_over(
        self, before: tuple[TemporaryRule, ...], rules: tuple[TemporaryRule, ...]
    ) -> None:
        if before != rules:
            await self._on_change(self.texts)
