"""The answers that are remembered: looked up by name, and forgotten on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

from sinkhole.control.explain.cached import told_entry
from sinkhole.control.explain.explainer import add_texts
from sinkhole.control.explain.inquiry import Inquiry, rules_of
from sinkhole.control.settings import Settings
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.cache.table import Table, is_for_everybody
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.wire.name import end_of, from_text, is_below, to_text
from sinkhole.dns.wire.numbers import type_name
from sinkhole.dns.wire.question import Question
from sinkhole.model.explanation import KeptAnswer

SLICE: Final = 5_000
"""Keys looked at in one turn of the event loop, which takes some milliseconds."""

FORGOTTEN_AT_ONCE: Final = 1_000
"""Answers forgotten in one turn of the event loop: all of a full cache take a tenth of a second."""

_LOOPBACK: Final = bytes((127, 0, 0, 1))


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """The table of answers, as people see and empty it.

    Its keys are read one by one, in slices, as names have no order there.
    """

    table: Table
    pipeline: Pipeline
    settings: Callable[[], Settings]
    clock: Callable[[], float]

    async def look_up(self, name: str, most: int, *, below: bool) -> list[KeptAnswer]:
        """What is kept about a name (text), with `below` about all below it as well, `most` entries
        at most; ValueError for what is no name."""
        found: list[tuple[bytes, Ready]] = []
        async for key in self._keys(from_text(name), below=below):
            ready = self.table.entries.get(key)
            if ready is None or _type_of(key) == 0:  # the name's own NXDOMAIN, told with its type
                continue
            found.append((key, ready))
            if len(found) >= most:
                break
        told = [self._told(*each) for each in found]
        rules = rules_of(self.pipeline.clients.of(_LOOPBACK))
        await asyncio.to_thread(add_texts, told, rules)
        return sorted(told, key=lambda each: (each["name"], each["type"]))

    async def flush(self, name: str | None, *, below: bool) -> int:
        """Forget everything, or a name (text), or with `below` also all below it; how many entries
        were forgotten. ValueError for what is no name."""
        if name is None:
            count = await self._forget_all()
        else:
            count = 0
            async for key in self._keys(from_text(name), below=below):
                count += self.table.forget(key) and _type_of(key) != 0
        self.pipeline.clients.lanes.clear()
        return count

    async def _forget_all(self) -> int:
        """Forget what there is now, the oldest first, a slice in each turn of the event loop."""
        count = len(self.table.entries)
        for done in range(0, count, FORGOTTEN_AT_ONCE):
            self.table.forget_oldest(min(FORGOTTEN_AT_ONCE, count - done))
            await asyncio.sleep(0)
        return count

    async def _keys(self, name: bytes, *, below: bool) -> AsyncIterator[bytes]:
        """The keys of a wire name, or of all below it too; others get their turn in between."""
        for place, key in enumerate(list(self.table.entries), start=1):
            if place % SLICE == 0:
                await asyncio.sleep(0)
            if (is_below(_name_of(key), name)) if below else key.startswith(name):
                yield key

    def _told(self, key: bytes, ready: Ready) -> KeptAnswer:
        name = _name_of(key)
        flags = key[len(name) + 2]
        question = Question(name, _type_of(key), do=bool(flags & 1), cd=bool(flags & 2))
        client = self.pipeline.clients.of(_LOOPBACK)
        inquiry = Inquiry(
            question,
            client,
            self.pipeline.policy,
            rules_of(client),
            self.settings(),
            self.clock(),
        )
        return {
            **told_entry(question, ready, inquiry),
            "name": to_text(name),
            "type": type_name(question.qtype),
            "for_everybody": is_for_everybody(key),
        }


def _name_of(key: bytes) -> bytes:
    return key[: end_of(key, 0)]


def _type_of(key: bytes) -> int:
    at = end_of(key, 0)
    return int.from_bytes(key[at : at + 2], "big")
