"""Services that are blocked as a whole, and search engines that leave out what is not for
children."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.origins import HELD_BY, origin_of
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.shipped import GROUP, known_engines, known_services
from sinkhole.model.actor import Actor, Permission

SERVICES = "filtering.services"
SAFE_SEARCH = "filtering.safe_search"

# ---- services ----------------------------------------------------------------------------------


class Service(Output):
    """A service that can be blocked as a whole."""

    id: str = Field(examples=["tiktok"])
    name: str = Field(examples=["TikTok"])
    group: str = Field(examples=["social"])
    blocked: bool
    by_group: bool = Field(description="Whether it is blocked because all of its group are.")
    held_by: str = Field(description=HELD_BY)
    domains: int = Field(description="How many names stand for it, each with all below it.")


class ServiceGroup(Output):
    """Services of one kind."""

    name: str = Field(examples=["social"])
    blocked: bool = Field(description="Whether all of them are blocked, those yet to come as well.")
    services: int
    held_by: str = Field(description=HELD_BY)


class Services(Output):
    """Every service and group."""

    services: list[Service]
    groups: list[ServiceGroup]


class BlockedChange(Input):
    """A service or a group, and whether it is to be blocked."""

    id: str = Field(
        max_length=100,
        description='Its id; "group:NAME" is all of a group.',
        examples=["tiktok", "group:social_network"],
    )
    blocked: bool


@operation("services.list", Permission.LISTS_READ)
async def list_all(house: House, actor: Actor, given: Nothing) -> Services:
    """Show every service that can be blocked as a whole, and which are."""
    known = await asyncio.to_thread(known_services)
    settings = house.settings.settings
    chosen = frozenset(settings.filtering.services)
    groups: dict[str, int] = {}
    for each in known.values():
        groups[each.group] = groups.get(each.group, 0) + 1
    return Services(
        services=[
            Service(
                id=each.id,
                name=each.name,
                group=each.group,
                blocked=each.id in chosen or GROUP + each.group in chosen,
                by_group=GROUP + each.group in chosen,
                held_by=_held_by(settings, each.id) if each.id in chosen else "",
                domains=len(each.domains),
            )
            for each in known.values()
        ],
        groups=[
            ServiceGroup(
                name=name,
                blocked=GROUP + name in chosen,
                services=count,
                held_by=_held_by(settings, GROUP + name) if GROUP + name in chosen else "",
            )
            for name, count in groups.items()
        ],
    )


def _held_by(settings: Settings, item: str) -> str:
    return origin_of(settings, SERVICES, item)[1]


@operation("services.change", Permission.RULES_WRITE, changes=True)
async def change(house: House, actor: Actor, given: BlockedChange) -> Services:
    """Block a service or a whole group, or no longer.

    A service whose group is blocked stays blocked with it. What the settings file holds is changed
    there.
    """
    known = await asyncio.to_thread(known_services)
    groups = {GROUP + each.group for each in known.values()}
    if given.id not in known and given.id not in groups:
        text = f"there is no service or group {given.id!r}; the list of services has all there are"
        raise refusal("not_found", "service_unknown", text)
    is_chosen = given.id in house.settings.settings.filtering.services
    if given.blocked != is_chosen:
        wanted = Change(SERVICES, given.id, "set" if given.blocked else "remove", given.id)
        word = "blocked" if given.blocked else "no longer blocked"
        await house.settings.change([wanted], actor, note=f"service {given.id} {word}")
    return await list_all.run(house, actor, Nothing())


# ---- safe search -------------------------------------------------------------------------------

Engine = Literal["bing", "brave", "duckduckgo", "ecosia", "google", "pixabay", "yandex", "youtube"]
Level = Literal["off", "moderate", "strict"]


class SearchEngine(Output):
    """A search engine, and whether it is led to what is fit for children."""

    id: Engine
    name: str = Field(examples=["Google"])
    level: Level
    levels: list[Level] = Field(description="The levels that it has.")
    held_by: str = Field(description=HELD_BY)


class SafeSearch(Output):
    """Every search engine that has a safe search."""

    engines: list[SearchEngine]


class SafeSearchChange(Input):
    """Search engines, and the level of each."""

    engines: dict[Engine, Level] = Field(
        min_length=1,
        description="The level by engine; those left out stay as they are. Only youtube has "
        "`moderate`.",
        examples=[{"google": "strict", "youtube": "moderate"}],
    )


@operation("safe_search.show", Permission.LISTS_READ)
async def show_safe_search(house: House, actor: Actor, given: Nothing) -> SafeSearch:
    """Show which search engines are made to leave out what is not for children."""
    engines = await asyncio.to_thread(known_engines)
    settings = house.settings.settings
    levels = settings.filtering.safe_search.model_dump()
    return SafeSearch(
        engines=[
            SearchEngine.model_validate(
                {
                    "id": key,
                    "name": engine["name"],
                    "level": _level(levels[key]),
                    "levels": ["off", "moderate", "strict"]
                    if "moderate" in engine
                    else ["off", "strict"],
                    "held_by": origin_of(settings, f"{SAFE_SEARCH}.{key}")[1],
                }
            )
            for key, engine in engines.items()
        ]
    )


@operation("safe_search.change", Permission.RULES_WRITE, changes=True)
async def change_safe_search(house: House, actor: Actor, given: SafeSearchChange) -> SafeSearch:
    """Have search engines leave out what is not for children, or no longer."""
    engines = await asyncio.to_thread(known_engines)
    changes = [
        Change(f"{SAFE_SEARCH}.{engine}", value=_stored(engines[engine], engine, level))
        for engine, level in given.engines.items()
    ]
    told = ", ".join(f"{engine} {level}" for engine, level in given.engines.items())
    await house.settings.change(changes, actor, note=f"safe search: {told}")
    return await show_safe_search.run(house, actor, Nothing())


def _level(value: bool | str) -> str:
    return value if isinstance(value, str) else "strict" if value else "off"


def _stored(known: Any, engine: str, level: Level) -> bool | str:
    """A level as the settings write it: a word where there are several, else on or off."""
    if "moderate" in known:
        return level
    if level == "moderate":
        text = f"{engine} has no level between off and strict"
        raise refusal("invalid", "service_unknown", text)
    return level == "strict"
