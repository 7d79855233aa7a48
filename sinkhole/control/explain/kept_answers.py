"""The answers that are remembered: looked up by name, and forgotten on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from sinkhole.control.explain.cached import told_entry
from sinkhole.control.explain.explainer import add_texts
from sinkhole.control.explain.inquiry import Inquiry, rules_of
from sinkhole.control.settings import Settings
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.cache.table import Table, is_for_everybody
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.wire.name import end_of, from_text, to_text
from sinkhole.dns.wire.numbers import type_name
from sinkhole.dns.wire.question import Question
from sinkhole.dns.worker.kept import About, forget, found_in, type_of
from sinkhole.model.explanation import KeptAnswer

_LOOPBACK: Final = bytes((127, 0, 0, 1))


class OtherTables(Protocol):
    """Tables of other processes that answer."""

    async def kept(self, about: About) -> Table:
        """What these keep, in one table."""
        ...

    async def forget(self, about: About) -> int:
        """Have them forget it; how many answers it were."""
        ...


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """The table of answers, and those of `others`, as people see and empty them."""

    table: Table
    pipeline: Pipeline
    settings: Callable[[], Settings]
    clock: Callable[[], float]
    others: OtherTables | None = None

    async def look_up(self, name: str, most: int, *, below: bool) -> list[KeptAnswer]:
        """What is kept about a name (text), with `below` about all below it as well, `most` entries
        at most; ValueError for what is no name."""
        about, found = About(from_text(name), below), []
        table = self.table if self.others is None else await self.others.kept(about)
        async for key, ready in found_in(table, about):
            if type_of(key) == 0:  # the name's own NXDOMAIN, told with its type
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
        about = About(None if name is None else from_text(name), below)
        count = await forget(self.table, about)
        self.pipeline.clients.lanes.clear()
        return count + (await self.others.forget(about) if self.others is not None else 0)

    def _told(self, key: bytes, ready: Ready) -> KeptAnswer:
        name = key[: end_of(key, 0)]
        flags = key[len(name) + 2]
        question = Question(name, type_of(key), do=bool(flags & 1), cd=bool(flags & 2))
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
