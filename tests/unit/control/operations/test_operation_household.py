"""Clients, local records, routes and upstream sets: each set, renamed, listed and removed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

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
        "ids": ["tablet"],
        "tags": [],
    }
    renamed = household.ClientWanted(name="kids TABLET", rename="Tablet", ids=["tablet"])
    await perform(household.set_client, built.house, ADMIN, renamed)
    assert [each.name for each in built.settings.settings.clients] == ["Tablet"]
    await perform(household.remove_client, built.house, ADMIN, Named(name="tablet"))
    assert built.settings.settings.clients == ()


async def test_a_client_that_nobody_could_be_is_refused(build: Build) -> None:
    built = await build()
    with pytest.raises(SettingsError, match="neither an address nor an id"):
        nobody = household.ClientWanted(name="Nobody")
        await perform(household.set_client, built.house, ADMIN, nobody)


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
