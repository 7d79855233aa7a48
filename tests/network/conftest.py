"""Fixtures of the forwarder's tests: two upstreams, a clock turned by hand, quick ticks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fake_upstream import FakeUpstream
from forwarding import Clock

from sinkhole.dns.upstream import flights
from sinkhole.dns.upstream.links import plain_engine


@pytest.fixture
def quick_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (flights, plain_engine):
        monkeypatch.setattr(each, "TICK_S", 0.002)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def one() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        yield upstream


@pytest.fixture
async def two() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.2"])
        yield upstream
