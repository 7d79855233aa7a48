"""The cache's file: written whole, read at the start, and never in the way."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from settings_file import settings_from
from world import World

from sinkhole.app import cache_file
from sinkhole.app.cache_file import CacheFile
from sinkhole.dns.cache.persist import UNKNOWN_BOOT, Moment
from sinkhole.dns.cache.table import Table
from sinkhole.dns.worker import kept


def cache_in(folder: Path, table: Table, *, persist: bool = True) -> CacheFile:
    return CacheFile(settings_from({"data_dir": str(folder), "cache": {"persist": persist}}), table)


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def full_table(names: int) -> Table:
    world = World()
    for number in range(names):
        name = f"n{number}.example.org"
        world.upstreams.says(name, "A", f"{name}. 300 A 192.0.2.1")
        await world.ask(name)
    return world.table


@pytest.fixture(autouse=True)
def clock_of_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept.time, "monotonic", lambda: 1000.0)


async def test_what_was_saved_is_there_after_the_next_start(tmp_path: Path) -> None:
    table, again = await full_table(3), Table(1 << 20)
    await cache_in(tmp_path, table).save()
    cache_in(tmp_path, again).restore()
    assert set(again.entries) == set(table.entries)
    assert files_in(tmp_path) == ["cache.bin"]
    assert stat.S_IMODE((tmp_path / "cache.bin").stat().st_mode) == 0o600


async def test_saving_in_slices_writes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_file, "present", lambda: Moment(1000.0, 1e6))
    cache = cache_in(tmp_path, await full_table(5))
    await cache.save()
    whole = (tmp_path / "cache.bin").read_bytes()
    monkeypatch.setattr(kept, "SLICE", 2)
    await cache.save()
    assert (tmp_path / "cache.bin").read_bytes() == whole


async def test_answers_have_aged_though_the_clock_was_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kept.BOOT_ID.exists():
        pytest.skip("this kernel has no name for its boots")
    table, again = await full_table(1), Table(1 << 20)
    saved = kept.present()
    monkeypatch.setattr(cache_file, "present", lambda: saved)
    await cache_in(tmp_path, table).save()
    later = saved._replace(wall=saved.wall - 3600, since_boot=saved.since_boot + 100)
    monkeypatch.setattr(kept, "present", lambda: later)
    cache_in(tmp_path, again).restore()
    (ready,) = again.entries.values()
    assert ready.answer is not None and saved.now - ready.answer.received == pytest.approx(100)


async def test_without_a_name_of_the_boot_the_wall_clock_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept._boot.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(kept, "BOOT_ID", tmp_path / "none")
        assert kept.present()[2:] == (0.0, UNKNOWN_BOOT)
    kept._boot.cache_clear()


async def test_a_damaged_file_is_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = Table(1 << 20)
    (tmp_path / "cache.bin").write_bytes(b"not a cache")
    cache_in(tmp_path, table).restore()
    assert len(table.entries) == 0
    assert "not a cache file" in caplog.text


async def test_switched_off_it_neither_reads_nor_writes(tmp_path: Path) -> None:
    table, again = await full_table(1), Table(1 << 20)
    await cache_in(tmp_path, table, persist=False).save()
    assert files_in(tmp_path) == []
    await cache_in(tmp_path, table).save()
    cache_in(tmp_path, again, persist=False).restore()
    assert len(again.entries) == 0


async def test_a_folder_that_cannot_be_written_is_a_problem_until_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    cache = cache_in(folder, await full_table(1))
    await cache.save()
    assert "cannot be saved" in cache.problems[0]
    folder.mkdir()
    await cache.save()
    assert cache.problems == []


async def test_a_file_that_cannot_be_finished_leaves_the_old_one_and_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = cache_in(tmp_path, await full_table(1))
    await cache.save()
    before = (tmp_path / "cache.bin").read_bytes()

    def fill_up(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill_up)
    await cache.save()
    assert "No space left" in cache.problems[0]
    assert files_in(tmp_path) == ["cache.bin"]
    assert (tmp_path / "cache.bin").read_bytes() == before
