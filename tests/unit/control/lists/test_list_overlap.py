"""How many names each list has alone."""

from __future__ import annotations

import json

import pytest
from shelf import Shelf, running, until

from sinkhole.control.lists import child_processes
from sinkhole.control.lists.library import Library
from sinkhole.control.lists.overlap import FILE_NAME
from sinkhole.control.settings import ListSettings


def unique(library: Library) -> list[int | None]:
    return [row["unique"] for row in library.status()]


async def test_counts_are_made_after_an_update_kept_and_read_again(shelf: Shelf) -> None:
    shelf.good.write_text("ads.example\n")  # of the other kind: it covers nothing of "Ads"
    library = shelf.library()
    await library.update()
    assert unique(library) == [None, None]
    await library.count_unique()
    assert unique(library) == [2, 1]
    again = shelf.library()
    again.load_now()
    assert unique(again) == [2, 1]


async def test_lists_of_one_kind_are_compared(shelf: Shelf) -> None:
    more = shelf.folder / "more.txt"
    more.write_text("||ads.example^\n")
    lists = (*shelf.settings().lists, ListSettings(name="More", url=f"file:{more}"))
    library = shelf.library(shelf.settings(lists=lists))
    await library.update()
    await library.count_unique()
    assert unique(library) == [1, 1, 0]


async def test_a_running_library_counts_again_when_a_list_has_changed(shelf: Shelf) -> None:
    library = shelf.library()

    async def look() -> None:
        await until(lambda: unique(library) == [2, 1])
        shelf.ads.write_text("||one.example^\n")
        await until(lambda: unique(library) == [1, 1])

    await running(library, look())


@pytest.mark.parametrize("text", ["", "[]", '{"unique": {"a": "b"}, "counted": {}}'])
async def test_a_damaged_file_of_counts_is_made_anew(shelf: Shelf, text: str) -> None:
    await shelf.library().update()
    (shelf.lists / FILE_NAME).write_text(text)
    library = shelf.library()
    await library.load()
    await library.count_unique()
    assert unique(library) == [2, 1]
    assert json.loads((shelf.lists / FILE_NAME).read_text())["unique"]


async def test_what_goes_wrong_leaves_the_counts_unknown(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    library = shelf.library()
    await library.update()
    monkeypatch.setattr(child_processes, "COUNT_LIMIT_S", 0.0)
    await library.count_unique()
    assert unique(library) == [None, None]
    assert "not done within 0 s" in caplog.text


async def test_a_list_that_cannot_be_mapped_is_left_out(shelf: Shelf) -> None:
    library = shelf.library()
    await library.update()
    for path in shelf.lists.glob("ads-*.trie"):
        path.unlink()
    await library.count_unique()
    assert unique(library) == [None, 1]
