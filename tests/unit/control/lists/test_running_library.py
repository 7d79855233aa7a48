"""The library left to itself: what it notices, when it looks again, and what can not stop it."""

import asyncio
import errno
import os

import pytest
from shelf import PATIENCE_S, Shelf, running, statuses, until

from sinkhole.control.lists import local
from sinkhole.control.lists.library import Library
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.control.lists.progress import Phase, Step
from sinkhole.control.lists.store import ListStore
from sinkhole.model.errors import StorageError


async def test_left_to_itself_it_fetches_what_is_missing(shelf: Shelf) -> None:
    library = shelf.library()
    await library.load()
    await running(library, until(lambda: shelf.published[-1] == ["Ads:2", "Good:1"]))
    assert statuses(library) == {"Ads": "ready", "Good": "ready"}


async def test_left_to_itself_it_takes_a_changed_file_at_once(shelf: Shelf) -> None:
    library = shelf.library()
    await library.update()

    async def change() -> None:
        shelf.news.clear()
        shelf.ads.write_text("||ads.example^\n||more.example^\n||third.example^\n")
        assert await shelf.next_news() == ["Ads:3", "Good:1"]

    await running(library, change())


async def test_left_to_itself_it_retries_after_a_while_and_not_before(shelf: Shelf) -> None:
    shelf.good.unlink()
    library = shelf.library()

    async def wait_and_see() -> None:
        await until(lambda: library.status()[1]["error"] is not None)
        first = library.status()[1]["checked"]
        shelf.now += 30
        shelf.news.clear()
        shelf.ads.write_text("||ads.example^\n")
        await shelf.next_news()  # so it did look around in between
        assert library.status()[1]["checked"] == first
        shelf.now += 34
        await until(lambda: library.status()[1]["checked"] == shelf.now)

    await running(library, wait_and_see())


async def test_left_to_itself_it_looks_again_after_the_interval(shelf: Shelf) -> None:
    library = shelf.library()

    async def wait_and_see() -> None:
        await until(lambda: statuses(library) == {"Ads": "ready", "Good": "ready"})
        shelf.now += 26 * 3600
        await until(lambda: all(found["checked"] == shelf.now for found in library.status()))

    await running(library, wait_and_see())


async def test_a_clock_that_was_set_back_stops_nothing(shelf: Shelf) -> None:
    library = shelf.library()

    async def wait_and_see() -> None:
        await until(lambda: statuses(library) == {"Ads": "ready", "Good": "ready"})
        shelf.now -= 1000
        await until(lambda: all(found["checked"] == shelf.now for found in library.status()))

    await running(library, wait_and_see())


async def test_it_takes_over_what_another_process_has_updated(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    settings = shelf.settings(update_interval="0s")
    library = shelf.library(settings)
    await library.update()

    async def update_elsewhere() -> None:
        data = shelf.folder / "ads2.txt"
        data.write_text("||a.example^\n||b.example^\n||c.example^\n")
        shelf.news.clear()
        caplog.set_level("INFO")
        other = Library(settings, shelf.folder / "data")
        other.load_now()
        data.replace(shelf.ads)
        await other.update()
        assert await shelf.next_news() == ["Ads:3", "Good:1"]
        assert "list Ads: 3 names, of another process, now in use" in caplog.messages

    await running(library, update_elsewhere())


async def test_two_updates_at_once_run_one_after_the_other(shelf: Shelf) -> None:
    library = shelf.library()
    changes = await asyncio.gather(library.update(), library.update())
    assert sorted(changes) == [0, 2]


async def test_while_another_process_updates_the_reason_is_shown_and_it_goes_on(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ListStore.locked.__wrapped__, "__defaults__", (0.0,))
    library = shelf.library()

    held = ListStore(shelf.lists).locked(0)
    await held.__aenter__()

    async def wait_and_see() -> None:
        await until(lambda: bool(library.problems))
        assert "another sinkhole is updating" in library.problems[0]
        with pytest.raises(StorageError):
            await library.update()
        await held.__aexit__(None, None, None)
        await until(lambda: statuses(library) == {"Ads": "ready", "Good": "ready"})
        await until(lambda: not library.problems)

    await running(library, wait_and_see())


async def test_the_trouble_is_over_when_another_process_has_done_the_work(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ListStore.locked.__wrapped__, "__defaults__", (0.0,))
    library = shelf.library()
    await library.update()
    as_it_was = shelf.ads.stat()

    async def wait_and_see() -> None:
        async with ListStore(shelf.lists).locked(30.0):  # it may be at work just now
            os.utime(shelf.ads, ns=(1, 1))
            await until(lambda: bool(library.problems))
            shelf.now += 30  # long enough for many attempts
            os.utime(shelf.ads, ns=(as_it_was.st_atime_ns, as_it_was.st_mtime_ns))
        await until(lambda: not library.problems)

    await running(library, wait_and_see())
    assert caplog.text.count("another sinkhole is updating") == 1


async def test_a_folder_that_cannot_be_used_is_shown_and_stops_nothing(shelf: Shelf) -> None:
    (shelf.folder / "data").write_text("a file where a folder should be")
    library = shelf.library(shelf.settings(rules=("||own.example^",)))
    await library.load()
    await running(library, until(lambda: bool(library.problems)))
    assert shelf.published == [[f"{OWN_RULES}:1"]]


async def test_a_bug_in_one_list_is_its_status_and_not_the_end_of_all(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = local.copy

    def broken(name: str, *rest: object) -> object:
        if name == "Ads":
            raise ZeroDivisionError("division by zero")
        return original(name, *rest)

    monkeypatch.setattr(local, "copy", broken)
    library = shelf.library()
    assert await library.update() == 1
    assert statuses(library) == {"Ads": "failed", "Good": "ready"}
    assert "unexpected error" in (library.status()[0]["error"] or "")


async def test_a_full_disk_is_told_as_one_and_not_as_a_bug(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*given: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(local, "copy", full)
    library = shelf.library()
    assert await library.update() == 0
    assert library.status()[0]["error"] == f"{shelf.lists}: No space left on device"
    assert "Traceback" not in caplog.text


async def test_cancelling_leaves_the_lock_free_and_no_leftovers(shelf: Shelf) -> None:
    library = shelf.library()
    compiling = asyncio.Event()

    def watch(step: Step) -> None:
        if step.phase is Phase.COMPILE:
            compiling.set()

    work = asyncio.create_task(library.update(progress=watch))
    await asyncio.wait_for(compiling.wait(), PATIENCE_S)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert work.cancelled()
    assert not list(shelf.lists.glob("*.part*"))
    async with ListStore(shelf.lists).locked(30.0):  # it may be at work just now
        pass
    assert await library.update() == 2
