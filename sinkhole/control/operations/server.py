"""The server as a whole: whether it is to be asked."""

from __future__ import annotations

from pydantic import Field

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


def drain_status(house: House) -> DrainStatus:
    """Whether it is drained, and by whom."""
    drain = house.drain
    return DrainStatus(drained=drain.is_on, by=drain.by, since=drain.began_s)
