"""The state of a sinkhole as the hub of another: whole changes, and none once it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from boxes import Box, a_box

from sinkhole.control.replication.hub import Entry, HubAwayError
from sinkhole.control.replication.own_hub import OwnHub
from sinkhole.control.state.schema import packed
from sinkhole.model.tasks import Tasks

SIZE = Entry("setting", packed(["cache.size", ""]), packed({"position": 5, "value": '"3MiB"'}))


class Applying:
    """Puts in force what others have changed, once it may."""

    def __init__(self) -> None:
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()
        self.told: list[frozenset[str]] = []

    async def __call__(self, kinds: frozenset[str]) -> None:
        self.begun.set()
        await self.may_end.wait()
        self.told.append(kinds)


@asynccontextmanager
async def hub_of(box: Box, applying: Applying) -> AsyncIterator[tuple[OwnHub, Tasks]]:
    """The hub, and the tasks of which one runs it."""
    hub, running = OwnHub(box.state, "state.1", applying), Tasks("test")
    running.start("hub", hub.run())
    try:
        yield hub, running
    finally:
        await running.close()


async def test_what_was_pushed_is_put_in_force_also_where_nobody_waits_any_more(
    tmp_path: Path,
) -> None:
    async with a_box(tmp_path) as box, hub_of(box, applying := Applying()) as (hub, running):
        task = running.start("push", hub.push(None, [SIZE]))
        assert task is not None
        await applying.begun.wait()
        task.cancel()
        await asyncio.wait([task])
        applying.may_end.set()
        await running.close()
        assert applying.told == [frozenset({"setting"})]


async def test_nothing_is_pushed_to_one_that_shares_its_state_no_more(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box, hub_of(box, applying := Applying()) as (hub, running):
        applying.may_end.set()
        await hub.push(None, [SIZE])
        await running.close()
        for asked in (hub.push(None, [SIZE]), hub.pull(0), hub.wait(0)):
            with pytest.raises(HubAwayError):
                await asked
