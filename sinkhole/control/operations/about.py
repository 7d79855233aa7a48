"""What is running here, and what it is made of."""

from __future__ import annotations

import asyncio
import platform
import re
from importlib.metadata import PackageNotFoundError, metadata, requires
from typing import Final

from pydantic import Field

from sinkhole import __version__
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Nothing, Output, operation
from sinkhole.model.actor import Actor, Permission

LICENCE: Final = "MIT"
_NAME: Final = re.compile(r"[\w.-]+")
_CLASSIFIER: Final = "License :: OSI Approved :: "
_LONGEST: Final = 60
"""Characters of what names a licence; longer is the text of it."""


class Component(Output):
    """A package of others that the server uses."""

    name: str
    version: str
    licence: str = Field(description='As it says itself, "" where it does not.')


class About(Output):
    """The program, and what it is made of."""

    version: str
    licence: str
    python: str
    system: str = Field(examples=["Linux x86_64"])
    components: list[Component]


@operation("about.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> About:
    """Show the version, the licence, and which packages of others are in use."""
    return About(
        version=__version__,
        licence=LICENCE,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        components=await asyncio.to_thread(_components),
    )


def _components() -> list[Component]:
    """What the package of this program asks for, as far as it is installed."""
    try:
        wanted = requires("sinkhole") or []
    except PackageNotFoundError:
        return []
    names = {found[0] for each in wanted if (found := _NAME.match(each))}
    return [each for each in map(_component, sorted(names)) if each is not None]


def _component(name: str) -> Component | None:
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return None
    said = [*(told.get_all("License-Expression") or []), *(told.get_all("License") or [])]
    said += [
        each.removeprefix(_CLASSIFIER)
        for each in told.get_all("Classifier") or []
        if each.startswith(_CLASSIFIER)
    ]
    licence = next((each for each in said if each and len(each) <= _LONGEST), "")
    return Component(name=told["Name"], version=told["Version"], licence=licence)
