"""The catalogue of public lists: what it promises, and how it is read."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from sinkhole.control.settings import make_list
from sinkhole.control.settings.shipped import (
    CATALOGUE_FILE,
    find_entry,
    find_shipped,
    read_catalogue,
)
from sinkhole.model.errors import SettingsError

ENTRIES = read_catalogue()
ENTRY = (
    "general: [{id: a, name: A, purpose: p, licence: MIT, home: 'https://example.org/',"
    " url: 'https://example.org/a', format: names, names: 1,"
    " checked: {address: own, licence: perhaps, names: no}}]"
)
GROUPS = ("general", "privacy", "devices", "security", "content", "regional")


def test_there_are_enough_to_choose_from() -> None:
    assert len(ENTRIES) >= 45
    assert {
        "hagezi-pro", "oisd-big", "stevenblack", "adguard-dns", "adaway", "peter-lowe",
        "dan-pollock", "urlhaus", "phishing-army", "spam404", "windows-spy", "easylist-dns",
        "easyprivacy-dns", "perflyst-smarttv", "1hosts-lite", "shadowwhisperer-ads",
    } <= {entry.id for entry in ENTRIES}  # fmt: skip


@pytest.mark.parametrize("key", ["id", "name", "url"])
def test_no_two_share(key: str) -> None:
    values = [getattr(entry, key).lower() for entry in ENTRIES]
    assert sorted(values) == sorted(set(values))


def test_groups_and_the_ids_within_them_are_in_order() -> None:
    grouped = itertools.groupby(ENTRIES, lambda entry: entry.group)
    found = [(group, [entry.id for entry in some]) for group, some in grouped]
    assert tuple(group for group, _ in found) == GROUPS
    for _, ids in found:
        assert ids == sorted(ids)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_an_entry_can_be_added_as_it_stands(entry: object) -> None:
    made = make_list(entry.name, entry.url, "block")  # type: ignore[attr-defined]  # an entry
    assert made.url.startswith("https://")


def test_every_field_of_the_file_is_explained_in_its_head() -> None:
    head = find_shipped(CATALOGUE_FILE).read_text().partition("\n\n")[0]
    for word in (*GROUPS, "format:", "names:", "licence", "checked:"):
        assert word in head


def test_every_entry_says_where_it_was_checked_in_words_that_the_head_explains() -> None:
    head = find_shipped(CATALOGUE_FILE).read_text().partition("\n\n")[0]
    for entry in ENTRIES:
        for word in entry.checked.model_dump().values():
            assert f"\n#   {word} " in head, entry.id
    assert all(entry.checked.address != "no" for entry in ENTRIES)
    unknown = [entry.id for entry in ENTRIES if entry.checked.licence == "no"]
    assert len(unknown) < len(ENTRIES) / 4


def test_an_id_is_found_whatever_its_case() -> None:
    assert find_entry(ENTRIES, "HaGeZi-Pro").name == "HaGeZi Pro"


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("hagezi-por", "hagezi-pro"),
        ("odis-big", "oisd-big"),
        ("zzzzzz", "sinkhole lists catalogue"),
    ],
)
def test_an_unknown_id_gets_the_nearest(wanted: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=hint):
        find_entry(ENTRIES, wanted)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "catalogue.yaml:2: unexpected end"),
        ("just text", "is no catalogue"),
        ("general: [1]", "is no catalogue"),
        ("general: [{id: x}]", "is no catalogue"),
        (ENTRY, "checked.licence"),
        ("", "is empty"),
    ],
    ids=["not-yaml", "text", "number", "fields-missing", "unchecked", "empty"],
)
def test_a_broken_catalogue_is_told(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=reason):
        read_catalogue(path)


def test_a_missing_catalogue_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_catalogue(tmp_path / "none.yaml")
