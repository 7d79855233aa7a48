"""A list fetched and compiled aside, to be looked at before anybody uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from sinkhole.control.lists import local
from sinkhole.control.lists.compiling import compile_list
from sinkhole.control.lists.fetch import Fetcher, Validators
from sinkhole.control.lists.guard import Guard
from sinkhole.control.lists.steps import Phase, Step, Watch
from sinkhole.control.lists.wanted import WantedList
from sinkhole.dns.filter.trie import CompiledList


class Aside(NamedTuple):
    """A compiled list that nothing uses; `suspicion` is why it would be held back, or ""."""

    compiled: CompiledList
    size_bytes: int
    suspicion: str


async def compile_aside(
    wanted: WantedList, folder: Path, fetcher: Fetcher, guard: Guard, watch: Watch
) -> Aside:
    """Fetch and compile a list into `folder`, which the caller removes; ListError if that fails."""
    part, trie = folder / "list.txt", folder / "list.trie"
    watch(Step(wanted.name, Phase.FETCH))
    if local.is_local(wanted.url):
        path, limit = local.find(wanted.name, wanted.url), fetcher.limits.size_bytes
        received = await asyncio.to_thread(local.copy, wanted.name, path, part, limit)
    else:
        fetched = await fetcher.fetch(wanted.name, wanted.url, part, Validators(), watch)
        assert fetched is not None  # "not changed" answers only those who know a copy
        received = fetched.received
    watch(Step(wanted.name, Phase.COMPILE, total_bytes=received.size_bytes))
    await compile_list(wanted.name, part, trie, wanted.kind)
    compiled = await asyncio.to_thread(CompiledList.map, trie, wanted.name, wanted.kind, part)
    watch(Step(wanted.name, Phase.CHANGED, note=f"{compiled.names} names"))
    return Aside(compiled, received.size_bytes, guard.suspicion(compiled, None))
