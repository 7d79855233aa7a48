"""Protection: the filter on and off, for a time or until somebody resumes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.state.pauses import Pause
from sinkhole.model.actor import Actor, Permission

LONGEST_PAUSE_S = 30 * 86_400


class PauseInput(Input):
    """How long the filter is to be off."""

    seconds: Annotated[
        float | None, Field(default=None, gt=0, le=LONGEST_PAUSE_S, description="Until resumed.")
    ] = None


class ProtectionStatus(Output):
    """Whether names are refused now; of a pause who began it and how long it goes on."""

    enabled: bool
    paused_by: str = ""
    paused_at: float | None = None
    left_s: float | None = None
    """None: until somebody resumes it."""

    @classmethod
    def of(cls, pause: Pause | None, left_s: float | None) -> ProtectionStatus:
        """The status while there is this pause, or none."""
        if pause is None:
            return cls(enabled=True)
        return cls(enabled=False, paused_by=pause.by, paused_at=pause.began.wall_s, left_s=left_s)


@operation("protection.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> ProtectionStatus:
    """Tell whether names are refused now."""
    return ProtectionStatus.of(house.protection.pause, house.protection.left_s())


@operation("protection.pause", Permission.PROTECTION_WRITE, changes=True)
async def pause(house: House, actor: Actor, given: PauseInput) -> ProtectionStatus:
    """Switch the filter off for everybody, for a time or until it is resumed.

    There is one pause at a time: a second one takes the place of the first.
    """
    await house.protection.begin(given.seconds, actor)
    return ProtectionStatus.of(house.protection.pause, house.protection.left_s())


@operation("protection.resume", Permission.PROTECTION_WRITE, changes=True)
async def resume(house: House, actor: Actor, given: Nothing) -> ProtectionStatus:
    """Switch the filter on again."""
    await house.protection.end(actor)
    return ProtectionStatus.of(house.protection.pause, house.protection.left_s())
