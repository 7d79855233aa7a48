"""One list while sinkhole runs: when its source is to be looked at."""

from dataclasses import replace
from pathlib import Path

import pytest

from sinkhole.control.lists.item import Item
from sinkhole.control.lists.state import State, Version
from sinkhole.control.settings.filtering import ListSettings

DAY = 86_400.0
NOW = 1_000_000.0
REMOTE = ListSettings(name="Ads", url="https://example.org/ads.txt")
KNOWN = State(REMOTE.url, "block", used=Version("d", "a.txt", "a.trie"), checked=NOW)


def remembering(state: State) -> Item:
    item = Item(REMOTE)
    item.remember(state)
    return item


def test_a_list_nobody_has_fetched_is_due() -> None:
    assert Item(REMOTE).is_due(NOW, DAY)


def test_after_a_start_a_failed_list_without_a_copy_is_due_at_once() -> None:
    item = remembering(replace(KNOWN, used=None, error="no network"))
    assert item.is_due(NOW, DAY)


def test_after_a_start_a_failed_list_with_a_copy_is_due_soon() -> None:
    item = remembering(replace(KNOWN, error="no network"))
    assert not item.is_due(NOW + 56, DAY)
    assert item.is_due(NOW + 64, DAY)


def test_a_copy_that_is_not_mapped_is_due() -> None:
    assert remembering(KNOWN).is_due(NOW, DAY)


def test_a_local_file_is_due_when_it_differs_from_what_was_tried(tmp_path: Path) -> None:
    path = tmp_path / "ads.txt"
    path.write_text("ads.example\n")
    wanted = ListSettings(name="Ads", url=f"file:{path}")
    item = Item(wanted)
    item.state = replace(item.state, checked=NOW)
    item.failures = 1  # tried a moment ago, when it was not there
    assert item.is_due(NOW, DAY)
    item.tried = f"{path.stat().st_size}-{path.stat().st_mtime_ns}-{path.stat().st_ino}"
    assert not item.is_due(NOW, DAY)
    path.unlink()
    assert item.is_due(NOW, DAY)


@pytest.mark.parametrize("url", ["file://nas.example/ads.txt"])
def test_an_address_that_names_no_file_is_due_like_any_other(url: str) -> None:
    class Elsewhere:
        name, kind, enabled = "Ads", "block", True

    Elsewhere.url = url  # the settings refuse it, but not everybody asks them
    item = Item(Elsewhere())
    assert item.is_due(NOW, DAY)
    item.state = replace(item.state, checked=NOW)
    item.failures = 1
    assert not item.is_due(NOW, DAY)


def test_a_list_that_is_held_back_is_looked_at_in_its_turn() -> None:
    item = remembering(replace(KNOWN, used=None, held=Version("e", "b.txt", "b.trie")))
    assert not item.is_due(NOW + 0.9 * DAY, DAY)
    assert item.is_due(NOW + 1.1 * DAY, DAY)
