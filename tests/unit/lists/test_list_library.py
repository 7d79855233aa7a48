"""All lists of the settings: loaded, updated from files, published, and what crashes leave."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from sinkhole.errors import ListError, StorageError
from sinkhole.filter.key import query_key
from sinkhole.filter.trie import CompiledList
from sinkhole.lists import local
from sinkhole.lists.library import OWN_RULES, Library
from sinkhole.lists.steps import Phase, Step
from sinkhole.lists.store import Store
from sinkhole.settings.filtering import FilteringSettings, ListSettings

PATIENCE_S = 30


class Shelf:
    """A data folder, two list files and a clock; remembers what was published."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 1_000_000.0
        self.published: list[list[str]] = []
        self.news = asyncio.Event()
        self.ads = folder / "ads.txt"
        self.good = folder / "good.txt"
        self.ads.write_text("||ads.example^\n||more.example^\n")
        self.good.write_text("shop.example\n")

    @property
    def lists(self) -> Path:
        return self.folder / "data" / "lists"

    def settings(self, **changes: object) -> FilteringSettings:
        lists = (
            ListSettings(name="Ads", url=f"file:{self.ads}"),
            ListSettings(name="Good", url=f"file:{self.good}", kind="allow"),
        )
        return FilteringSettings(**{"lists": lists} | changes)

    def library(self, settings: FilteringSettings | None = None) -> Library:
        return Library(
            settings or self.settings(),
            self.folder / "data",
            on_change=self._heard,
            now=lambda: self.now,
            poll_s=0.01,
        )

    def _heard(self, lists: Sequence[CompiledList]) -> None:
        self.published.append([f"{found.name}:{found.names}" for found in lists])
        self.news.set()

    async def next_news(self) -> list[str]:
        await asyncio.wait_for(self.news.wait(), PATIENCE_S)
        self.news.clear()
        return self.published[-1]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until `condition` holds."""

    async def look() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(look(), PATIENCE_S)


async def running(library: Library, what: Awaitable[None]) -> None:
    """Do `what` while the library runs by itself."""
    work = asyncio.create_task(library.run())
    try:
        await what
        assert not work.done()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def statuses(library: Library) -> dict[str, str]:
    return {found["name"]: found["state"] for found in library.status()}


def test_before_the_first_update_lists_are_missing_and_nothing_is_written(shelf: Shelf) -> None:
    library = shelf.library()
    library.load_now()
    assert statuses(library) == {"Ads": "missing", "Good": "missing"}
    assert shelf.published == [[]]
    assert not shelf.lists.exists()


async def test_an_update_compiles_and_publishes_in_the_order_of_the_settings(shelf: Shelf) -> None:
    library = shelf.library(shelf.settings(rules=("||own.example^",)))
    library.load_now()
    assert shelf.published == [[f"{OWN_RULES}:1"]]
    assert await library.update() == 2
    assert shelf.published[-1] == [f"{OWN_RULES}:1", "Ads:2", "Good:1"]
    assert [found.kind for found in library.lists] == ["block", "block", "allow"]
    assert library.lists[1].rule_text(2) == "||more.example^"
    ads = library.status()[0]
    assert ads == {
        "name": "Ads",
        "kind": "block",
        "url": f"file:{shelf.ads}",
        "enabled": True,
        "names": 2,
        "rules": 2,
        "refused": 0,
        "checked": shelf.now,
        "changed": shelf.now,
        "error": None,
        "state": "ready",
    }


async def test_the_next_start_maps_what_is_compiled(shelf: Shelf) -> None:
    await shelf.library().update()
    shelf.ads.unlink()
    library = shelf.library()
    await library.load()
    assert shelf.published[-1] == ["Ads:2", "Good:1"]
    assert library.lists[0].rule_text(1) == "||ads.example^"
    assert statuses(library) == {"Ads": "ready", "Good": "ready"}


async def test_unchanged_content_is_not_compiled_again(shelf: Shelf) -> None:
    library = shelf.library()
    await library.update()
    before, first = shelf.published.copy(), library.lists
    shelf.now += 100
    assert await library.update() == 0  # the same file
    shelf.ads.write_text(shelf.ads.read_text())
    assert await library.update(force=True) == 0  # the same content, written again
    assert shelf.published == before
    assert library.lists == first
    assert library.status()[0]["checked"] == shelf.now
    assert library.status()[0]["changed"] == shelf.now - 100


async def test_changed_content_replaces_the_list_and_leaves_no_old_files(shelf: Shelf) -> None:
    library = shelf.library()
    await library.update()
    files = len(list(shelf.lists.iterdir()))
    old = library.lists[0]
    shelf.ads.write_text("||ads.example^\n||more.example^\n||third.example^\n")
    assert await library.update(["Ads"]) == 1
    assert shelf.published[-1] == ["Ads:3", "Good:1"]
    assert len(list(shelf.lists.iterdir())) == files
    key = query_key(b"\3ads\7example\0")
    assert old.find(key)  # still whole for whoever is looking into it
    assert old.find(key) == library.lists[0].find(key)


async def test_a_failed_list_keeps_its_last_good_copy_and_says_why(shelf: Shelf) -> None:
    library = shelf.library()
    await library.update()
    shelf.ads.write_text("<html>Sign in</html>")
    shelf.good.unlink()
    assert await library.update() == 0
    ads, good = library.status()
    assert (ads["state"], ads["names"]) == ("ready", 2)
    assert "web page" in (ads["error"] or "")
    assert "No such file" in (good["error"] or "")
    again = shelf.library()
    again.load_now()
    assert again.status() == library.status()


async def test_text_without_a_single_rule_is_refused(shelf: Shelf) -> None:
    shelf.ads.write_text("Service temporarily unavailable, please try again later!\n")
    library = shelf.library()
    await library.update()
    ads = library.status()[0]
    assert ads["state"] == "failed"
    assert "none of its lines is a rule, such as line 1" in (ads["error"] or "")
    shelf.ads.write_text("# nothing yet\n")
    await library.update()
    assert library.status()[0]["state"] == "ready"


async def test_a_shrunk_list_needs_consent(shelf: Shelf) -> None:
    shelf.ads.write_text("".join(f"||ads{n}.example^\n" for n in range(1000)))
    library = shelf.library()
    await library.update()
    shelf.ads.write_text("||ads1.example^\n")
    assert await library.update() == 0
    assert "shrunk from" in (library.status()[0]["error"] or "")
    assert library.status()[0]["names"] == 1000
    assert await library.update(force=True) == 1
    assert library.status()[0]["names"] == 1
    assert library.status()[0]["error"] is None


async def test_a_disabled_list_is_neither_loaded_nor_updated(shelf: Shelf) -> None:
    await shelf.library().update()
    off = ListSettings(name="Ads", url=f"file:{shelf.ads}", enabled=False)
    library = shelf.library(shelf.settings(lists=(off,)))
    library.load_now()
    assert await library.update() == 0
    assert library.lists == ()
    assert library.status()[0]["state"] == "disabled"
    with pytest.raises(ListError, match="not an enabled list"):
        await library.update(["Ads"])


async def test_of_two_lists_with_one_source_the_second_is_pointed_out(shelf: Shelf) -> None:
    twice = tuple(ListSettings(name=name, url=f"file:{shelf.ads}") for name in ("One", "Two"))
    library = shelf.library(shelf.settings(lists=twice))
    assert await library.update() == 1
    assert statuses(library) == {"One": "ready", "Two": "failed"}
    assert "list 'One'" in (library.status()[1]["error"] or "")


def test_own_rules_that_are_no_rules_are_pointed_out(shelf: Shelf) -> None:
    library = shelf.library(shelf.settings(rules=("||own.example^", "||x.example^$nonsense")))
    library.load_now()
    assert library.lists[0].rules == 1
    (problem,) = library.problems
    assert "||x.example^$nonsense" in problem
    assert problem.startswith("filtering.rules")


async def test_every_step_is_told(shelf: Shelf) -> None:
    steps: list[Step] = []
    shelf.good.unlink()
    await shelf.library().update(progress=steps.append)
    assert [step.phase for step in steps if step.list_name == "Ads"] == [
        Phase.FETCH,
        Phase.COMPILE,
        Phase.CHANGED,
    ]
    assert [step.phase for step in steps if step.list_name == "Good"] == [
        Phase.FETCH,
        Phase.FAILED,
    ]


async def test_a_damaged_trie_is_compiled_again_from_the_copy(shelf: Shelf) -> None:
    await shelf.library().update()
    shelf.ads.unlink()  # the source is gone, as a server is without network
    (trie,) = shelf.lists.glob("ads-*.trie")
    trie.write_bytes(trie.read_bytes()[:-20])
    library = shelf.library()
    library.load_now()
    assert shelf.published[-1] == ["Good:1"]
    assert await library.update() == 1
    assert shelf.published[-1] == ["Ads:2", "Good:1"]
    assert statuses(library)["Ads"] == "ready"


@pytest.mark.parametrize("lost", ["*.trie", "*.txt", "*.json", "*"])
async def test_lost_files_heal_with_the_next_update(shelf: Shelf, lost: str) -> None:
    await shelf.library().update()
    for path in shelf.lists.glob(lost):
        path.unlink()
    library = shelf.library()
    library.load_now()
    await library.update()
    await library.update(force=True)
    assert shelf.published[-1] == ["Ads:2", "Good:1"]


async def test_killed_at_any_point_of_an_update_the_next_start_has_old_or_new(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every state of the folder during an update is a folder that a start can use."""
    await shelf.library().update()
    shelf.ads.write_text("||one.example^\n||two.example^\n||three.example^\n")
    snapshots: list[Path] = []

    def snapshot() -> None:
        copy = shelf.folder / f"crash{len(snapshots)}"
        shutil.copytree(shelf.lists, copy / "data" / "lists")
        snapshots.append(copy)

    for name in ("part", "keep", "write", "discard", "sweep"):
        original = getattr(Store, name)

        def around(
            *args: object, original: Callable[..., object] = original, **kwargs: object
        ) -> object:
            snapshot()
            result = original(*args, **kwargs)
            snapshot()
            return result

        monkeypatch.setattr(Store, name, around)
    await shelf.library().update(["Ads"])
    monkeypatch.undo()
    found = []
    for copy in snapshots:
        published: list[int] = []
        library = Library(
            shelf.settings(),
            copy / "data",
            on_change=lambda lists, published=published: published.extend(
                [lists[0].names, len(lists[0].rule_text(2))]
            ),
        )
        library.load_now()
        found.append(tuple(published))
        assert await library.update() in (0, 1)
        assert library.status()[0]["names"] == 3
        assert len(list((copy / "data" / "lists").iterdir())) == 7  # two lists and the lock
    old, new = (2, len("||more.example^")), (3, len("||two.example^"))
    assert set(found) == {old, new}
    assert found == sorted(found)  # and never back again


UPDATE = """
import asyncio, sys
from pathlib import Path
from sinkhole.lists.library import Library
from sinkhole.settings.filtering import FilteringSettings, ListSettings

folder = Path(sys.argv[1])
lists = (ListSettings(name="Ads", url=f"file:{folder / 'ads.txt'}"),)
library = Library(FilteringSettings(lists=lists), folder / "data")
library.load_now()
asyncio.run(library.update(progress=lambda step: print(step.phase.name, flush=True)))
"""


@pytest.mark.parametrize("phase", ["FETCH", "COMPILE", "CHANGED"])
async def test_a_process_killed_during_an_update_leaves_a_list_that_can_be_used(
    shelf: Shelf, phase: str
) -> None:
    await shelf.library().update()
    shelf.ads.write_text("".join(f"||ads{n}.example^\n" for n in range(20_000)))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", UPDATE, str(shelf.folder), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    while (line := await process.stdout.readline()) and line.strip() != phase.encode():
        pass
    process.kill()
    await process.communicate()
    assert line.strip() == phase.encode()
    library = shelf.library()
    library.load_now()
    names = library.status()[0]["names"]
    assert names in ((20_000,) if phase == "CHANGED" else (2, 20_000))
    assert library.lists[0].rule_text(1) in ("||ads.example^", "||ads0.example^")
    await library.update()
    assert library.status()[0]["names"] == 20_000
    assert library.status()[0]["error"] is None


async def test_left_to_itself_it_fetches_what_is_missing(shelf: Shelf) -> None:
    library = shelf.library()
    library.load_now()
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
        shelf.now += 31
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


async def test_it_takes_over_what_another_process_has_updated(shelf: Shelf) -> None:
    settings = shelf.settings(update_interval="0s")
    library = shelf.library(settings)
    await library.update()

    async def update_elsewhere() -> None:
        data = shelf.folder / "ads2.txt"
        data.write_text("||a.example^\n||b.example^\n||c.example^\n")
        shelf.news.clear()
        other = Library(settings, shelf.folder / "data")
        other.load_now()
        data.replace(shelf.ads)
        await other.update()
        assert await shelf.next_news() == ["Ads:3", "Good:1"]

    await running(library, update_elsewhere())


async def test_two_updates_at_once_run_one_after_the_other(shelf: Shelf) -> None:
    library = shelf.library()
    changes = await asyncio.gather(library.update(), library.update())
    assert sorted(changes) == [0, 2]


async def test_while_another_process_updates_the_reason_is_shown_and_it_goes_on(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store.locked.__wrapped__, "__defaults__", (0.0,))
    library = shelf.library()

    held = Store(shelf.lists).locked(0)
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


async def test_a_folder_that_cannot_be_used_is_shown_and_stops_nothing(shelf: Shelf) -> None:
    (shelf.folder / "data").write_text("a file where a folder should be")
    library = shelf.library(shelf.settings(rules=("||own.example^",)))
    library.load_now()
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
    async with Store(shelf.lists).locked(0):
        pass
    assert await library.update() == 2
