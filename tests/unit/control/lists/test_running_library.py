"""The library left to itself: what it notices, when it looks again, and what can not stop it."""

import asyncio
import errno
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from shelf import PATIENCE_S, Shelf, running, statuses, until

from sinkhole.control.lists import local
from sinkhole.control.lists.file_watch import FileWatch
from sinkhole.control.lists.library import BLIND_POLL_S, Library
from sinkhole.control.lists.loader import Loader
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.control.lists.progress import Phase, Step
from sinkhole.control.lists.store import ListStore
from sinkhole.control.lists.subscription import Subscription
from sinkhole.control.lists.update import Updater
from sinkhole.control.settings import ListSettings
from sinkhole.dns.filter.compiled.listfile import map_list_file, write_list_file
from sinkhole.dns.filter.language.reader import LANGUAGE_VERSION
from sinkhole.model.errors import StorageError
from sinkhole.model.faults import Faults

needs_inotify = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


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


async def test_a_reload_that_removes_the_cause_retries_at_once(shelf: Shelf) -> None:
    shelf.ads.write_text("||ads.example^\n" * 100)
    library = shelf.library(shelf.settings(max_list_size="1KiB"))

    async def wait_and_see() -> None:
        await until(lambda: statuses(library) == {"Ads": "failed", "Good": "ready"})
        await library.apply(shelf.settings(max_list_size="1MiB"))
        await until(lambda: statuses(library) == {"Ads": "ready", "Good": "ready"})

    await running(library, wait_and_see())
    assert library.status()[0]["error"] is None


def of_an_older_language(path: Path) -> None:
    """Make a compiled file one that says nothing of the language it was compiled by."""
    mapped = map_list_file(path, "Ads")
    write_list_file(path, mapped.parts, replace(mapped.contents, language=0))


async def test_a_list_compiled_before_the_language_changed_is_compiled_again_in_the_background(
    shelf: Shelf,
) -> None:
    await shelf.library().update()
    (path,) = shelf.lists.glob("ads-*.trie")
    of_an_older_language(path)
    library = shelf.library()
    library.load_now()
    (before, _), checked = library.lists, library.status()[0]["checked"]
    assert (before.language, before.names) == (0, 2), "in use meanwhile"
    shelf.now += 100
    shelf.news.clear()

    async def wait_and_see() -> None:
        assert await shelf.next_news() == ["Ads:2", "Good:1"]
        await until(lambda: library.lists[0].language == LANGUAGE_VERSION)

    await running(library, wait_and_see())
    assert library.status()[0]["checked"] == checked, "its source was not asked"
    again = shelf.library()
    again.load_now()
    assert again.lists[0].language == LANGUAGE_VERSION


async def test_what_cannot_be_compiled_again_stays_in_use_and_is_tried_once(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    await shelf.library().update()
    (path,) = shelf.lists.glob("ads-*.trie")
    of_an_older_language(path)
    path.with_suffix(".txt").write_text("no rule at all\n")
    library = shelf.library()
    library.load_now()

    async def wait_and_see() -> None:
        await until(lambda: "the kept copy is of no use" in caplog.text)
        shelf.good.write_text("shop.example\nmore.example\n")
        await until(lambda: shelf.published[-1] == ["Ads:2", "Good:2"])

    await running(library, wait_and_see())
    assert caplog.text.count("the kept copy is of no use") == 1


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


@needs_inotify
async def test_what_changes_is_noticed_at_once_though_it_hardly_ever_looks(shelf: Shelf) -> None:
    library = shelf.library(poll_s=86_400)

    async def change_everything() -> None:
        await until(lambda: statuses(library) == {"Ads": "ready", "Good": "ready"})
        shelf.ads.write_text("||one.example^\n")
        await until(lambda: shelf.published[-1] == ["Ads:1", "Good:1"])
        for number in (2, 3):  # what takes its place is watched as well
            shelf.now += 1
            other = shelf.folder / "other.txt"
            other.write_text("".join(f"||{number}-{each}.example^\n" for each in range(number)))
            other.replace(shelf.ads)
            await until(lambda: shelf.published[-1] == [f"Ads:{number}", "Good:1"])  # noqa: B023  # at once
        more = shelf.folder / "more.txt"
        more.write_text("||more.example^\n")
        added = ListSettings(name="More", url=f"file:{more}")
        await library.apply(shelf.settings(lists=(*shelf.settings().lists, added)))
        await until(lambda: shelf.published[-1] == ["Ads:3", "Good:1", "More:1"])
        await library.apply(shelf.settings())
        await until(lambda: shelf.published[-1] == ["Ads:3", "Good:1"])
        elsewhere = Library(shelf.settings(), shelf.folder / "data")
        await elsewhere.load()
        await elsewhere.roll_back("Ads")
        await until(lambda: shelf.published[-1] == ["Ads:2", "Good:1"])

    await running(library, change_everything())


async def test_a_list_of_other_settings_is_fetched_at_once(shelf: Shelf) -> None:
    library = shelf.library(shelf.settings(lists=()), poll_s=86_400)

    async def apply() -> None:
        await until(lambda: not library.status() and library._store.folder.exists())
        await library.apply(shelf.settings())
        await until(lambda: statuses(library) == {"Ads": "ready", "Good": "ready"})

    await running(library, apply())


async def test_it_rests_until_the_next_list_is_due_and_looks_often_where_it_is_blind(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = shelf.library(poll_s=60)
    await library.update()
    watch = FileWatch(asyncio.Event())
    try:
        assert library._rest_s(watch) == 60
        next_look = min(each.next_look(shelf.now, 86_400) for each in library._subscriptions.all)
        shelf.now = next_look - 20
        assert library._rest_s(watch) == pytest.approx(20)
        shelf.now = next_look + 1
        assert library._rest_s(watch) == BLIND_POLL_S
        shelf.now = 1_000_000.0
        library._trouble = "a disk is away"
        assert library._rest_s(watch) == BLIND_POLL_S
    finally:
        watch.close()
    library._trouble = ""
    assert library._rest_s(watch) == BLIND_POLL_S


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


async def test_an_address_that_no_file_can_have_costs_its_own_list_only(shelf: Shelf) -> None:
    """Settings refuse it, but what is made of them shall not count on that."""
    odd = ListSettings.model_construct(name="Odd", url="file:/srv/a%00b", kind="block")
    settings = shelf.settings().model_copy(update={"lists": (*shelf.settings().lists, odd)})
    library = shelf.library(settings)
    await library.load()
    await running(library, until(lambda: shelf.published[-1] == ["Ads:2", "Good:1"]))
    assert statuses(library) == {"Ads": "ready", "Good": "ready", "Odd": "failed"}
    assert "zero byte" in (library.status()[2]["error"] or "")


@pytest.mark.parametrize(
    ("owner", "name"), [(Subscription, "is_due"), (Updater, "restore"), (Loader, "_load")]
)
async def test_a_bug_with_one_list_wherever_it_is_costs_no_other(
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    owner: type,
    name: str,
) -> None:
    original = getattr(owner, name)

    def broken(self: object, *given: object, **named: object) -> object:
        if "Ads" in {getattr(each, "name", "") for each in (self, *given)}:
            raise ValueError("embedded null byte")
        return original(self, *given, **named)

    monkeypatch.setattr(owner, name, broken)
    shelf.ads.unlink()
    library = shelf.library()
    await library.load()

    async def wait_and_see() -> None:
        await until(lambda: shelf.published[-1][-1:] == ["Good:1"])
        shelf.good.write_text("shop.example\nmore.example\n")
        await until(lambda: shelf.published[-1][-1:] == ["Good:2"])

    await running(library, wait_and_see())
    assert "embedded null byte" in (library.status()[0]["error"] or "")
    assert caplog.text.count("Traceback") == 1, "told once, not every few seconds"


async def test_a_bug_in_one_step_of_the_schedule_is_told_and_ends_no_other(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    faults = Faults()
    library = shelf.library(faults=faults)

    async def broken(self: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Library, "_adopt", broken)
    is_ready = until(lambda: statuses(library) == {"Ads": "ready", "Good": "ready"})
    await running(library, is_ready)
    assert faults.count >= 1
    assert "lists met an error of sinkhole's own (ZeroDivisionError" in faults.problems()[0]
    assert caplog.text.count("Traceback") == 1


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
