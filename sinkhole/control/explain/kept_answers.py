"""The answers that are remembered: looked up by name, and forgotten on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

from sinkhole.control.explain.cached import told_entry
from sinkhole.control.explain.explainer import add_texts
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.settings import Settings
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.cache.table import Table
from sinkhole.dns.clients.access import NO_TAG, TAG_SIZE
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.wire.name import end_of, from_text, is_below, to_text
from sinkhole.dns.wire.numbers import type_name
from sinkhole.dns.wire.question import Question
from sinkhole.model.explanation import KeptAnswer

SLICE: Final = 5_000
"""Keys looked at in one turn of the event loop, which takes some milliseconds."""

_LOOPBACK: Final = bytes((127, 0, 0, 1))


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """The table of answers, as people see and empty it.

    Its keys are read one by one, in slices, as names have no order there. `publish` has the policy
    in force be published anew, with its next generation.
    """

    table: Table
    pipeline: Pipeline
    matcher: Callable[[], Matcher]
    settings: Callable[[], Settings]
    clock: Callable[[], float]
    publish: Callable[[], object]

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
        await asyncio.to_thread(add_texts, told, self.matcher())
        return sorted(told, key=lambda each: (each["name"], each["type"]))

    async def flush(self, name: str | None, *, below: bool) -> int:
        """Forget everything, or a name (text), or with `below` also all below it; how many entries
        were forgotten. ValueError for what is no name."""
        if name is None:
            count = len(self.table.entries)
            self.table.clear()
        else:
            count = 0
            async for key in self._keys(from_text(name), below=below):
                count += self.table.forget(key) and _type_of(key) != 0
        self.publish()  # what the express lane remembers counts for one generation of the policy
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
        inquiry = Inquiry(
            question,
            self.pipeline.clients.of(_LOOPBACK),
            self.pipeline.policy,
            self.matcher(),
            self.settings(),
            self.clock(),
        )
        return {
            **told_entry(question, ready, inquiry),
            "name": to_text(name),
            "type": type_name(question.qtype),
            "for_everybody": key[-TAG_SIZE:] == NO_TAG,
        }


def _name_of(key: bytes) -> bytes:
    return key[: end_of(key, 0)]


def _type_of(key: bytes) -> int:
    at = end_of(key, 0)
    return int.from_bytes(key[at : at + 2], "big")
