"""What the kernel tells of files that change; the library's own tests have all that follows."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sinkhole.control.lists import file_watch
from sinkhole.control.lists.file_watch import FileWatch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
PATIENCE_S = 60


@pytest.fixture
async def watch(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FileWatch]:
    monkeypatch.setattr(file_watch, "SETTLE_S", 0.0)
    watch = FileWatch(asyncio.Event())
    assert watch.works
    yield watch
    watch.close()
    watch.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs.txt").write_text("old")
    return tmp_path


def rename_into(folder: Path) -> None:
    (folder / "new").write_text("new")
    (folder / "new").replace(folder / "ours" / "new")


def take_its_place(folder: Path) -> None:
    (folder / "new").write_text("new")
    (folder / "new").replace(folder / "theirs.txt")


@pytest.mark.parametrize(
    "change",
    [
        rename_into,
        take_its_place,
        lambda folder: (folder / "ours" / "there").unlink(),
        lambda folder: (folder / "theirs.txt").write_text("new"),
        lambda folder: (folder / "theirs.txt").unlink(),
        lambda folder: os.utime(folder / "theirs.txt"),
    ],
    ids=["into the folder", "in its place", "from the folder", "written", "removed", "touched"],
)
async def test_it_tells_of_changes(watch: FileWatch, folder: Path, change: object) -> None:
    (folder / "ours" / "there").touch()
    watch.follow(folder / "ours", [folder / "theirs.txt", folder / "missing.txt"])
    assert not await watch.wait(0.0)
    assert callable(change)
    change(folder)
    assert await watch.wait(PATIENCE_S)


async def test_it_does_not_tell_of_what_it_follows_no_more_or_what_is_being_written(
    watch: FileWatch, folder: Path
) -> None:
    watch.follow(folder / "ours", [folder / "theirs.txt"])
    watch.follow(folder / "ours", [])
    (folder / "theirs.txt").write_text("new")
    (folder / "ours" / "part").write_text("a part of something")
    (folder / "ours" / "part").read_text()
    (folder / "beside").write_text("x")
    await asyncio.sleep(0)  # what the kernel has told by now is read in the turn after this
    assert not await watch.wait(0.05)
    rename_into(folder)
    assert await watch.wait(PATIENCE_S)


async def test_where_there_is_no_such_thing_it_says_so_and_only_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    watch = FileWatch(asyncio.Event())
    assert not watch.works
    watch.follow(tmp_path, [])
    assert not await watch.wait(0.0)
    watch.close()
