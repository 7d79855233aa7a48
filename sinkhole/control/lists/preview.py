"""A list fetched and compiled to be looked at before anybody uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from sinkhole.control.lists import local
from sinkhole.control.lists.child_processes import compile_list
from sinkhole.control.lists.fetch import Fetcher, Validators
from sinkhole.control.lists.progress import Phase, Step, Watch
from sinkhole.control.lists.quarantine import QuarantineCheck
from sinkhole.control.settings import ListSettings
from sinkhole.dns.filter.trie import CompiledList


class PreviewedList(NamedTuple):
    """A compiled list that nothing uses; `suspicion` is why it would be held back, or ""."""

    compiled: CompiledList
    size_bytes: int
    suspicion: str


async def compile_preview(
    settings: ListSettings, folder: Path, fetcher: Fetcher, check: QuarantineCheck, watch: Watch
) -> PreviewedList:
    """Fetch and compile a list into `folder`, which the caller removes; ListError if that fails."""
    name, url, kind = settings.name, settings.url, settings.kind
    part, trie = folder / "list.txt", folder / "list.trie"
    watch(Step(name, Phase.FETCH))
    if local.is_local(url):
        path, limit = local.find(name, url), fetcher.limits.size_bytes
        received = await asyncio.to_thread(local.copy, name, path, part, limit)
    else:
        fetched = await fetcher.fetch(name, url, part, Validators(), watch)
        assert fetched is not None  # "not changed" answers only those who know a copy
        received = fetched.received
    watch(Step(name, Phase.COMPILE, total_bytes=received.size_bytes))
    await compile_list(name, part, trie, kind)
    compiled = await asyncio.to_thread(CompiledList.map, trie, name, kind, part)
    watch(Step(name, Phase.CHANGED, note=f"{compiled.names} names"))
    return PreviewedList(compiled, received.size_bytes, check.reason(compiled, None))
