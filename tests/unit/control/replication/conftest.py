"""What tests of a shared state need beside boxes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio

from sinkhole.control.database import Database
from sinkhole.control.state.state import State


@pytest_asyncio.fixture
async def copied() -> AsyncIterator[Callable[[State], Awaitable[Database]]]:
    """`await copied(state)`: all that is in it now, in memory."""
    copies: list[Database] = []

    async def copy(state: State) -> Database:
        copies.append(await Database.in_memory())
        await state.read(lambda own: own.copy_into(copies[-1]))
        return copies[-1]

    yield copy
    for each in copies:
        await each.close()
