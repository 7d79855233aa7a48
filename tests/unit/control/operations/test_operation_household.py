"""Clients, groups, schedules, records, routes and upstream sets: set, renamed, listed, removed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from houses import ADMIN, VIEWER, BuiltHouse

from sinkhole.control.operations import household
from sinkhole.control.operations.household import Named
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError, SettingsError

Build = Callable[..., Awaitable[BuiltHouse]]


async def test_a_client_is_known_renamed_and_forgotten(build: Build) -> None:
    built = await build()
    tablet = household.ClientWanted(name="Kids tablet", addresses=["192.0.2.7"], ids=["tablet"])
    await perform(household.set_client, built.house, ADMIN, tablet)
    (found,) = (await perform(household.list_clients, built.house, VIEWER, Nothing())).items
    assert found.value == {
        "name": "Kids tablet",
        "addresses": ["192.0.2.7/32"],
        "macs": [],
        "ids": ["tablet"],
        "hosts": [],
        "tags": [],
        "schedules": [],
    }
    renamed = household.ClientWanted(name="kids TABLET", rename="Tablet", ids=["tablet"])
    await perform(household.set_client, built.house, ADMIN, renamed)
    assert [each.name for each in built.settings.settings.clients] == ["Tablet"]
    await perform(household.remove_client, built.house, ADMIN, Named(name="tablet"))
    assert built.settings.settings.clients == ()


async def test_a_client_that_nobody_could_be_is_refused(build: Build) -> None:
    built = await build()
    with pytest.raises(SettingsError, match="neither an address nor a MAC, an id or a host"):
        nobody = household.ClientWanted(name="Nobody")
        await perform(household.set_client, built.house, ADMIN, nobody)


NIGHT = {"when": "bedtime", "allow_only": True}


async def test_a_group_says_what_applies_to_whom_and_when(build: Build) -> None:
    built = await build()
    bedtime = household.ScheduleWanted(name="bedtime", windows=["mon-thu 21:00-07:00"])
    await perform(household.set_schedule, built.house, ADMIN, bedtime)
    said = {"services": ["tiktok"], "safe_search": {"google": True}, "log": False}
    kids = household.GroupWanted.model_validate(
        {"name": "kids", "schedules": [NIGHT], "rate_limit": None, **said}
    )
    await perform(household.set_group, built.house, ADMIN, kids)
    (found,) = (await perform(household.list_groups, built.house, VIEWER, Nothing())).items
    assert found.value == {"name": "kids", "schedules": [NIGHT], **said}
    client = {"name": "Tablet", "macs": ["02-00-5E-10-00-01"], "group": "kids", "filtering": True}
    wanted = household.ClientWanted.model_validate(client)
    await perform(household.set_client, built.house, ADMIN, wanted)
    (tablet,) = built.settings.settings.clients
    assert (tablet.macs, tablet.group, tablet.filtering) == (("02:00:5e:10:00:01",), "kids", True)
    (hours,) = (await perform(household.list_schedules, built.house, VIEWER, Nothing())).items
    assert hours.value["windows"] == ["mon-thu 21:00-07:00"]


async def test_what_somebody_goes_by_is_not_removed(build: Build) -> None:
    built = await build()
    bedtime = household.ScheduleWanted(name="bedtime", windows=["daily 21:00-07:00"])
    await perform(household.set_schedule, built.house, ADMIN, bedtime)
    kids = household.GroupWanted.model_validate({"name": "kids", "schedules": [NIGHT]})
    await perform(household.set_group, built.house, ADMIN, kids)
    tablet = household.ClientWanted.model_validate(
        {"name": "Tablet", "ids": ["tab"], "group": "kids"}
    )
    await perform(household.set_client, built.house, ADMIN, tablet)
    with pytest.raises(SettingsError, match="no group"):
        await perform(household.remove_group, built.house, ADMIN, Named(name="kids"))
    with pytest.raises(SettingsError, match="no schedule"):
        await perform(household.remove_schedule, built.house, ADMIN, Named(name="bedtime"))
    await perform(household.remove_client, built.house, ADMIN, Named(name="tablet"))
    await perform(household.remove_group, built.house, ADMIN, Named(name="kids"))
    await perform(household.remove_schedule, built.house, ADMIN, Named(name="bedtime"))
    assert (built.settings.settings.groups, built.settings.settings.schedules) == ((), ())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"services": ["tiktak"]}, "tiktok"),
        ({"allow_only": "perhaps"}, "neither true nor false"),
        ({"upstream": "nowhere"}, "no upstream set"),
        ({"schedules": [NIGHT]}, "no schedule"),
        ({"safe_search": {"googel": True}}, "googel"),
    ],
)
async def test_what_does_not_fit_a_group_is_said_by_the_settings(
    build: Build, said: dict[str, Any], reason: str
) -> None:
    built = await build()
    wanted = household.GroupWanted.model_validate({"name": "kids", **said})
    with pytest.raises(SettingsError, match=reason):
        await perform(household.set_group, built.house, ADMIN, wanted)
    assert built.revisions == 0


def test_the_schema_of_a_group_is_that_of_the_settings() -> None:
    properties = household.GroupWanted.model_json_schema()["properties"]
    assert {"lists", "rules", "privacy", "schedules"} <= properties.keys()
    assert properties["allow_only"]["anyOf"] == [{"type": "boolean"}, {"type": "null"}]
    assert "everything is refused" in properties["allow_only"]["description"]


async def test_a_local_name_gets_records_whatever_its_spelling(build: Build) -> None:
    built = await build()
    for name, records in (("NAS.home", ["192.0.2.1"]), ("nas.home.", ["192.0.2.2"])):
        wanted = household.RecordsWanted(name=name, records=records)
        await perform(household.set_records, built.house, ADMIN, wanted)
    (found,) = (await perform(household.list_records, built.house, VIEWER, Nothing())).items
    assert (found.name, found.value) == ("nas.home", ["192.0.2.2"])
    await perform(household.remove_records, built.house, ADMIN, Named(name="nas.HOME"))
    with pytest.raises(RequestError) as caught:
        await perform(household.remove_records, built.house, ADMIN, Named(name="nas.home"))
    assert caught.value.kind == "not_found"


async def test_a_set_stays_while_a_route_leads_to_it(build: Build) -> None:
    built = await build()
    family = household.UpstreamSetWanted(name="family", servers=["192.0.2.53"])
    await perform(household.set_set, built.house, ADMIN, family)
    route = household.RouteWanted(name="Corp.example.", to="family")
    await perform(household.set_route, built.house, ADMIN, route)
    (found,) = (await perform(household.list_routes, built.house, VIEWER, Nothing())).items
    assert (found.name, found.value) == ("corp.example", "family")
    with pytest.raises(SettingsError, match="no upstream set"):
        await perform(household.remove_set, built.house, ADMIN, Named(name="family"))
    await perform(household.remove_route, built.house, ADMIN, Named(name="corp.example"))
    await perform(household.remove_set, built.house, ADMIN, Named(name="family"))
    assert (await perform(household.list_sets, built.house, VIEWER, Nothing())).items == []


async def test_what_the_file_holds_is_refused_with_its_place(build: Build) -> None:
    built = await build({"clients": [{"name": "TV", "addresses": ["192.0.2.9"]}]})
    with pytest.raises(RequestError) as caught:
        await perform(household.remove_client, built.house, ADMIN, Named(name="tv"))
    assert caught.value.code == "held_by_file"
    assert caught.value.more["where"].startswith(f"{built.config}:")


async def test_what_is_not_given_stays_where_that_is_wanted(build: Build) -> None:
    built = await build()
    bedtime = household.ScheduleWanted(name="bedtime", windows=["mon-thu 21:00-07:00"])
    await perform(household.set_schedule, built.house, ADMIN, bedtime)

    async def said(**given: Any) -> None:
        wanted = household.GroupWanted.model_validate({"name": "KIDS", "keep": True, **given})
        await perform(household.set_group, built.house, ADMIN, wanted)

    await said(name="Kids", services=["tiktok"], safe_search={"google": True}, schedules=[NIGHT])
    await said(safe_search={"bing": True}, rules=["||a.example^"])
    await said(schedules=[{"when": "Bedtime", "log": False}])
    (group,) = built.settings.settings.groups
    assert (group.name, group.services, group.rules) == ("KIDS", ("tiktok",), ("||a.example^",))
    assert group.safe_search is not None
    assert (group.safe_search.google, group.safe_search.bing) == (True, True)
    (entry,) = group.schedules
    assert (entry.when, entry.allow_only, entry.log) == ("bedtime", True, False)
    tablet = household.ClientWanted(name="Tablet", addresses=["192.0.2.7"], ids=["tablet"])
    await perform(household.set_client, built.house, ADMIN, tablet)
    grouped = household.ClientWanted.model_validate(
        {"name": "tablet", "group": "kids", "keep": True}
    )
    await perform(household.set_client, built.house, ADMIN, grouped)
    (client,) = built.settings.settings.clients
    assert (str(client.addresses[0]), client.ids, client.group) == (
        "192.0.2.7/32",
        ("tablet",),
        "kids",
    )
