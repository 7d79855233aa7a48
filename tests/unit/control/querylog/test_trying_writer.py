"""The writer's way back: how it tries again after failures, and what it leaves at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from log_kit import DAY_S

from sinkhole.control.querylog.retention import wal_size
from sinkhole.control.querylog.writer import Writer
from sinkhole.control.stats import Counters, Rollups
from sinkhole.model.record import RecordBuffer

NOW = 1_750_000_000.0


class Clocks:
    """The wall's, and the one that nobody sets."""

    wall = NOW
    elapsed = 1000.0

    def go_on(self, seconds: float) -> None:
        self.wall += seconds
        self.elapsed += seconds


def a_writer(path: Path, clocks: Clocks) -> Writer:
    return Writer(
        path,
        RecordBuffer(),
        enabled=True,
        keep_s=90 * DAY_S,
        max_size_bytes=1 << 30,
        rule_text=lambda cause: cause.rule,
        rollups=Rollups(365 * DAY_S),
        counters=Counters(),
        wall=lambda: clocks.wall,
        elapsed=lambda: clocks.elapsed,
    )


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    """A writer whose rounds a test takes."""
    writer = a_writer(tmp_path / "querylog.db", Clocks())
    await writer.open()
    yield writer
    writer.stop()
    await writer.run()


async def test_whether_writing_works_is_tried_by_writing(writer: Writer, tmp_path: Path) -> None:
    await writer._round()
    before = wal_size(tmp_path / "querylog.db")
    await writer._make_sure()
    assert wal_size(tmp_path / "querylog.db") == before, "nothing has failed"
    writer.backoff.failed("database or disk is full")
    await writer._make_sure()
    assert wal_size(tmp_path / "querylog.db") > before
