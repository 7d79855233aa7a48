"""Settings by two hands: the file's owner, and whoever changes them in the page or by a program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import Change, SettingsInForce
from sinkhole.control.state.state import State
from sinkhole.control.state.stored import REMOVED, StoredChange
from sinkhole.model.actor import SERVER, Actor
from sinkhole.model.errors import Misfit, RequestError, SettingsError, StorageError

ANNA = Actor("session", "anna", SERVER.permissions)
FILE = """\
upstream:
  timeout: 3s
filtering:
  rules:
    - "||ads.example^"
"""


class Desk:
    """Settings in force over a file, with what was applied to the server in order."""

    def __init__(self, folder: Path, state: State) -> None:
        self.config = folder / "s.yaml"
        self.config.write_text(FILE)
        self.environ = {"SINKHOLE__CACHE__SIZE": "3MiB", "SINKHOLE__DATA_DIR": str(folder)}
        (folder / "lists").mkdir()
        (folder / "lists" / "starter-txt-block-0.json").write_text("{}")  # no new server
        self.state = state
        self.applied: list[Settings] = []
        self.refuses: Exception | None = None
        self.gate: Callable[[], Awaitable[object]] | None = None
        self.settings = SettingsInForce(self.config, self.environ, state, self.apply)

    async def apply(self, settings: Settings, *, patient: bool = False) -> list[str]:
        if self.gate is not None:
            await self.gate()
        if self.refuses is not None and not patient:
            raise self.refuses
        self.applied.append(settings)
        return ["data_dir"] if settings.data_dir != self.settings.settings.data_dir else []

    async def set(self, key: str, value: Any, item: str = "", **how: Any) -> Any:
        return await self.settings.change([Change(key, item, "set", value)], ANNA, **how)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    state = await State.open(tmp_path)
    desk = Desk(tmp_path, state)
    await desk.settings.load()
    yield desk
    await desk.settings.close()
    await state.close()


async def refused(work: Awaitable[object]) -> RequestError:
    with pytest.raises(RequestError) as caught:
        await work
    return caught.value


async def test_a_change_is_in_force_applied_and_stored(desk: Desk) -> None:
    before = desk.settings.revision
    done = await desk.set("cache.max_ttl", "2h", note="shorter")
    assert desk.settings.settings.cache.max_ttl == 7200
    assert desk.settings.settings.origin_of("cache.max_ttl") == "stored"
    assert desk.applied == [desk.settings.settings]
    assert [tuple(each) for each in done.differences] == [("cache.max_ttl", "", "1d", "2h")]
    assert done.revision == desk.settings.revision != before
    assert dict(desk.state.stored.values()) == {("cache.max_ttl", ""): "2h"}
    (revision, _) = await desk.settings.revisions(10)
    assert (revision.number, revision.actor, revision.note) == (2, "anna (session)", "shorter")


async def test_what_was_stored_is_in_force_after_a_restart(desk: Desk, tmp_path: Path) -> None:
    await desk.set("cache.max_ttl", "2h")
    again = SettingsInForce(desk.config, desk.environ, desk.state)
    assert (await again.load()).cache.max_ttl == 7200
    assert again.revision == desk.settings.revision


async def test_a_dry_run_tells_and_changes_nothing(desk: Desk) -> None:
    before = desk.settings.revision
    told = await desk.set("cache.max_ttl", "2h", dry_run=True)
    assert [each.after for each in told.differences] == ["2h"]
    assert told.revision == desk.settings.revision == before
    assert not desk.applied and not desk.state.stored.values()
    with pytest.raises(SettingsError, match="out of range"):
        await desk.set("cache.max_ttl", "200d", dry_run=True)


async def test_who_was_slower_is_told_to_look_again(desk: Desk) -> None:
    seen = desk.settings.revision
    await desk.set("cache.max_ttl", "2h", revision=seen)
    error = await refused(desk.set("cache.max_ttl", "3h", revision=seen))
    assert (error.kind, error.code) == ("conflict", "revision_is_old")
    assert error.more == {"revision": desk.settings.revision}
    assert desk.settings.settings.cache.max_ttl == 7200


async def test_of_two_at_the_same_moment_one_is_told(desk: Desk) -> None:
    seen = desk.settings.revision
    outcomes = await asyncio.gather(
        *(desk.set("cache.max_ttl", f"{hours}h", revision=seen) for hours in (2, 3)),
        return_exceptions=True,
    )
    assert [isinstance(each, RequestError) for each in outcomes] == [False, True]
    assert desk.settings.settings.cache.max_ttl == 7200


async def test_a_file_that_is_edited_while_the_page_is_open_makes_its_revision_old(
    desk: Desk,
) -> None:
    seen = desk.settings.revision
    desk.config.write_text(FILE + "log: {level: debug}\n")
    reloaded = await desk.settings.reload()
    assert [each.key for each in reloaded.differences] == ["log.level"]
    error = await refused(desk.set("cache.max_ttl", "2h", revision=seen))
    assert error.code == "revision_is_old"
    error = await refused(desk.set("log.level", "info"))
    assert error.code == "held_by_file"
    desk.config.write_text(FILE)
    await desk.settings.reload()
    assert desk.settings.revision == seen


async def test_a_mistake_in_the_file_leaves_all_as_it_was(desk: Desk) -> None:
    seen = desk.settings.revision
    desk.config.write_text(FILE + "log: {level: loud}\n")
    with pytest.raises(SettingsError, match=r"s\.yaml:6: log\.level"):
        await desk.settings.reload()
    assert desk.settings.revision == seen
    await desk.set("cache.max_ttl", "2h", revision=seen)  # by the file as it was loaded


async def test_what_the_file_holds_says_where(desk: Desk) -> None:
    error = await refused(desk.set("upstream.timeout", "1s"))
    assert (error.kind, error.code) == ("conflict", "held_by_file")
    assert error.more["where"] == f"{desk.config}:2"
    assert str(error) == f"upstream.timeout is held by {desk.config}:2, which wins: change it there"
    for action in ("set", "remove"):
        change = Change("filtering.rules", "||ads.example^", action)
        error = await refused(desk.settings.change([change], ANNA))
        assert error.more["where"] == f"{desk.config}:5"


async def test_what_the_environment_holds_says_which_variable(desk: Desk) -> None:
    error = await refused(desk.set("cache.size", "4MiB"))
    assert error.code == "held_by_environment"
    assert error.more["where"] == "environment SINKHOLE__CACHE__SIZE"


async def test_items_stand_beside_those_of_the_file(desk: Desk) -> None:
    await desk.set("filtering.rules", None, "||more.example^")
    settings = desk.settings.settings
    assert settings.filtering.rules == ("||ads.example^", "||more.example^")
    assert settings.origin_of("filtering.rules", "||ads.example^") == f"file {desk.config}:5"
    assert settings.origin_of("filtering.rules", "||more.example^") == "stored"
    await desk.settings.change([Change("filtering.rules", "||more.example^", "remove")], ANNA)
    assert desk.settings.settings.filtering.rules == ("||ads.example^",)
    assert not desk.state.stored.values()


async def test_an_item_of_the_default_can_be_removed_and_comes_back(desk: Desk) -> None:
    await desk.settings.change([Change("filtering.lists", "starter", "remove")], ANNA)
    assert desk.settings.settings.filtering.lists == ()
    assert dict(desk.state.stored.values()) == {("filtering.lists", "starter"): REMOVED}
    await desk.settings.change([Change("filtering.lists", "STARTER", "reset")], ANNA)
    assert [each.name for each in desk.settings.settings.filtering.lists] == ["Starter"]


async def test_a_whole_collection_can_be_set(desk: Desk) -> None:
    change = Change("clients", value=[{"name": "TV", "addresses": ["192.0.2.7"]}])
    await desk.settings.change([change], ANNA)
    change = Change("clients", value=[{"name": "PC", "addresses": ["192.0.2.7"]}])
    await desk.settings.change([change], ANNA)
    assert [each.name for each in desk.settings.settings.clients] == ["PC"]
    error = await refused(desk.settings.change([Change("filtering.rules", value=[])], ANNA))
    assert error.code == "held_by_file"


async def test_every_value_that_does_not_fit_is_told_and_nothing_changes(desk: Desk) -> None:
    changes = [
        Change("cache.max_ttl", value="2 hours"),
        Change("clients", "TV", value={"addresses": ["192.0.2.300"]}),
        Change("query_log.keep", value="2d"),
    ]
    with pytest.raises(SettingsError) as caught:
        await desk.settings.change(changes, ANNA)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "cache.max_ttl",
        'clients "TV"',
    ]
    assert [each.item for each in caught.value.told if isinstance(each, Misfit)] == ["", "TV"]
    assert not desk.applied and not desk.state.stored.values()


async def test_all_that_is_wrong_is_told_at_once_whatever_it_is(desk: Desk) -> None:
    changes = [
        Change("cache.max_tll", value="2h"),
        Change("upstream.timeout", value="2s"),
        Change("filtering.rules", "# x"),
        Change("clients", "TV", "remove"),
        Change("cache.max_ttl", value="200d"),
    ]
    with pytest.raises(SettingsError) as caught:
        await desk.settings.change(changes, ANNA, dry_run=True)
    told = [(each.key, each.item) for each in caught.value.told if isinstance(each, Misfit)]
    assert sorted(told) == [
        *(("cache.max_tll", ""), ("cache.max_ttl", ""), ("clients", "TV")),
        *(("filtering.rules", "# x"), ("upstream.timeout", "")),
    ]
    assert f"held by {desk.config}:2" in str(caught.value)


async def test_what_is_refused_for_one_reason_keeps_its_code(desk: Desk) -> None:
    changes = [Change("upstream.timeout", value="2s"), Change("cache.size", value="2MiB")]
    error = await refused(desk.settings.change([*changes[:1], *changes[:1]], ANNA))
    assert (error.kind, error.code) == ("conflict", "held_by_file")
    assert [each["where"] for each in error.more["errors"]] == [f"{desk.config}:2"] * 2
    with pytest.raises(SettingsError, match="held by"):  # the one by the file, the other not
        await desk.settings.change(changes, ANNA)


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (Change("cache.max_tll", value="2h"), "not_found", 'did you mean "cache.max_ttl"'),
        (Change("data_dir", value="/srv"), "invalid", "set it in the settings file"),
        (Change("cache.max_ttl", "x", value="2h"), "invalid", "has no items"),
        (Change("cache.max_ttl", action="remove"), "invalid", "has no items"),
        (Change("clients", action="remove"), "invalid", "name the one to remove"),
        (Change("clients", "TV", "remove"), "not_found", 'clients has no "TV"'),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    desk: Desk, change: Change, kind: str, text: str
) -> None:
    error = await refused(desk.settings.change([change], ANNA))
    assert error.kind == kind
    assert text in str(error)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (Change("cache.max_ttl", value=None), "has no value"),
        (Change("clients", "TV", value={"name": "PC", "ids": ["a"]}), "another name"),
        (Change("clients", value={"TV": {}}), "write a list of items"),
        (Change("filtering.rules", "# x"), "it is a comment"),
        (Change("filtering.rules", "||a.example^$nonsense"), "is no rule that can be used"),
        (Change("clients", "TV", value=[[[[[[[[[[[[]]]]]]]]]]]]), "nested too deeply"),
        (Change("upstream.routes", "corp.example", value="nobody"), "is no upstream set"),
    ],
)
async def test_values_that_cannot_be_are_told(desk: Desk, change: Change, text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        await desk.settings.change([change], ANNA)
    assert not desk.state.stored.values()


async def test_what_cannot_be_applied_is_not_stored(desk: Desk) -> None:
    desk.refuses = SettingsError(["web.listen: the address is in use"])
    with pytest.raises(SettingsError, match="in use"):
        await desk.set("cache.max_ttl", "2h")
    assert not desk.state.stored.values()
    assert desk.settings.settings.cache.max_ttl == 86400


async def test_what_cannot_be_stored_is_taken_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> int:
        raise StorageError("the disk is full")

    before = desk.settings.settings
    monkeypatch.setattr(desk.state.stored, "commit", full)
    with pytest.raises(StorageError, match="full"):
        await desk.set("cache.max_ttl", "2h")
    assert [each.cache.max_ttl for each in desk.applied] == [7200, 86400]
    assert desk.settings.settings is before


async def test_who_goes_away_in_the_middle_leaves_nothing_half(desk: Desk) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await gate.wait()

    desk.gate = wait
    asked = asyncio.create_task(desk.set("cache.max_ttl", "2h"))
    await begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    gate.set()
    await desk.set("cache.min_ttl", "1s")  # comes behind it
    assert desk.settings.settings.cache.max_ttl == 7200
    assert desk.state.stored.number == 3


async def test_a_revision_is_taken_back(desk: Desk) -> None:
    await desk.set("cache.max_ttl", "2h")
    await desk.set("cache.min_ttl", "1s")
    done = await desk.settings.undo(2, ANNA)
    assert [tuple(each) for each in done.differences] == [("cache.max_ttl", "", "2h", "1d")]
    assert dict(desk.state.stored.values()) == {("cache.min_ttl", ""): "1s"}
    newest = (await desk.settings.revisions(1))[0]
    assert (newest.number, newest.undoes) == (4, 2)
    await desk.settings.undo(4, ANNA)
    assert desk.settings.settings.cache.max_ttl == 7200


async def test_what_was_changed_since_can_not_be_taken_back(desk: Desk) -> None:
    await desk.set("cache.max_ttl", "2h")
    await desk.set("cache.max_ttl", "3h")
    error = await refused(desk.settings.undo(2, ANNA))
    assert (error.kind, error.code) == ("conflict", "changed_since")
    assert str(error) == "revision 2 can't be taken back: cache.max_ttl has been changed since"
    for number in (1, 99):  # the first one changed nothing
        assert (await refused(desk.settings.undo(number, ANNA))).kind == "not_found"


async def test_secrets_are_shown_to_nobody_and_stay_when_sent_back(desk: Desk) -> None:
    url = "https://user:hunter2@example.org/list.txt"
    done = await desk.set("filtering.lists", {"url": url}, "Mine")
    assert "hunter2" not in str(done)
    told = done.differences[0].after
    assert told["url"] == "https://***@example.org/list.txt"
    await desk.set("filtering.lists", {**told, "enabled": False}, "Mine")
    (mine,) = [each for each in desk.settings.settings.filtering.lists if each.name == "Mine"]
    assert (mine.url, mine.enabled) == (url, False)
    assert "hunter2" not in str(await desk.settings.revisions(10))
    with pytest.raises(SettingsError, match="stands for a secret that is not known"):
        await desk.set("filtering.lists", {"url": "https://***@example.net/"}, "Mine")


async def test_a_stored_value_that_no_longer_fits_is_a_problem_and_not_fatal(desk: Desk) -> None:
    changes = [
        StoredChange(("cache.max_ttl", ""), None, "soon"),
        StoredChange(("cache.colour", ""), None, "red"),
        StoredChange(("cache.min_ttl", ""), None, "1s"),
    ]
    await desk.state.stored.commit(changes, ANNA)
    settings = SettingsInForce(desk.config, desk.environ, desk.state)
    found = await settings.load()
    assert (found.cache.max_ttl, found.cache.min_ttl) == (86400, 1)
    assert [each.text.split(":")[0] for each in settings.problems] == [
        "cache.colour",
        "cache.max_ttl",
    ]
    await settings.change([Change("cache.colour", action="reset")], ANNA)
    with pytest.raises(RequestError, match="is no setting"):
        await settings.change([Change("cache.colour", action="reset")], ANNA)
    await settings.change([Change("cache.max_ttl", value="2h")], ANNA)
    assert not settings.problems


async def test_an_item_that_the_file_has_as_well_is_the_files(desk: Desk) -> None:
    await desk.set("local.records", ["192.0.2.1"], "NAS.home")
    desk.config.write_text(FILE + 'local: {records: {"nas.home.": ["192.0.2.2"]}}\n')
    await desk.settings.reload()
    settings = desk.settings.settings
    assert [str(each) for each in settings.local.records["nas.home"]] == ["192.0.2.2"]
    assert settings.origin_of("local.records", "Nas.home") == f"file {desk.config}:6"
    (problem,) = desk.settings.problems
    assert problem.code == "settings.held_by_file"
    assert "'nas.home'" in problem.text
    desk.config.write_text(FILE)
    await desk.settings.reload()
    assert [str(each) for each in desk.settings.settings.local.records["nas.home"]] == ["192.0.2.1"]
    assert not desk.settings.problems


async def test_what_is_stored_follows_another_name_in_the_file(desk: Desk) -> None:
    groups = 'groups:\n  - {name: children, rules: ["||games.example^"]}\n'
    desk.config.write_text(FILE + groups)
    await desk.settings.reload()
    await desk.set("clients", {"addresses": ["192.0.2.7"], "group": "Children"}, "tablet")
    desk.config.write_text(FILE + groups.replace("children", "kids"))
    told = await desk.settings.reload(dry_run=True)
    assert told.settings.clients[0].group == "kids"
    await desk.settings.reload()
    assert desk.settings.settings.clients[0].group == "kids"
    assert desk.settings.problems == []
    assert (await desk.settings.revisions(1))[0].note == "another name in the settings file"
    desk.config.write_text(FILE)  # gone is not renamed
    await desk.settings.reload()
    assert desk.settings.settings.clients == () and desk.settings.problems
