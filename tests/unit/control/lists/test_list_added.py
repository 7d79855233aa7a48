"""Lists added by command: kept in one file, whole or not at all."""

from __future__ import annotations

import errno
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sinkhole.control.lists.added import MOST_ADDED, Added, AddedList, AddedLists
from sinkhole.model.errors import StorageError

ADS = AddedList("Ads", "https://example.org/ads.txt")
GOOD = AddedList("Good", "https://example.org/good.txt", "allow", enabled=False)


@pytest.fixture
def added(tmp_path: Path) -> AddedLists:
    return AddedLists(tmp_path / "data" / "lists")


def test_nothing_was_added_at_first_and_reading_makes_nothing(added: AddedLists) -> None:
    assert (added.read(), added.signature()) == (Added(), None)
    assert not added.path.parent.exists()


def test_what_was_added_comes_back_in_order(added: AddedLists) -> None:
    added.change(lambda lists: (*lists, GOOD))
    before = added.signature()
    added.change(lambda lists: (*lists, ADS))
    assert added.read() == Added((GOOD, ADS))
    assert added.signature() != before
    assert AddedLists(added.path.parent).read() == Added((GOOD, ADS))


def test_the_file_is_for_people_too(added: AddedLists) -> None:
    added.change(lambda lists: (AddedList("Ä", "file:a", "allow", enabled=False),))
    assert added.path.read_text() == (
        '{\n "format": 1,\n "lists": [\n  {\n   "name": "\\u00c4",\n   "url": "file:a",\n'
        '   "kind": "allow",\n   "enabled": false\n  }\n ]\n}\n'
    )
    assert sorted(path.name for path in added.path.parent.iterdir()) == ["added.json", "added.lock"]


def test_an_edit_that_fails_leaves_everything_as_it_was(added: AddedLists) -> None:
    added.change(lambda lists: (ADS,))

    def edit(lists: tuple[AddedList, ...]) -> tuple[AddedList, ...]:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        added.change(edit)
    assert added.read() == Added((ADS,))


def test_edits_at_the_same_time_lose_nothing(added: AddedLists) -> None:
    def add(number: int) -> None:
        new = AddedList(f"L{number}", f"https://example.org/{number}.txt")
        added.change(lambda lists: (*lists, new))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert len(added.read().lists) == 40


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"format": 0, "lists": []}',
        b'{"format": 1, "lists": [{"name": 1, "url": "u"}]}',
        b'{"format": 1, "lists": [{"name": "n", "url": "u", "kind": "odd"}]}',
        b'{"format": 1, "lists": [{"name": "n", "url": "u", "enabled": 1}]}',
        b'{"format": 1, "lists": [{"odd": 1}]}',
        b"[" * 100_000,
    ],
    ids=["empty", "cut", "no-object", "format", "name", "kind", "enabled", "keys", "deep"],
)
def test_a_damaged_file_is_told_and_not_overwritten(added: AddedLists, text: bytes) -> None:
    added.path.parent.mkdir(parents=True)
    added.path.write_bytes(text)
    with pytest.raises(StorageError, match="is damaged"):
        added.change(lambda lists: (*lists, ADS))
    assert added.path.read_bytes() == text


def test_a_file_of_another_user_is_told_with_what_to_do(
    added: AddedLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    added.change(lambda lists: (ADS,))

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StorageError, match=r"added\.json can't be read: Permission denied.*chown"):
        added.read()


def test_one_damaged_entry_costs_no_other_list(added: AddedLists) -> None:
    added.change(lambda lists: (GOOD, ADS))
    text = added.path.read_text().replace('"block"', '"odd"')
    added.path.write_text(text)
    found = added.read()
    assert found.lists == (GOOD,)
    assert "is damaged (lists: 1: kind" in found.problem
    with pytest.raises(StorageError, match="is damaged"):
        added.change(lambda lists: lists)
    assert added.path.read_text() == text


def test_a_downgrade_keeps_the_lists_it_understands_and_changes_nothing(added: AddedLists) -> None:
    added.change(lambda lists: (GOOD, ADS))
    contents = json.loads(added.path.read_text()) | {"format": 2}
    contents["lists"][0]["colour"] = "blue"
    contents["lists"][1]["kind"] = "rewrite"
    added.path.write_text(text := json.dumps(contents))
    assert added.read().lists == (GOOD,)
    assert "comes from a newer sinkhole" in added.read().problem
    with pytest.raises(StorageError, match="only that one can change them"):
        added.change(lambda lists: (*lists, ADS))
    assert added.path.read_text() == text
    added.path.write_text('{"format": 2, "lists": {}}')
    with pytest.raises(StorageError, match="comes from a newer sinkhole"):
        added.read()


def test_there_is_an_end_to_adding(added: AddedLists) -> None:
    with pytest.raises(StorageError, match=f"more than {MOST_ADDED}"):
        added.change(lambda lists: (ADS,) * (MOST_ADDED + 1))
    assert added.read() == Added()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match=r"added\.json"):
        AddedLists(tmp_path / "data" / "lists").change(lambda lists: lists)
