"""All lists of the settings: loaded, updated from files, published, and what crashes leave."""

import asyncio
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from shelf import Shelf, statuses

from sinkhole.control.lists.library import Library
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.control.lists.progress import Phase, Step
from sinkhole.control.lists.store import ListStore
from sinkhole.control.lists.workplace import Workplace
from sinkhole.control.settings import ListSettings
from sinkhole.dns.filter.compiled.key import query_key
from sinkhole.model.errors import ListError


async def test_before_the_first_update_lists_are_missing_and_nothing_is_written(
    shelf: Shelf,
) -> None:
    library = shelf.library()
    await library.load()
    assert statuses(library) == {"Ads": "missing", "Good": "missing"}
    assert shelf.published == [[]]
    assert not shelf.lists.exists()


async def test_an_update_compiles_and_publishes_in_the_order_of_the_settings(shelf: Shelf) -> None:
    library = shelf.library(shelf.settings(rules=("||own.example^",)))
    await library.load()
    assert shelf.published == [[f"{OWN_RULES}:1"]]
    assert await library.update() == 2
    assert shelf.published[-1] == [f"{OWN_RULES}:1", "Ads:2", "Good:1"]
    assert [found.kind for found in library.lists] == ["block", "block", "allow"]
    assert library.lists[1].rule_text(2) == "||more.example^"
    ads: dict[str, object] = dict(library.status()[0])
    assert ads.pop("fetch_s") and ads.pop("compile_s")  # whatever it took
    assert ads.pop("disk_bytes") == sum(
        path.stat().st_size for path in shelf.lists.glob("ads-*.t*")
    )
    assert ads == {
        "name": "Ads",
        "kind": "block",
        "url": f"file:{shelf.ads}",
        "enabled": True,
        "added": False,
        "names": 2,
        "rules": 2,
        "unique": None,
        "refused": 0,
        "refused_reasons": {},
        "refused_samples": [],
        "size_bytes": shelf.ads.stat().st_size,
        "versions": 1,
        "checked": shelf.now,
        "changed": shelf.now,
        "taken_from": "",
        "error": None,
        "quarantine": None,
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


async def test_changed_content_replaces_the_list_and_keeps_the_old_copy_packed(
    shelf: Shelf,
) -> None:
    library = shelf.library()
    await library.update()
    files = len(list(shelf.lists.iterdir()))
    old = library.lists[0]
    shelf.ads.write_text("||ads.example^\n||more.example^\n||third.example^\n")
    assert await library.update(["Ads"]) == 1
    assert shelf.published[-1] == ["Ads:3", "Good:1"]
    assert len(list(shelf.lists.iterdir())) == files + 1
    assert len(list(shelf.lists.glob("ads-*.txt.gz"))) == 1
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


async def test_a_file_of_this_machine_may_be_emptied_of_its_rules(shelf: Shelf) -> None:
    library = shelf.library()
    await library.update()
    shelf.ads.write_text("# nothing any more\n")
    await library.update()
    ads = library.status()[0]
    assert (ads["state"], ads["names"], ads["error"]) == ("ready", 0, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("! Title: Ads\nexample.org##.banner\n##.ad\n", "2 are ignored, mostly: hides or changes"),
        ("||example.org^$third-party\n/banner.js\n&ad=1\n", "mostly: acts on web addresses"),
        ("127.0.0.1 localhost\n::1 ip6-localhost\n", "mostly: a name of the machine itself"),
    ],
)
async def test_a_list_that_is_not_about_names_is_told(shelf: Shelf, text: str, reason: str) -> None:
    shelf.ads.write_text(text)
    library = shelf.library()
    await library.update()
    ads = library.status()[0]
    assert ads["state"] == "failed"
    assert "none of its lines is a rule for DNS" in (ads["error"] or "")
    assert reason in (ads["error"] or "")
    shelf.ads.write_text(text + "||ads.example^\n")
    await library.update()
    ads = library.status()[0]
    assert (ads["state"], ads["rules"], ads["error"]) == ("ready", 1, None)


async def test_a_list_that_is_no_longer_about_names_stays_as_it_was(shelf: Shelf) -> None:
    library = shelf.library()
    await library.update()
    shelf.ads.write_text("example.org##.banner\n")
    await library.update()
    ads = library.status()[0]
    assert (ads["state"], ads["names"]) == ("ready", 2)
    assert "none of its lines is a rule for DNS" in (ads["error"] or "")


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
    assert problem.startswith("filtering.rules[1]: ")


def test_of_very_many_own_rules_that_are_none_the_rest_is_counted(shelf: Shelf) -> None:
    library = shelf.library(shelf.settings(rules=[f"||x{i}.example^$no{i}" for i in range(150)]))
    library.load_now()
    assert len(library.problems) < 110
    assert library.problems[-1] == "filtering.rules: 50 more are not in use"


async def test_other_settings_are_taken_over_in_one_go(shelf: Shelf) -> None:
    library = shelf.library(shelf.settings(rules=("||own.example^",)))
    await library.update()
    before = len(shelf.published)
    lists = shelf.settings().lists
    await library.apply(shelf.settings(lists=lists[:1], rules=("||new.example^", "||x^$odd")))
    assert shelf.published[before:] == [[f"{OWN_RULES}:1", "Ads:2"]]
    assert "||x^$odd" in library.problems[0]
    await library.apply(shelf.settings(lists=lists))
    assert shelf.published[-1] == ["Ads:2", "Good:1"], "what was fetched before is mapped"
    assert library.problems == []


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
    await library.load()
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

    steps = [(ListStore, "keep"), (ListStore, "write"), (ListStore, "sweep")]

    steps += [(Workplace, "make"), (Workplace, "part"), (Workplace, "remove")]
    for owner, name in steps:
        original = getattr(owner, name)

        def around(
            *args: object, original: Callable[..., object] = original, **kwargs: object
        ) -> object:
            snapshot()
            result = original(*args, **kwargs)
            snapshot()
            return result

        monkeypatch.setattr(owner, name, around)
    await shelf.library().update(["Ads"])
    monkeypatch.undo()
    found = []
    for copy in snapshots:
        library = Library(shelf.settings(), copy / "data")
        library.load_now()
        found.append((library.lists[0].names, len(library.lists[0].rule_text(2))))
        assert await library.update() in (0, 1)
        assert library.status()[0]["names"] == 3
        kept = list((copy / "data" / "lists").iterdir())
        assert len(kept) == 9, "two lists, a packed copy, two locks"
    old, new = (2, len("||more.example^")), (3, len("||two.example^"))
    assert set(found) == {old, new}
    assert found == sorted(found)  # and never back again


UPDATE = """
import asyncio, sys
from pathlib import Path
from sinkhole.control.lists.library import Library
from sinkhole.control.settings import FilteringSettings, ListSettings

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
