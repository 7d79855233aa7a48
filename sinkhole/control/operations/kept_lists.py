"""The lists that are kept: those of the settings, and those that are fetched for categories.

A list of a category is there while anybody has the category. It is fetched, and its versions are
chosen, like any other; but it has no item in the settings to be changed or removed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from sinkhole.control.lists.categories import category_lists, wanting, with_categories
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Output
from sinkhole.control.operations.refusals import refusal
from sinkhole.control.settings import ListSettings, Settings
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError


class WantedBy(Output):
    """Somebody who has a category that a list is fetched for."""

    category: str = Field(examples=["malware"])
    scope: Literal["household", "group", "client"]
    name: str = Field(description='Of the group or client; "" for the household.')


async def kept(house: House, name: str) -> ListSettings:
    """The list of a name, also one of a category; RequestError where there is none."""
    settings = house.settings.settings
    every = (await asyncio.to_thread(with_categories, settings)).lists
    for each in every:
        if each.name.casefold() == name.casefold():
            return each
    raise no_such(name, every)


def no_such(name: str, every: tuple[ListSettings, ...]) -> RequestError:
    """That none of the lists is called so."""
    there = ", ".join(each.name for each in every) or "none"
    return refusal("not_found", "list_unknown", f"there is no list {name!r}; there are {there}")


async def not_to_be_changed(house: House, name: str) -> RequestError:
    """Why a list that the settings do not name can't be changed: it is fetched for a category;
    RequestError where there is none of this name."""
    entry = await kept(house, name)
    text = f"the list {entry.name!r} is fetched for a category; it goes when nobody has that"
    return refusal("conflict", "list_of_category", text)


async def wanted_by(house: House, actor: Actor) -> Mapping[str, list[WantedBy]]:
    """By the name of a list, for whom it is fetched; lists of no category are not in it.

    What clients and groups go without is for those who may read settings.
    """
    if not actor.may(Permission.SETTINGS_READ):
        return {}
    return await asyncio.to_thread(_wanted_by, house.settings.settings)


def _wanted_by(settings: Settings) -> dict[str, list[WantedBy]]:
    found: dict[str, list[WantedBy]] = {}
    everybody = wanting(settings)
    for word, lists in category_lists(settings).items():
        who = [WantedBy(**each._asdict()) for each in everybody if each.category == word]
        for entry in lists:
            found[entry.name] = who
    return found
