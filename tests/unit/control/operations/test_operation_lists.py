"""Lists are shown, chosen, changed and removed by operations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from houses import ADMIN, OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import list_preview, lists
from sinkhole.control.operations.list_preview import PreviewInput
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError, SettingsError
from sinkhole.model.verdict import Cause, Outcome

Build = Callable[..., Awaitable[BuiltHouse]]


async def add(built: BuiltHouse, source: str, **options: Any) -> lists.ListInfo:
    given = lists.NewList(source=source, **options)
    actor = ADMIN if source.startswith("file:") else OPERATOR
    return await perform(lists.add, built.house, actor, given)


async def change(built: BuiltHouse, name: str, **options: Any) -> lists.ListInfo:
    given = lists.ListChange(name=name, **options)
    return await perform(lists.change, built.house, OPERATOR, given)


async def names(built: BuiltHouse) -> list[str]:
    found = await perform(lists.list_all, built.house, VIEWER, Nothing())
    return [each.name for each in found.lists]


@pytest.fixture
def ads(tmp_path: Path) -> str:
    file = tmp_path / "ads.txt"
    file.write_text("||ads.example^\nno rule at all\n")
    return f"file:{file}"


async def test_each_list_is_shown_with_what_it_did(build: Build) -> None:
    built = await build(lists=["||ads.example^\nnot a rule\n"])
    cause = Cause("List 1", 1)
    await built.log("ads.example", times=3, outcome=Outcome.BLOCKED, rule=cause)
    shown = await perform(lists.show, built.house, VIEWER, lists.ListName(name="list 1"))
    assert (shown.state, shown.names, shown.hits_day, shown.hits_week) == ("ready", 1, 3, 3)
    assert (shown.origin, shown.held_by.startswith(f"{built.config}:")) == ("file", True)
    assert shown.refused == 1
    assert [each.text for each in shown.refused_samples] == ["not a rule"]


async def test_without_statistics_a_list_is_shown_all_the_same(build: Build) -> None:
    built = await build(lists=["||ads.example^"], has_log=False)
    shown = await perform(lists.show, built.house, VIEWER, lists.ListName(name="List 1"))
    assert (shown.state, shown.hits_day) == ("ready", None)


async def test_a_list_is_added_by_its_address_and_named_by_it(build: Build, ads: str) -> None:
    built = await build()
    added = await add(built, ads)
    assert (added.name, added.kind, added.enabled) == ("ads.txt", "block", True)
    assert (added.origin, added.held_by, added.state) == ("stored", "", "missing")
    assert await built.library.update() == 1
    assert (await built.house.resolve("ads.example", "A", ""))["list"] == "ads.txt"
    with pytest.raises(RequestError) as twice:
        await add(built, ads, name="Others")
    assert (twice.value.kind, twice.value.code) == ("conflict", "list_name_taken")
    with pytest.raises(RequestError) as taken:
        await add(built, "https://lists.example.org/x", name="ADS.TXT")
    assert taken.value.code == "list_name_taken"


async def test_a_file_of_the_server_is_for_who_may_change_settings(build: Build, ads: str) -> None:
    built = await build()
    source = ads.replace("file:", "FILE:")
    for step in (
        perform(lists.add, built.house, OPERATOR, lists.NewList(source=source)),
        perform(list_preview.preview, built.house, OPERATOR, PreviewInput(source=source)),
    ):
        with pytest.raises(RequestError) as told:
            await step
        assert told.value.more == {"permission": "settings:write"}
    await add(built, "https://lists.example.org/x", name="Web")
    with pytest.raises(RequestError) as told:
        await change(built, "Web", url=ads)
    assert told.value.code == "permission_missing"
    await add(built, ads, name="Ours")
    assert not (await change(built, "Ours", enabled=False)).enabled, "the address is the same"


async def test_a_list_is_added_by_its_id_in_the_catalogue(build: Build) -> None:
    built = await build()
    search = lists.CatalogueSearch(search="hagezi")
    (entry, *_) = (await perform(lists.catalogue, built.house, VIEWER, search)).entries
    assert entry.used_as is None
    added = await add(built, entry.id.upper(), name="Mine")
    assert (added.name, added.url) == ("Mine", entry.url)
    again = await perform(lists.catalogue, built.house, VIEWER, search)
    assert next(each for each in again.entries if each.id == entry.id).used_as == "Mine"
    everything = await perform(lists.catalogue, built.house, VIEWER, lists.CatalogueSearch())
    assert len(everything.entries) > len(again.entries)
    with pytest.raises(RequestError, match="did you mean") as unknown:
        await add(built, f"{entry.id}x")
    assert (unknown.value.kind, unknown.value.code) == ("invalid", "entry_unknown")
    with pytest.raises(SettingsError):
        await add(built, "gopher://lists.example.org/x")


async def test_a_list_is_switched_off_renamed_and_removed(build: Build, ads: str) -> None:
    built = await build()
    await add(built, ads, name="Ads")
    await built.library.update()
    assert (await change(built, "ads", enabled=False)).state == "disabled"
    assert (await change(built, "Ads", enabled=True)).state == "ready"
    renamed = await change(built, "Ads", rename="Adverts")
    assert (renamed.name, renamed.state, renamed.names) == ("Adverts", "ready", 1)
    assert (await change(built, "Adverts", kind="allow")).kind == "allow"
    with pytest.raises(RequestError, match="there are Adverts") as gone:
        await change(built, "Ads", enabled=False)
    assert (gone.value.kind, gone.value.code) == ("not_found", "list_unknown")
    given = lists.ListName(name="adverts")
    assert (await perform(lists.remove, built.house, OPERATOR, given)).lists == []


async def test_a_change_that_takes_another_lists_name_is_refused(build: Build, ads: str) -> None:
    built = await build(lists=["||a.example^"])
    await add(built, ads, name="Ads")
    with pytest.raises(RequestError) as taken:
        await change(built, "Ads", rename="list 1")
    assert taken.value.code == "list_name_taken"
    assert await names(built) == ["List 1", "Ads"]


async def test_what_the_file_holds_is_changed_there(build: Build) -> None:
    built = await build(lists=["||ads.example^"])
    for given in ({"enabled": False}, {"rename": "Other"}):
        with pytest.raises(RequestError) as held:
            await change(built, "List 1", **given)
        assert (held.value.kind, held.value.code) == ("conflict", "held_by_file")
        assert held.value.more["where"].startswith(f"{built.config}:")
    with pytest.raises(RequestError):
        await perform(lists.remove, built.house, OPERATOR, lists.ListName(name="List 1"))
    assert await names(built) == ["List 1"]


async def test_the_list_of_the_program_itself_can_be_removed(build: Build) -> None:
    built = await build({"filtering": {"lists": None}})
    starter = lists.ListName(name="starter")
    shown = await perform(lists.show, built.house, VIEWER, starter)
    assert shown.held_by == ""
    assert (await change(built, "Starter", enabled=False)).origin == "stored"
    left = await perform(lists.remove, built.house, OPERATOR, starter)
    assert "Starter" not in {each.name for each in left.lists}


async def test_an_address_with_a_password_is_shown_masked(build: Build) -> None:
    built = await build()
    added = await add(built, "https://anna:secret@lists.example.org/ads.txt")
    assert "secret" not in added.model_dump_json()
    (entry,) = await built.state.audit.entries(10)
    assert "secret" not in str(entry.given)


async def test_a_list_that_had_a_name_before_the_program_did_keeps_it(
    build: Build, ads: str, tmp_path: Path
) -> None:
    entries = [{"name": "Allow only", "url": ads}]
    built = await build({"filtering": {"lists": entries}})
    assert await names(built) == ["Allow only"]
    (problem,) = built.settings.problems
    assert (problem.code, "'Allow only'" in problem.text) == ("settings.name_taken", True)
    answered = await built.house.resolve("ads.example", "A", "")
    assert (answered["list"], answered["line"]) == ("Allow only", 1)
    other = f"file:{tmp_path}/other.txt"
    for name in ("refused TYPES", "allow only"):
        with pytest.raises((RequestError, SettingsError), match=r"already stands|another list"):
            await add(built, other, name=name)
    added = await add(built, other, name="Other")
    with pytest.raises(SettingsError, match="already stands for something else"):
        await change(built, added.name, rename="Refused types")
    assert await names(built) == ["Allow only", "Other"]
