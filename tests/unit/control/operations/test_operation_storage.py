"""What the data folder takes is told part by part, and what the program is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from houses import VIEWER, BuiltHouse

from sinkhole import __version__
from sinkhole.control.operations import about, storage
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform

Build = Callable[..., Awaitable[BuiltHouse]]


async def test_every_part_is_told_with_what_it_takes(build: Build) -> None:
    built = await build(lists=["||ads.example^\n"])
    (built.data_dir / "backups").mkdir(exist_ok=True)
    (built.data_dir / "backups" / "one.zip").write_bytes(b"x" * 1000)
    (built.data_dir / "querylog.db-wal.old").write_bytes(b"x" * 10)
    (built.data_dir / "note.txt").write_bytes(b"x" * 7)
    told = await perform(storage.show, built.house, VIEWER, Nothing())
    sizes = {each.part: each.size_bytes for each in told.parts}
    assert set(sizes) == {"log", "lists", "state", "cache", "backups", "other"}
    assert sizes["backups"] == 1000
    assert sizes["cache"] == 0
    assert sizes["other"] >= 7
    assert min(sizes["log"], sizes["lists"], sizes["state"]) > 0
    assert told.folder == str(built.data_dir)
    assert 0 < told.free_bytes < told.disk_bytes


async def test_what_the_program_is_made_of_is_told_with_versions_and_licences(
    build: Build,
) -> None:
    built = await build()
    told = await perform(about.show, built.house, VIEWER, Nothing())
    assert (told.version, told.licence) == (__version__, "MIT")
    found = {each.name.lower(): each for each in told.components}
    assert found["aiohttp"].version[0].isdigit()
    assert found["pydantic"].licence == "MIT"
    assert all(each.licence for each in told.components)
