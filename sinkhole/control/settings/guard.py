"""Settings of the guard that looks at a new copy of a list before it is used."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from sinkhole.control.settings.fields import Section, host_name, whole_number


def _leaves_room(factor: int) -> int:
    if factor == 1:
        raise ValueError("1 would stop every change, write 2 to 1000, or 0 for off")
    return factor


class GuardSettings(Section):
    """When a list is kept back until somebody says that it is right."""

    factor: Annotated[int, whole_number(0, 1000), AfterValidator(_leaves_room)] = 3
    """A list may grow or shrink by this factor at once; 0 is off."""
    canaries: tuple[Annotated[str, host_name()], ...] = ()
    """Names no list may block, besides those the guard knows by itself."""
