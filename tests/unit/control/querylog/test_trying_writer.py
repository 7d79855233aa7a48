"""The writer's way back: how it tries again after failures, and what it leaves at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from log_kit import DAY_S

from sinkhole.control.querylog import LogTerms
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


def a_writer(path: Path, clocks: Clocks, max_size_bytes: int = 1 << 30) -> Writer:
    return Writer(
        path,
        RecordBuffer(),
        terms=LogTerms(max_size_bytes=max_size_bytes),
        rule_text=lambda cause: cause.rule,
        rollups=Rollups(365 * DAY_S),
        counters=Counters(),
        wall=lambda: clocks.wall,
        elapsed=lambda: clocks.elapsed,
    )


async def test_a_clock_that_is_ahead_for_a_moment_ends_no_grace(tmp_path: Path) -> None:
    clocks = Clocks()
    aside = tmp_path / "querylog.db.broken-20250615T120000Z"  # when the clock is right
    aside.write_bytes(b"x" * 20_000_000)
    writer = a_writer(tmp_path / "querylog.db", clocks, max_size_bytes=10_000_000)
    await writer.open()
    try:
        for ahead in (0.0, 30 * DAY_S, 0.0):
            clocks.wall = NOW + ahead
            writer.upkeep.next_tidy = 0.0
            await writer._round()
            assert aside.exists()
        database = writer.file.database
        assert database is not None
        while aside.exists():
            clocks.go_on(60)
            assert clocks.wall < NOW + 10 * DAY_S
            await writer.upkeep.read_clock(database)
            if clocks.wall % 3600 < 60:
                await writer.upkeep.look()
        assert clocks.wall > NOW + 6 * DAY_S
    finally:
        writer.stop()
        await writer.run()


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


async def test_what_is_known_of_the_clock_outlives_a_stop(tmp_path: Path) -> None:
    clocks, held = Clocks(), []
    for _ in range(2):
        writer = a_writer(tmp_path / "querylog.db", clocks)
        await writer.open()
        for _ in range(5):  # minutes: less than between two times of writing it down
            await writer._round()
            clocks.go_on(60)
        assert writer.upkeep.clock is not None
        held.append(writer.upkeep.clock.state.held_s)
        writer.stop()
        await writer.run()
    assert held[0] == 240.0
    assert held[1] >= held[0] + 240.0


async def test_room_that_is_back_is_noticed_with_nobody_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [1 << 20]
    monkeypatch.setattr(
        "sinkhole.control.querylog.disk.shutil.disk_usage", lambda _: (100 << 30, 0, free[0])
    )
    writer = a_writer(tmp_path / "querylog.db", Clocks())
    await writer.open()
    try:
        await writer._round()
        assert "left: queries are counted but not logged" in (writer.backoff.error or "")
        free[0] = 50 << 30
        writer.upkeep.next_tidy = 0.0
        await writer._round()
        assert writer.backoff.error is None
    finally:
        writer.stop()
        await writer.run()
