"""Fixtures of the tests of the app: two upstreams."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fake_upstream import FakeUpstream


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as fake:
        fake.answer("example.org", "A", ["192.0.2.1"])
        yield fake


@pytest.fixture
async def other() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as fake:
        yield fake
