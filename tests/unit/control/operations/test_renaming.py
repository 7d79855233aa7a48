"""A client, a group or a schedule has another name everywhere, and that can be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from houses import ADMIN, OPERATOR, PATIENCE_S, VIEWER, BuiltHouse

from sinkhole.control.operations import household, renaming
from sinkhole.control.operations import settings as settings_operations
from sinkhole.control.operations.perform import perform
from sinkhole.control.operations.protection import PauseInput, pause
from sinkhole.control.operations.rules import NewRules, add
from sinkhole.control.querylog.sought import Sought
from sinkhole.model.errors import RequestError, SettingsError

Build = Callable[..., Awaitable[BuiltHouse]]

TABLET: dict[str, Any] = {"name": "Tablet", "addresses": ["192.0.2.9"], "group": "kids"}


async def settled(build: Build) -> BuiltHouse:
    """A tablet of the kids, who have a bedtime, all by operations."""
    built = await build()
    bedtime = household.ScheduleWanted(name="bedtime", windows=["daily 21:00-07:00"])
    await perform(household.set_schedule, built.house, ADMIN, bedtime)
    kids = {"name": "kids", "schedules": [{"when": "bedtime", "allow_only": True}]}
    wanted = household.GroupWanted.model_validate(kids)
    await perform(household.set_group, built.house, ADMIN, wanted)
    tablet = household.ClientWanted.model_validate(TABLET)
    await perform(household.set_client, built.house, ADMIN, tablet)
    return built


async def rename(built: BuiltHouse, operation: Any, name: str, to: str, **options: Any) -> Any:
    given = renaming.Renaming(name=name, to=to, **options)
    return await perform(operation, built.house, ADMIN, given)


async def undo(built: BuiltHouse) -> None:
    given = settings_operations.UndoWanted(number=built.state.stored.number)
    await perform(settings_operations.undo, built.house, ADMIN, given)


def paused(built: BuiltHouse) -> list[tuple[str, str]]:
    return [(each.scope, each.name) for each in built.house.protection.pauses]


async def rows_of(built: BuiltHouse, group: str, wanted: int) -> None:
    """Wait until so many rows of a group are found."""
    assert built.query_log is not None
    async with asyncio.timeout(PATIENCE_S):
        while True:
            page = await built.query_log.history.search(
                Sought(groups=(group,)), limit=9, cursor=None
            )
            if len(page["queries"]) == wanted:
                return
            await asyncio.sleep(0.02)


async def test_a_group_takes_its_clients_its_pause_and_its_rows_along(build: Build) -> None:
    built = await settled(build)
    await built.log("a.example", client="192.0.2.9", group="kids", times=2)
    given = PauseInput(scope="group", name="kids", seconds=600)
    await perform(pause, built.house, OPERATOR, given)
    before = built.revisions
    await rename(built, renaming.rename_group, "kids", "children")
    settings = built.settings.settings
    assert ([each.name for each in settings.groups], settings.clients[0].group) == (
        ["children"],
        "children",
    )
    assert (built.revisions, paused(built)) == (before + 1, [("group", "children")])
    await rows_of(built, "children", 2)
    await undo(built)
    settings = built.settings.settings
    assert (settings.groups[0].name, settings.clients[0].group) == ("kids", "kids")
    assert paused(built) == [("group", "kids")]
    await rows_of(built, "kids", 2)


async def test_a_schedule_keeps_those_who_go_by_it(build: Build) -> None:
    built = await settled(build)
    await rename(built, renaming.rename_schedule, "BEDTIME", "night")
    settings = built.settings.settings
    assert (settings.schedules[0].name, settings.groups[0].schedules[0].when) == ("night", "night")


async def test_a_client_takes_its_pause_and_rules_for_it_along(build: Build) -> None:
    built = await settled(build)
    await perform(pause, built.house, OPERATOR, PauseInput(scope="client", name="tablet"))
    rule = "||a.example^$client=Tablet"
    await perform(add, built.house, OPERATOR, NewRules(rules=[rule], seconds=600))
    await perform(add, built.house, OPERATOR, NewRules(rules=[rule]))
    await rename(built, renaming.rename_client, "tablet", "Slate")
    assert paused(built) == [("client", "Slate")]
    wanted = "||a.example^$client='Slate'"
    assert (built.temporary, built.settings.settings.filtering.rules) == ([wanted], (wanted,))
    await undo(built)
    assert paused(built) == [("client", "Tablet")]
    assert built.settings.settings.filtering.rules == (rule,)


@pytest.mark.parametrize("scope", ["group", "client"])
async def test_what_is_no_more_is_not_paused(build: Build, scope: str) -> None:
    built = await settled(build)
    for kind, name in (("group", "kids"), ("client", "Tablet")):
        given = PauseInput.model_validate({"scope": kind, "name": name})
        await perform(pause, built.house, OPERATOR, given)
    await perform(household.remove_client, built.house, ADMIN, household.Named(name="Tablet"))
    assert paused(built) == [("group", "kids")]
    if scope == "group":
        await perform(household.remove_group, built.house, ADMIN, household.Named(name="kids"))
        assert paused(built) == []
    tablet = household.ClientWanted.model_validate(TABLET | {"group": "default", "name": "TABLET"})
    await perform(household.set_client, built.house, ADMIN, tablet)
    assert ("client", "Tablet") not in paused(built)


async def test_setting_something_under_another_name_moves_it_as_well(build: Build) -> None:
    built = await settled(build)
    await perform(pause, built.house, OPERATOR, PauseInput(scope="group", name="kids"))
    wanted = household.GroupWanted.model_validate({"name": "kids", "rename": "young", "log": False})
    await perform(household.set_group, built.house, ADMIN, wanted)
    assert built.settings.settings.clients[0].group == "young"
    assert paused(built) == [("group", "young")]


async def test_it_is_only_told_where_that_is_wanted(build: Build) -> None:
    built = await settled(build)
    told = await rename(built, renaming.rename_group, "kids", "children", dry_run=True)
    assert {each.key for each in told.differences} == {"groups", "clients"}
    assert built.settings.settings.groups[0].name == "kids"


async def test_what_the_settings_file_holds_is_renamed_there(build: Build) -> None:
    built = await build({"groups": [{"name": "kids"}], "clients": [TABLET]})
    with pytest.raises(RequestError, match=r"sinkhole\.yaml:\d+") as refused:
        await rename(built, renaming.rename_group, "kids", "children")
    assert refused.value.code == "held_by_file"
    tree = {"groups": [{"name": "children"}], "clients": [{**TABLET, "group": "children"}]}
    await perform(pause, built.house, OPERATOR, PauseInput(scope="group", name="kids"))
    built.write_config(tree)
    await built.settings.reload()
    assert paused(built) == [("group", "children")]


async def test_who_may_only_look_renames_nothing(build: Build) -> None:
    built = await settled(build)
    given = renaming.Renaming(name="kids", to="children")
    with pytest.raises(RequestError):
        await perform(renaming.rename_group, built.house, VIEWER, given)


async def test_a_name_that_fits_nowhere_is_refused_whole(build: Build) -> None:
    built = await settled(build)
    with pytest.raises((RequestError, SettingsError)):
        await rename(built, renaming.rename_group, "kids", " ")
    assert built.settings.settings.groups[0].name == "kids"
