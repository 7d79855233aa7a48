"""What a household names: clients, local records, routes and upstream sets, one item at a time.

All of them are keyed collections of the settings; `settings.change` can do the same, and several
at once.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.settings import (
    ChangeResult,
    DryRun,
    Revision,
    SettingItem,
    result_of,
)
from sinkhole.control.settings.describe import described_items
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.model.actor import Actor, Permission

CLIENTS, RECORDS = "clients", "local.records"
ROUTES, SETS = "upstream.routes", "upstream.sets"

_MOST_NAME = 1000


class Items(Output):
    """All items in force of one kind, and the revision that a change can be made by."""

    revision: str
    items: list[SettingItem]


class Named(Input):
    """Which item."""

    name: str = Field(min_length=1, max_length=_MOST_NAME)
    revision: str | None = Revision
    dry_run: bool = DryRun


async def _all(house: House, key: str) -> Items:
    revision, settings = house.settings.revision, house.settings.settings
    found = await asyncio.to_thread(described_items, key, settings)
    items = [SettingItem(**each._asdict()) for each in found]
    return Items(revision=revision, items=items)


async def _set(
    house: House, actor: Actor, key: str, given: Named, value: Any, rename: str | None = None
) -> ChangeResult:
    """Set one item whole; under another name in place of the one it had."""
    keyed = COLLECTIONS[key]
    changes = [Change(key, rename or given.name, "set", value)]
    if rename is not None and keyed.id_of(rename) != keyed.id_of(given.name):
        changes.insert(0, Change(key, given.name, "remove"))
    note = f"{keyed.what} {given.name} set"
    done = await house.settings.change(
        changes, actor, revision=given.revision, dry_run=given.dry_run, note=note
    )
    return result_of(done, dry_run=given.dry_run)


async def _remove(house: House, actor: Actor, key: str, given: Named) -> ChangeResult:
    note = f"{COLLECTIONS[key].what} {given.name} removed"
    changes = [Change(key, given.name, "remove")]
    done = await house.settings.change(
        changes, actor, revision=given.revision, dry_run=given.dry_run, note=note
    )
    return result_of(done, dry_run=given.dry_run)


# ---- clients -----------------------------------------------------------------------------------


class ClientWanted(Named):
    """A client as it is to be; it needs an address or an id."""

    name: str = Field(min_length=1, max_length=100, examples=["Kids tablet"])
    rename: str | None = Field(default=None, min_length=1, max_length=100)
    addresses: list[str] = Field(default=[], max_length=100, examples=[["192.0.2.7"]])
    ids: list[str] = Field(default=[], max_length=100, examples=[["tablet"]])
    tags: list[str] = Field(default=[], max_length=100, examples=[["device_tablet"]])


@operation("clients.list", Permission.SETTINGS_READ)
async def list_clients(house: House, actor: Actor, given: Nothing) -> Items:
    """Show all clients that the settings know."""
    return await _all(house, CLIENTS)


@operation("clients.set", Permission.SETTINGS_WRITE, changes=True)
async def set_client(house: House, actor: Actor, given: ClientWanted) -> ChangeResult:
    """Make a client known, or change what it is known by.

    What is not given of it is empty.
    """
    parts = {"addresses": given.addresses, "ids": given.ids, "tags": given.tags}
    named = {"name": given.rename or given.name}
    value = named | {key: each for key, each in parts.items() if each}
    return await _set(house, actor, CLIENTS, given, value, given.rename)


@operation("clients.remove", Permission.SETTINGS_WRITE, changes=True)
async def remove_client(house: House, actor: Actor, given: Named) -> ChangeResult:
    """Forget a client; its rows in the log stay."""
    return await _remove(house, actor, CLIENTS, given)


# ---- local records -----------------------------------------------------------------------------


class RecordsWanted(Named):
    """A name of the house with all its records."""

    name: str = Field(min_length=1, max_length=_MOST_NAME, examples=["nas.home", "*.nas.home"])
    rename: str | None = Field(default=None, min_length=1, max_length=_MOST_NAME)
    records: list[str] = Field(
        min_length=1, max_length=1000, examples=[["192.0.2.10", "MX 10 mail.home"]]
    )


@operation("records.list", Permission.SETTINGS_READ)
async def list_records(house: House, actor: Actor, given: Nothing) -> Items:
    """Show all local names with their records."""
    return await _all(house, RECORDS)


@operation("records.set", Permission.SETTINGS_WRITE, changes=True)
async def set_records(house: House, actor: Actor, given: RecordsWanted) -> ChangeResult:
    """Give a local name its records, in place of those it has."""
    return await _set(house, actor, RECORDS, given, given.records, given.rename)


@operation("records.remove", Permission.SETTINGS_WRITE, changes=True)
async def remove_records(house: House, actor: Actor, given: Named) -> ChangeResult:
    """Forget a local name with all its records."""
    return await _remove(house, actor, RECORDS, given)


# ---- routes and sets of upstreams --------------------------------------------------------------


class RouteWanted(Named):
    """Names that others are asked about, and who."""

    name: str = Field(
        min_length=1, max_length=_MOST_NAME, examples=["corp.example", "*.corp.example"]
    )
    rename: str | None = Field(default=None, min_length=1, max_length=_MOST_NAME)
    to: str | list[str] = Field(
        description="A set, `default`, or servers.", examples=["vpn", ["192.0.2.1"]]
    )


@operation("routes.list", Permission.SETTINGS_READ)
async def list_routes(house: House, actor: Actor, given: Nothing) -> Items:
    """Show which names other servers are asked about."""
    return await _all(house, ROUTES)


@operation("routes.set", Permission.SETTINGS_WRITE, changes=True, audited=frozenset({"name"}))
async def set_route(house: House, actor: Actor, given: RouteWanted) -> ChangeResult:
    """Lead names to servers of their own."""
    return await _set(house, actor, ROUTES, given, given.to, given.rename)


@operation("routes.remove", Permission.SETTINGS_WRITE, changes=True)
async def remove_route(house: House, actor: Actor, given: Named) -> ChangeResult:
    """Ask the usual servers about names again."""
    return await _remove(house, actor, ROUTES, given)


class UpstreamSetWanted(Named):
    """Servers under a name; what is null is as in the section `upstream`."""

    name: str = Field(min_length=1, max_length=40, examples=["family"])
    servers: list[str] = Field(
        min_length=1, max_length=100, examples=[["tls://family.example.org"]]
    )
    fallback: list[str] = Field(default=[], max_length=100)
    strategy: Literal["fastest", "parallel", "load_balance", "strict"] | None = None
    client_subnet: str | None = Field(default=None, max_length=100)


@operation("upstream_sets.list", Permission.SETTINGS_READ)
async def list_sets(house: House, actor: Actor, given: Nothing) -> Items:
    """Show the sets of upstreams that have a name; secrets are masked."""
    return await _all(house, SETS)


@operation(
    "upstream_sets.set", Permission.SETTINGS_WRITE, changes=True, audited=frozenset({"name"})
)
async def set_set(house: House, actor: Actor, given: UpstreamSetWanted) -> ChangeResult:
    """Give servers a name, for routes to lead to."""
    parts = given.model_dump(include={"servers", "fallback", "strategy", "client_subnet"})
    return await _set(house, actor, SETS, given, {key: each for key, each in parts.items() if each})


@operation("upstream_sets.remove", Permission.SETTINGS_WRITE, changes=True)
async def remove_set(house: House, actor: Actor, given: Named) -> ChangeResult:
    """Forget a set; refused while a route leads to it."""
    return await _remove(house, actor, SETS, given)
