"""Protection: the filter on and off, for a time or until somebody resumes it."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import refusal
from sinkhole.model.actor import Actor, Permission

LONGEST_PAUSE_S: Final = 30 * 86_400
"""The longest pause that ends by itself."""

_TIME_OF_DAY: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class PauseInput(Input):
    """How long the filter is to be off: `seconds`, or `until` a moment, or until it is resumed."""

    seconds: float | None = Field(
        default=None, gt=0, le=LONGEST_PAUSE_S, description="So many seconds.", examples=[600]
    )
    until: str | None = Field(
        default=None,
        max_length=40,
        description="A time of the day, today or tomorrow, or a moment (ISO 8601), by the clock of "
        "the server where no time zone is given.",
        examples=["21:30", "2030-01-31T21:30", "2030-01-31T21:30:00+01:00"],
    )


class ProtectionStatus(Output):
    """Whether names are refused now; of a pause who began it and how long it goes on."""

    enabled: bool
    paused_by: str = Field(default="", description="Who began the pause.")
    paused_at: float | None = Field(
        default=None, description="When that was, in seconds since 1970."
    )
    left_s: float | None = Field(
        default=None, description="Seconds that are left; null: until somebody resumes it."
    )
    ends_at: float | None = Field(
        default=None, description="When that will be, in seconds since 1970."
    )


@operation("protection.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> ProtectionStatus:
    """Tell whether names are refused now."""
    return status_of(house)


@operation("protection.pause", Permission.PROTECTION_WRITE, changes=True)
async def pause(house: House, actor: Actor, given: PauseInput) -> ProtectionStatus:
    """Switch the filter off for everybody: for a time, until a moment, or until it is resumed.

    It survives a restart. There is one pause at a time: a second one takes the place of the first.
    """
    seconds = given.seconds
    if given.until is not None:
        if seconds is not None:
            raise refusal("invalid", "moment_invalid", "say either seconds or until, not both")
        seconds = seconds_until(given.until, time.time())
    await house.protection.begin(seconds, actor)
    return status_of(house)


@operation("protection.resume", Permission.PROTECTION_WRITE, changes=True)
async def resume(house: House, actor: Actor, given: Nothing) -> ProtectionStatus:
    """Switch the filter on again."""
    await house.protection.end(actor)
    return status_of(house)


def status_of(house: House) -> ProtectionStatus:
    """Whether the filter is on."""
    pause, left_s = house.protection.pause, house.protection.left_s()
    if pause is None:
        return ProtectionStatus(enabled=True)
    ends_at = None if left_s is None else time.time() + left_s
    return ProtectionStatus(
        enabled=False,
        paused_by=pause.by,
        paused_at=pause.began.wall_s,
        left_s=left_s,
        ends_at=ends_at,
    )


def seconds_until(text: str, now_s: float) -> float:
    """How long it is from `now_s` (since 1970) until a time of the day or a moment, by the clock of
    this machine where no zone is given; RequestError for one that is past, too far away, or not
    understood."""
    seconds = _moment_s(text.strip(), datetime.fromtimestamp(now_s)) - now_s
    if seconds <= 0:
        raise refusal("invalid", "moment_invalid", f"{text!r} is past")
    if seconds > LONGEST_PAUSE_S:
        days = LONGEST_PAUSE_S // 86_400
        advice = f"more than {days} days away; leave it out, and resume by hand"
        raise refusal("invalid", "moment_invalid", f"{text!r} is {advice}")
    return seconds


def _moment_s(text: str, now: datetime) -> float:
    """In seconds since 1970; `now` is by the clock of this machine, as times without a zone are."""
    if found := _TIME_OF_DAY.fullmatch(text):
        then = now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        return (then + timedelta(days=then <= now)).timestamp()
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        advice = "write a time such as 21:30, or a moment such as 2030-01-31T21:30"
        raise refusal("invalid", "moment_invalid", f"{text!r} is no moment; {advice}") from None
