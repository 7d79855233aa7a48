"""Lists are fetched on demand, and versions of them chosen, by operations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from houses import OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import list_versions as versions
from sinkhole.control.operations.lists import ListName
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]

LIST = ListName(name="list 1")
DIFF = versions.DiffWanted(name="list 1")
MANY = "".join(f"||ad{number}.example^\n" for number in range(300))


async def update(built: BuiltHouse, **given: object) -> versions.Updated:
    wanted = versions.UpdateInput.model_validate(given)
    return await perform(versions.update, built.house, OPERATOR, wanted)


async def test_an_update_tells_what_changed_and_how_far_it_is(build: Build, tmp_path: Path) -> None:
    built = await build(lists=["||ads.example^\n", "||more.example^\n"])
    assert (await update(built)).updated == 0
    (tmp_path / "list1.txt").write_text("||ads.example^\n||new.example^\n")
    told = await update(built, names=["LIST 1"])
    assert (told.updated, told.failed) == (1, [])
    progress = await perform(versions.progress, built.house, VIEWER, Nothing())
    assert not progress.underway
    assert [(each.name, each.phase) for each in progress.lists] == [("List 1", "changed")]


async def test_one_update_at_a_time(build: Build) -> None:
    built = await build(lists=["||ads.example^\n"])
    refused = RequestError("conflict", "x", "x")
    with built.house.underway.one_of(1, versions.UPDATE, refused):
        assert (await perform(versions.progress, built.house, VIEWER, Nothing())).underway
        with pytest.raises(RequestError) as told:
            await update(built)
    assert (told.value.kind, told.value.code) == ("conflict", "update_underway")
    assert (await update(built)).failed == []


async def test_a_list_that_can_not_be_had_is_told(build: Build, tmp_path: Path) -> None:
    built = await build(lists=["||ads.example^\n"])
    (tmp_path / "list1.txt").unlink()
    assert (await update(built)).failed == ["List 1"]
    with pytest.raises(RequestError) as unknown:
        await update(built, names=["Nobody's"])
    assert unknown.value.code == "list_unknown"


async def test_a_version_is_held_back_looked_at_accepted_and_taken_back(
    build: Build, tmp_path: Path
) -> None:
    built = await build(lists=[MANY])
    (tmp_path / "list1.txt").write_text("||ad1.example^\n||new.example^\n")
    assert (await update(built)).failed == ["List 1"]
    told = await perform(versions.diff, built.house, VIEWER, DIFF)
    assert (told.new_is, told.added, told.removed) == ("held back", 1, 299)
    assert told.added_samples == ["||new.example^"]
    accepted = await perform(versions.accept, built.house, OPERATOR, LIST)
    assert (accepted.names, accepted.quarantine) == (2, None)
    kept = await perform(versions.versions, built.house, VIEWER, LIST)
    assert [(each.use, each.names) for each in kept.versions] == [("in use", 2), ("before", 300)]
    assert kept.can_roll_back
    back = await perform(versions.roll_back, built.house, OPERATOR, LIST)
    assert back.names == 300


async def test_where_there_is_no_other_version_it_is_said(build: Build) -> None:
    built = await build(lists=["||ads.example^\n"])
    for operation in (versions.accept, versions.roll_back):
        with pytest.raises(RequestError) as refused:
            await perform(operation, built.house, OPERATOR, LIST)
        assert (refused.value.kind, refused.value.code) == ("conflict", "list_has_no_versions")
    with pytest.raises(RequestError):
        await perform(versions.diff, built.house, VIEWER, DIFF)
    with pytest.raises(RequestError) as unknown:
        await perform(versions.versions, built.house, VIEWER, ListName(name="x"))
    assert unknown.value.kind == "not_found"


async def test_a_disabled_list_has_to_be_enabled_first(build: Build, tmp_path: Path) -> None:
    entry = {"name": "Off", "url": f"file:{tmp_path}/off.txt", "enabled": False}
    built = await build({"filtering": {"lists": [entry]}})
    with pytest.raises(RequestError) as refused:
        await perform(versions.versions, built.house, VIEWER, ListName(name="off"))
    assert refused.value.code == "list_not_chosen"
    with pytest.raises(RequestError) as not_updated:
        await update(built, names=["Off"])
    assert not_updated.value.code == "list_not_chosen"


async def test_what_each_list_adds_to_the_others_is_counted(build: Build) -> None:
    built = await build(lists=["||a.example^\n||b.example^\n", "||b.example^\n"])
    told = await perform(versions.overlap, built.house, VIEWER, Nothing())
    assert [each.unique for each in told.lists] == [None, None]
    offline = replace(built.house, is_serving=False)
    told = await perform(versions.overlap, offline, VIEWER, Nothing())
    assert [(each.name, each.unique, each.unique_percent) for each in told.lists] == [
        ("List 1", 1, 50.0),
        ("List 2", 0, 0.0),
    ]
