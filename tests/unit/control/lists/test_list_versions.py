"""Versions of a list: held back, accepted, kept, brought back, compared."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from shelf import Shelf

from sinkhole.control.lists.library import Library
from sinkhole.control.lists.status import ListStatus
from sinkhole.control.lists.store import ListStore
from sinkhole.control.lists.workplace import Workplace
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError, SinkholeError, StorageError

CANARY = "captive.apple.com"


def rules(count: int, *more: str) -> str:
    return "".join(f"||ads{number}.example^\n" for number in range(count)) + "\n".join(more)


async def look(shelf: Shelf, library: Library, text: str) -> ListStatus:
    """Write the source anew and update; the status of the list."""
    shelf.ads.write_text(text)
    shelf.now += 100
    await library.update(["Ads"])
    return library.status()[0]


# Held back


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (rules(50), "shrunk from 1000 to 50"),
        (rules(3001), "grown from 1000 to 3001"),
        (rules(1000, f"||{CANARY}^"), f"would block {CANARY}"),
    ],
    ids=["shrunk", "grown", "canary"],
)
async def test_a_suspect_version_is_held_back_until_it_is_accepted(
    shelf: Shelf, text: str, reason: str
) -> None:
    library = shelf.library()
    await look(shelf, library, rules(1000))
    before = library.lists
    status = await look(shelf, library, text)
    assert library.lists == before
    assert (status["state"], status["names"], status["error"]) == ("ready", 1000, None)
    assert status["quarantine"] is not None
    assert reason in status["quarantine"]["reason"]
    assert status["quarantine"]["names"] == text.count("||")
    again = shelf.library()
    again.load_now()
    assert again.status() == library.status()  # a restart changes nothing
    await library.accept("Ads")
    status = library.status()[0]
    assert (status["names"], status["quarantine"]) == (text.count("||"), None)
    assert shelf.published[-1][0] == f"Ads:{text.count('||')}"


async def test_another_process_finds_what_was_just_compiled(shelf: Shelf) -> None:
    library = shelf.library()
    await look(shelf, library, rules(3))
    for number in (4, 5):
        await look(shelf, library, rules(number))
        [found] = library.lists
        assert found.origin is not None
        assert CompiledList.again(found.origin).names == number
    await library.roll_back("Ads")
    [found] = library.lists
    assert found.origin is not None
    assert CompiledList.again(found.origin).names == 4


async def test_a_first_version_that_blocks_a_canary_is_not_used_at_all(shelf: Shelf) -> None:
    library = shelf.library()
    status = await look(shelf, library, rules(5, f"||{CANARY}^"))
    assert (status["state"], status["names"]) == ("quarantined", 0)
    assert not library.lists
    again = shelf.library()
    again.load_now()
    assert not again.lists
    await again.accept("Ads")
    assert again.status()[0]["state"] == "ready"


async def test_what_is_held_back_is_neither_compiled_nor_fetched_again(shelf: Shelf) -> None:
    library = shelf.library()
    await look(shelf, library, rules(1000))
    await look(shelf, library, rules(1))
    files = sorted(path.name for path in shelf.lists.iterdir())
    shelf.now += 100
    assert await library.update(["Ads"]) == 0
    shelf.ads.touch()
    assert await library.update(["Ads"]) == 0
    assert sorted(path.name for path in shelf.lists.iterdir()) == files
    assert library.status()[0]["quarantine"] is not None


@pytest.mark.parametrize("count", [1000, 999], ids=["the-old-one", "a-new-one"])
async def test_a_good_version_ends_the_quarantine(shelf: Shelf, count: int) -> None:
    library = shelf.library()
    await look(shelf, library, rules(1000))
    await look(shelf, library, rules(1))
    status = await look(shelf, library, rules(count))
    assert (status["quarantine"], status["names"]) == (None, count)
    assert len(list(shelf.lists.glob("ads-*.trie"))) == 1


async def test_force_accepts_what_would_be_held_back(shelf: Shelf) -> None:
    library = shelf.library()
    await look(shelf, library, rules(1000))
    shelf.ads.write_text(rules(1, f"||{CANARY}^"))
    assert await library.update(["Ads"], force=True) == 1
    assert library.status()[0]["names"] == 2
    status = await look(shelf, library, rules(2, f"||{CANARY}^"))
    assert status["quarantine"] is None, "the canary was accepted with it"


async def test_an_accepted_canary_stays_accepted_and_another_one_does_not(shelf: Shelf) -> None:
    library = shelf.library()
    await look(shelf, library, rules(9, f"||{CANARY}^"))
    await library.accept("Ads")
    status = await look(shelf, library, rules(10, f"||{CANARY}^"))
    assert (status["names"], status["quarantine"]) == (11, None)
    status = await look(shelf, library, rules(10, f"||{CANARY}^", "||time.apple.com^"))
    assert status["quarantine"] is not None


async def test_where_lists_come_from_and_what_the_caller_names_are_canaries(shelf: Shelf) -> None:
    library = shelf.library(essential_names=["dns.example.net"])
    status = await look(shelf, library, rules(1, "||example.net^"))
    assert "dns.example.net" in (status["quarantine"] or {"reason": ""})["reason"]


async def test_the_settings_say_what_is_too_much_and_name_more_canaries(shelf: Shelf) -> None:
    guard = {"factor": 20, "canaries": ["nas.example.org"]}
    library = shelf.library(shelf.settings(guard=guard))
    await look(shelf, library, rules(1000))
    status = await look(shelf, library, rules(51))
    assert (status["names"], status["quarantine"]) == (51, None)
    status = await look(shelf, library, rules(51, "||example.org^"))
    assert "nas.example.org" in (status["quarantine"] or {"reason": ""})["reason"]


async def test_nothing_held_back_is_nothing_to_accept(shelf: Shelf) -> None:
    library = shelf.library()
    await library.update()
    with pytest.raises(ListError, match="nothing is held back"):
        await library.accept("Ads")
    with pytest.raises(ListError, match="not an enabled list"):
        await library.accept("Nobody")


async def test_a_held_back_version_whose_trie_is_lost_is_compiled_when_accepted(
    shelf: Shelf,
) -> None:
    library = shelf.library()
    await look(shelf, library, rules(1000))
    old = set(shelf.lists.glob("*.trie"))
    await look(shelf, library, rules(1))
    for path in set(shelf.lists.glob("*.trie")) - old:
        path.unlink()
    await library.accept("Ads")
    assert library.status()[0]["names"] == 1


# Kept


async def test_the_last_three_versions_are_kept(shelf: Shelf) -> None:
    library = shelf.library()
    for count in (300, 310, 320, 330):
        status = await look(shelf, library, rules(count))
    assert status["versions"] == 3
    assert len(list(shelf.lists.glob("ads-*.txt"))) == 1
    assert len(list(shelf.lists.glob("ads-*.txt.gz"))) == 2
    assert status["disk_bytes"] == sum(
        path.stat().st_size for path in shelf.lists.glob("ads-*") if path.suffix != ".json"
    )


async def test_a_rollback_lasts_until_the_source_says_something_new(shelf: Shelf) -> None:
    library = shelf.library()
    for count in (300, 310, 320):
        await look(shelf, library, rules(count))
    await library.roll_back("Ads")
    status = library.status()[0]
    assert status["names"] == 310
    assert status["quarantine"] is not None and "rolled back" in status["quarantine"]["reason"]
    assert shelf.published[-1][0] == "Ads:310"
    status = await look(shelf, library, rules(320))
    assert status["names"] == 310, "the source only repeats what was left"
    again = shelf.library()
    again.load_now()
    assert again.status()[0]["names"] == 310
    status = await look(shelf, library, rules(330))
    assert (status["names"], status["quarantine"]) == (330, None)


async def test_a_rollback_is_undone_by_accepting(shelf: Shelf) -> None:
    library = shelf.library()
    for count in (300, 310, 320):
        await look(shelf, library, rules(count))
    await library.roll_back("Ads")
    await library.accept("Ads")
    assert library.status()[0]["names"] == 320
    await library.roll_back("Ads")
    assert library.status()[0]["names"] == 310
    await library.roll_back("Ads")
    assert library.status()[0]["names"] == 300
    with pytest.raises(ListError, match="no older version"):
        await library.roll_back("Ads")
    await library.accept("Ads")
    assert library.status()[0]["names"] == 320


async def test_a_packed_copy_that_is_damaged_is_told_and_changes_nothing(shelf: Shelf) -> None:
    library = shelf.library()
    for count in (300, 310):
        await look(shelf, library, rules(count))
    (packed,) = shelf.lists.glob("*.txt.gz")
    packed.write_bytes(packed.read_bytes()[:-9])
    before = library.status()
    with pytest.raises(StorageError, match="can't be unpacked"):
        await library.roll_back("Ads")
    assert library.status() == before


async def test_another_process_feels_what_was_chosen(shelf: Shelf) -> None:
    server = shelf.library()
    for count in (300, 310):
        await look(shelf, server, rules(count))
    command = shelf.library()
    await command.load()
    await command.roll_back("Ads")
    await server.update([])
    assert server.status()[0]["names"] == 300
    assert server.status()[0]["quarantine"] == command.status()[0]["quarantine"]


@pytest.mark.parametrize("choice", ["accept", "roll_back"])
async def test_killed_while_choosing_the_next_start_has_old_or_new(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    """Every state of the folder on the way is one that a start can use."""
    library = shelf.library()
    for count in (900, 1000):
        await look(shelf, library, rules(count))
    await look(shelf, library, rules(100))
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
    await getattr(library, choice)("Ads")
    monkeypatch.undo()
    new = 100 if choice == "accept" else 900
    found = []
    for copy in snapshots:
        started = Library(shelf.settings(), copy / "data")
        started.load_now()
        found.append(started.status()[0]["names"])
        (text,) = {each.rule_text(1) for each in started.lists if each.name == "Ads"}
        assert text == "||ads0.example^"
    assert set(found) == {1000, new}
    assert found == sorted(found, key=lambda names: names == new)  # and never back again


# Compared


async def test_a_diff_tells_what_came_and_what_went(shelf: Shelf) -> None:
    library = shelf.library()
    await look(shelf, library, "||stays.example^\n||goes.example^\n")
    with pytest.raises(ListError, match="no older version"):
        await library.diff("Ads")
    await look(shelf, library, "||stays.example^\n||comes.example^\nname.example\n")
    told = await library.diff("Ads")
    assert (told["added"], told["removed"], told["new_is"]) == (2, 1, "in use")
    assert told["added_samples"] == ["name.example", "||comes.example^"]
    assert told["removed_samples"] == ["||goes.example^"]
    assert (told["old"]["names"], told["new"]["names"]) == (2, 3)


async def test_a_diff_shows_what_is_held_back_before_it_is_accepted(shelf: Shelf) -> None:
    library = shelf.library()
    await look(shelf, library, rules(1000))
    await look(shelf, library, rules(100, "||new.example^"))
    files = sorted(path.name for path in shelf.lists.iterdir())
    told = await library.diff("Ads")
    assert (told["added"], told["removed"], told["new_is"]) == (1, 900, "held back")
    assert len(told["removed_samples"]) == 20
    assert sorted(path.name for path in shelf.lists.iterdir()) == files


async def test_a_list_without_a_version_in_use_has_no_diff(shelf: Shelf) -> None:
    with pytest.raises(SinkholeError, match="no version is in use"):
        await shelf.library().diff("Ads")
