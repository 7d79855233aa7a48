"""The server as a whole: whether it is to be asked, and beginning anew."""

from __future__ import annotations

import os

from pydantic import Field

from sinkhole import __version__
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Nothing, Output, operation
from sinkhole.model.actor import Actor, Permission


class DrainStatus(Output):
    """Whether the server is drained: it answers, but says that it is not ready."""

    drained: bool
    by: str = Field(description="Who drained it; nothing while it is not.")
    since: float | None = Field(description="When that was, in seconds since 1970.")


@operation("server.drain", Permission.SETTINGS_WRITE, changes=True)
async def drain(house: House, actor: Actor, given: Nothing) -> DrainStatus:
    """Have whatever spreads queries over several servers send them to the others.

    From now on /readyz is 503, while DNS goes on being answered. It lasts until it is taken back,
    or the server begins anew.
    """
    house.drain.begin(actor.name)
    return drain_status(house)


@operation("server.undrain", Permission.SETTINGS_WRITE, changes=True)
async def undrain(house: House, actor: Actor, given: Nothing) -> DrainStatus:
    """Have the server asked again, once it is ready."""
    house.drain.end()
    return drain_status(house)


class Leaving(Output):
    """The program that is about to end."""

    version: str
    run: str = Field(description="The status has another one as soon as the next one answers.")
    pid: int = Field(description="The process, which stays the same.")


@operation("server.restart", Permission.SETTINGS_WRITE, changes=True)
async def restart(house: House, actor: Actor, given: Nothing) -> Leaving:
    """Begin anew as the program that is installed now, while DNS goes on being answered.

    That is asked first whether it would start with the settings: where not, nothing is done, and it
    is said why. The page and the API are away for some seconds.
    """
    leaving = Leaving(version=__version__, run=house.restarting.run, pid=os.getpid())
    await house.restarting.begin()
    return leaving


def drain_status(house: House) -> DrainStatus:
    """Whether it is drained, and by whom."""
    drain = house.drain
    return DrainStatus(drained=drain.is_on, by=drain.by, since=drain.began_s)
