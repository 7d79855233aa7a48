"""A list whose status can't be read goes on with what is on the disk."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from shelf import Shelf, statuses

from sinkhole.control.lists.library import Library
from sinkhole.control.lists.status import ListStatus

CANARY = "captive.apple.com"


def rules(count: int, *more: str) -> str:
    return "".join(f"||ads{number}.example^\n" for number in range(count)) + "\n".join(more)


async def updated(shelf: Shelf, *texts: str) -> Library:
    """A library that has taken these versions of "Ads", one after the other."""
    library = shelf.library()
    for text in texts:
        shelf.ads.write_text(text)
        shelf.now += 100
        await library.update(["Ads"])
    return library


def status_file(shelf: Shelf) -> Path:
    (path,) = shelf.lists.glob("ads-*.json")
    return path


def put_in_order(shelf: Shelf) -> None:
    """Give the files of the folder the times they would have if updates were days apart."""
    for at, path in enumerate(sorted(shelf.lists.iterdir(), key=lambda each: each.stat().st_ctime)):
        os.utime(path, (at, at))


def damage(path: Path, how: str) -> None:
    """Make a status file unreadable, in one of several ways."""
    if how == "newer":
        path.write_text('{"format": 3, "versions": []}')
    elif how == "device":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(path.read_bytes()[:-9])


def started(shelf: Shelf) -> tuple[Library, ListStatus]:
    """The library after a restart, with its source gone, as without a network."""
    shelf.ads.unlink(missing_ok=True)
    library = shelf.library()
    library.load_now()
    return library, library.status()[0]


@pytest.mark.parametrize("how", ["damaged", "newer", "device"])
async def test_the_list_blocks_on_and_says_what_is_wrong(shelf: Shelf, how: str) -> None:
    await updated(shelf, rules(5))
    path = status_file(shelf)
    damage(path, how)
    library, status = started(shelf)
    assert (status["state"], status["names"]) == ("ready", 5)
    assert (status["error"] or "").startswith(f"its status, {path}, ")
    assert library.lists[0].rule_text(1) == "||ads0.example^"
    await library.update()  # fails, as the source is gone
    assert "No such file" in (library.status()[0]["error"] or "")
    assert started(shelf)[1]["names"] == 5, "what fails deletes nothing"


@pytest.mark.parametrize("how", ["damaged", "newer", "device"])
async def test_the_next_update_that_succeeds_makes_it_whole(shelf: Shelf, how: str) -> None:
    await updated(shelf, rules(5))
    put_in_order(shelf)
    path = status_file(shelf)
    damage(path, how)
    library, _ = started(shelf)
    shelf.ads.write_text(rules(6))
    assert await library.update(["Ads"]) == 1
    assert library.status()[0]["error"] is None
    assert path.with_name(f"{path.name}.aside").exists()
    library, status = started(shelf)
    assert (status["names"], status["versions"], status["error"]) == (6, 2, None)
    await library.roll_back("Ads")
    assert library.status()[0]["names"] == 5


async def test_a_status_from_a_newer_version_is_used_as_far_as_it_is_understood(
    shelf: Shelf,
) -> None:
    await updated(shelf, rules(300), rules(310), rules(10))
    path = status_file(shelf)
    values = json.loads(path.read_text()) | {"format": 3, "signature": "new"}
    path.write_text(text := json.dumps(values))
    library, status = started(shelf)
    assert (status["names"], status["versions"]) == (310, 3)
    assert status["quarantine"] is not None
    assert "comes from a newer sinkhole" in (status["error"] or "")
    assert path.read_text() == text, "looking changes nothing"
    await library.accept("Ads")
    assert (library.status()[0]["names"], library.status()[0]["error"]) == (10, None)
    assert path.with_name(f"{path.name}.aside").read_text() == text


async def test_compiled_files_of_another_version_are_compiled_again(shelf: Shelf) -> None:
    """Both at once: that is what a downgrade over two changed formats finds."""
    await updated(shelf, rules(5), rules(6))
    damage(status_file(shelf), "newer")
    (trie,) = shelf.lists.glob("ads-*.trie")
    trie.write_bytes(b"a layout to come")
    library, status = started(shelf)
    assert status["names"] == 0
    await library.update()
    assert library.status()[0]["names"] == 6
    await library.roll_back("Ads")
    assert library.status()[0]["names"] == 5, "the packed version was found as well"


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        ((rules(1000), rules(10)), 1000),
        ((rules(10), rules(10, f"||{CANARY}^")), 10),
        ((rules(10, f"||{CANARY}^"),), 0),
    ],
    ids=["shrunk", "canary", "first"],
)
async def test_what_was_held_back_is_held_back_still(
    shelf: Shelf, texts: tuple[str, ...], names: int
) -> None:
    await updated(shelf, *texts)
    put_in_order(shelf)
    damage(status_file(shelf), "damaged")
    library, status = started(shelf)
    assert status["names"] == names
    assert status["quarantine"] is not None
    await library.accept("Ads")
    assert library.status()[0]["names"] == texts[-1].count("||")


async def test_a_copy_that_must_be_compiled_first_is_judged_too(shelf: Shelf) -> None:
    await updated(shelf, rules(3, f"||{CANARY}^"))
    damage(status_file(shelf), "damaged")
    for trie in shelf.lists.glob("*.trie"):
        trie.unlink()
    library, _ = started(shelf)
    await library.update()
    assert (library.status()[0]["names"], statuses(library)["Ads"]) == (0, "quarantined")
    await library.accept("Ads")
    assert library.status()[0]["names"] == 4


async def test_a_status_that_becomes_unreadable_changes_nothing_for_a_running_server(
    shelf: Shelf,
) -> None:
    library = await updated(shelf, rules(300), rules(310))
    damage(path := status_file(shelf), "newer")
    await library.update([])
    status = library.status()[0]
    assert (status["names"], status["versions"]) == (310, 2)
    assert "comes from a newer sinkhole" in (status["error"] or "")
    await library.roll_back("Ads")
    assert (library.status()[0]["names"], library.status()[0]["error"]) == (300, None)
    assert path.with_name(f"{path.name}.aside").exists()


async def test_a_status_that_can_be_read_again_is_no_trouble_any_more(shelf: Shelf) -> None:
    library = await updated(shelf, rules(5))
    text = (path := status_file(shelf)).read_bytes()
    damage(path, "damaged")
    await library.update([])
    assert "is damaged" in (library.status()[0]["error"] or "")
    path.write_bytes(text)
    await library.update([])
    assert library.status()[0]["error"] is None


async def test_nothing_usable_on_the_disk_is_fetched_anew(shelf: Shelf) -> None:
    await updated(shelf, rules(5))
    damage(status_file(shelf), "damaged")
    for path in shelf.lists.glob("ads-*.t*"):
        path.write_bytes(b"")
    shelf.library().load_now()
    library = shelf.library()
    await library.update()
    assert (library.status()[0]["names"], library.status()[0]["error"]) == (5, None)
