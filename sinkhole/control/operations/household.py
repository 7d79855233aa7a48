"""What a household names: clients, groups, schedules, local records, routes and upstream sets, one
item at a time.

All of them are keyed collections of the settings; `settings.change` can do the same, and several
at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from pydantic import Field, create_model

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.settings import (
    ChangeResult,
    DryRun,
    Revision,
    SettingItem,
    result_of,
)
from sinkhole.control.settings import ClientSettings, GroupSettings
from sinkhole.control.settings.clients_schema import IDENTIFIERS
from sinkhole.control.settings.describe import described_items
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.json_schema import accepts
from sinkhole.control.settings.keyed import COLLECTIONS, NAME
from sinkhole.control.settings.plain import merged, plain_of
from sinkhole.control.settings.prose import help_of
from sinkhole.control.settings.renaming import SCOPES, Renamed, renamed
from sinkhole.control.settings.values import Section
from sinkhole.model.actor import Actor, Permission

CLIENTS, GROUPS, SCHEDULES, RECORDS = "clients", "groups", "schedules", "local.records"
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


_Wanted = TypeVar("_Wanted", bound=Named)


def _with_fields_of(section: type[Section]) -> Callable[[type[_Wanted]], type[_Wanted]]:
    """Have an input take all keys of such an item, written as in the settings: these know what
    fits, and say what does not. What is null is not said."""

    def made(model: type[_Wanted]) -> type[_Wanted]:
        added: dict[str, Any] = {}
        for key, field in section.model_fields.items():
            if key not in model.model_fields:
                schema: dict[str, Any] = {"anyOf": [accepts(field), {"type": "null"}]}
                told = Field(
                    default=None, description=help_of(section, key), json_schema_extra=schema
                )
                added[key] = (Any, told)
        return create_model(
            model.__name__,
            __base__=model,
            __module__=model.__module__,
            __doc__=model.__doc__,
            **added,
        )

    return made


def _said(given: Named, section: type[Section]) -> dict[str, Any]:
    """What an input says of an item, as the settings take it."""
    parts = given.model_dump(include={*section.model_fields, "name"} & {*type(given).model_fields})
    return {key: value for key, value in parts.items() if value is not None}


async def _all(house: House, key: str) -> Items:
    revision, settings = house.settings.revision, house.settings.settings
    found = await asyncio.to_thread(described_items, key, settings)
    items = [SettingItem(**each._asdict()) for each in found]
    return Items(revision=revision, items=items)


class Changeable(Named):
    """Which item, and whether it is said whole."""

    keep: bool = Field(
        default=False, description="What is not given stays as it is; else it is gone."
    )


def _kept(house: House, key: str, given: Changeable, value: dict[str, Any]) -> dict[str, Any]:
    """What is given of an item, beside what it says already where that is to stay."""
    if not given.keep:
        return value
    keyed, settings = COLLECTIONS[key], house.settings.settings
    wanted = keyed.id_of(given.name)
    items = (plain_of(each) for each in getattr(settings, key))
    before: dict[str, Any] = next((each for each in items if keyed.id_of(each[NAME]) == wanted), {})
    return merged(before, value)


async def _set(
    house: House, actor: Actor, key: str, given: Named, value: Any, rename: str | None = None
) -> ChangeResult:
    """Set one item whole; under another name in place of the one it had."""
    keyed = COLLECTIONS[key]
    changes = [Change(key, rename or given.name, "set", value)]
    other: list[Renamed] = []
    if rename is not None and key in SCOPES:
        changes = renamed(house.settings.settings, key, given.name, rename, value)
        other = [Renamed(SCOPES[key], given.name, rename)]
    elif rename is not None and keyed.id_of(rename) != keyed.id_of(given.name):
        changes.insert(0, Change(key, given.name, "remove"))
    note = f"{keyed.what} {given.name} set"
    done = await house.settings.change(
        *(changes, actor),
        revision=given.revision,
        dry_run=given.dry_run,
        note=note,
        renamed=other,
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


@_with_fields_of(ClientSettings)
class ClientWanted(Changeable):
    """A client as it is to be: what it is known by, its group, and what applies to it.

    It needs an address, a MAC, an id or a host.
    """

    name: str = Field(min_length=1, max_length=100, examples=["Kids tablet"])
    rename: str | None = Field(default=None, min_length=1, max_length=100)
    addresses: list[str] = Field(default=[], max_length=100, examples=[["192.0.2.7"]])
    macs: list[str] = Field(default=[], max_length=100, examples=[["02:00:5e:10:00:01"]])
    ids: list[str] = Field(default=[], max_length=100, examples=[["tablet"]])
    hosts: list[str] = Field(default=[], max_length=100, examples=[["kids-tablet"]])
    tags: list[str] = Field(default=[], max_length=100, examples=[["device_tablet"]])


@operation("clients.list", Permission.SETTINGS_READ)
async def list_clients(house: House, actor: Actor, given: Nothing) -> Items:
    """Show all clients that the settings know."""
    return await _all(house, CLIENTS)


@operation(
    "clients.set",
    Permission.SETTINGS_WRITE,
    changes=True,
    audited=frozenset({"name", "rename", "group", *IDENTIFIERS, "tags"}),
)
async def set_client(house: House, actor: Actor, given: ClientWanted) -> ChangeResult:
    """Make a client known, or change what it is known by and what applies to it.

    What is not given of it is empty, or as its group has it; with `keep` it stays as it is.
    """
    said = _said(given, ClientSettings)
    value = {key: each for key, each in said.items() if each or key not in (*IDENTIFIERS, "tags")}
    value = _kept(house, CLIENTS, given, value) | {"name": given.rename or given.name}
    return await _set(house, actor, CLIENTS, given, value, given.rename)


@operation("clients.remove", Permission.SETTINGS_WRITE, changes=True)
async def remove_client(house: House, actor: Actor, given: Named) -> ChangeResult:
    """Forget a client; its rows in the log stay."""
    return await _remove(house, actor, CLIENTS, given)


# ---- groups and schedules ----------------------------------------------------------------------


@_with_fields_of(GroupSettings)
class GroupWanted(Changeable):
    """A group as it is to be: what applies to whoever is in it."""

    name: str = Field(min_length=1, max_length=100, examples=["Kids"])
    rename: str | None = Field(default=None, min_length=1, max_length=100)


@operation("groups.list", Permission.SETTINGS_READ)
async def list_groups(house: House, actor: Actor, given: Nothing) -> Items:
    """Show all groups that the settings have, and what applies to each."""
    return await _all(house, GROUPS)


@operation(
    "groups.set",
    Permission.SETTINGS_WRITE,
    changes=True,
    audited=frozenset({"name", "rename"}),
)
async def set_group(house: House, actor: Actor, given: GroupWanted) -> ChangeResult:
    """Say what applies to a group of clients; "default" are those who are in no other.

    What is not given of it is as for the household; with `keep` it stays as it is. Its
    clients follow it to another name.
    """
    value = _kept(house, GROUPS, given, _said(given, GroupSettings))
    value |= {"name": given.rename or given.name}
    return await _set(house, actor, GROUPS, given, value, given.rename)


@operation("groups.remove", Permission.SETTINGS_WRITE, changes=True)
async def remove_group(house: House, actor: Actor, given: Named) -> ChangeResult:
    """Forget a group; refused while a client is in it."""
    return await _remove(house, actor, GROUPS, given)


class ScheduleWanted(Named):
    """Hours of the week under a name."""

    name: str = Field(min_length=1, max_length=100, examples=["bedtime"])
    rename: str | None = Field(default=None, min_length=1, max_length=100)
    windows: list[str] = Field(
        min_length=1, max_length=100, examples=[["mon-thu 21:00-07:00", "fri,sat 22:30-08:00"]]
    )


@operation("schedules.list", Permission.SETTINGS_READ)
async def list_schedules(house: House, actor: Actor, given: Nothing) -> Items:
    """Show all schedules with the hours in which they are open."""
    return await _all(house, SCHEDULES)


@operation("schedules.set", Permission.SETTINGS_WRITE, changes=True)
async def set_schedule(house: House, actor: Actor, given: ScheduleWanted) -> ChangeResult:
    """Give hours of the week a name, for groups and clients to say what is different then."""
    value = {"name": given.rename or given.name, "windows": given.windows}
    return await _set(house, actor, SCHEDULES, given, value, given.rename)


@operation("schedules.remove", Permission.SETTINGS_WRITE, changes=True)
async def remove_schedule(house: House, actor: Actor, given: Named) -> ChangeResult:
    """Forget a schedule; refused while a group or a client goes by it."""
    return await _remove(house, actor, SCHEDULES, given)


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
