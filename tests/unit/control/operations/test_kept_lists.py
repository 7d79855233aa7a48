"""Lists that are fetched for categories: told with who has those, fetched, and never changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from category_list import MALWARE, only_urlhaus
from houses import ADMIN, OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import list_versions as versions
from sinkhole.control.operations import lists
from sinkhole.control.operations.perform import perform
from sinkhole.model.actor import Permission
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]

TREE = {
    "groups": [{"name": "kids", "categories": ["malware"]}],
    "clients": [{"name": "TV", "addresses": ["192.0.2.40"], "categories": ["malware"]}],
}
NAME = lists.ListName(name=MALWARE.upper())


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the list of the category comes from."""
    return only_urlhaus(tmp_path, monkeypatch)


def say(source: Path, text: str) -> None:
    source.write_text(text)


async def test_it_is_told_for_whom_a_list_is_fetched(build: Build, source: Path) -> None:
    built = await build({**TREE, "filtering": {"categories": ["malware"]}})
    shown = await perform(lists.show, built.house, VIEWER, NAME)
    assert (shown.name, shown.origin, shown.held_by) == (MALWARE, "category", "")
    assert [(each.category, each.scope, each.name) for each in shown.wanted_by] == [
        ("malware", "household", ""),
        ("malware", "group", "kids"),
        ("malware", "client", "TV"),
    ]
    program = replace(VIEWER, permissions=frozenset({Permission.LISTS_READ}))
    told = await perform(lists.show, built.house, program, NAME)
    assert (told.origin, told.wanted_by) == ("category", [])


async def test_a_list_that_the_household_has_stays_its_own(build: Build, source: Path) -> None:
    built = await build(TREE)
    added = lists.NewList(source=f"file:{source}", name="Mine")
    mine = await perform(lists.add, built.house, ADMIN, added)
    assert (mine.origin, [each.name for each in mine.wanted_by]) == ("stored", ["kids", "TV"])


async def test_it_is_fetched_and_its_versions_chosen(build: Build, source: Path) -> None:
    built = await build(TREE)
    say(source, "".join(f"||bad{number}.example^\n" for number in range(300)))
    wanted = versions.UpdateInput(names=[NAME.name])
    assert (await perform(versions.update, built.house, OPERATOR, wanted)).updated == 1
    say(source, "||bad.example^\n")
    assert (await perform(versions.update, built.house, OPERATOR, wanted)).failed == [MALWARE]
    accepted = await perform(versions.accept, built.house, OPERATOR, NAME)
    assert (accepted.name, accepted.names) == (MALWARE, 1)
    kept = await perform(versions.versions, built.house, VIEWER, NAME)
    assert (kept.name, kept.can_roll_back) == (MALWARE, True)
    assert (await perform(versions.roll_back, built.house, OPERATOR, NAME)).names == 300


async def test_it_is_neither_changed_nor_removed(build: Build, source: Path) -> None:
    built = await build(TREE)
    off = lists.ListChange(name=NAME.name, enabled=False)
    for step in (
        perform(lists.change, built.house, OPERATOR, off),
        perform(lists.remove, built.house, OPERATOR, NAME),
    ):
        with pytest.raises(RequestError, match="fetched for a category") as refused:
            await step
        assert (refused.value.kind, refused.value.code) == ("conflict", "list_of_category")


async def test_one_that_is_not_there_is_told_with_those_that_are(
    build: Build, source: Path
) -> None:
    built = await build(TREE)
    wanted = versions.UpdateInput(names=["Nobody's"])
    with pytest.raises(RequestError, match=f"there are {MALWARE}") as unknown:
        await perform(versions.update, built.house, OPERATOR, wanted)
    assert unknown.value.code == "list_unknown"
