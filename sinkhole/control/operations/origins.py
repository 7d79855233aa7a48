"""Who says that an item of the settings is there."""

from __future__ import annotations

from typing import Final, Literal

from sinkhole.control.settings import Settings

Origin = Literal["default", "stored", "file", "environment"]
"""Came with the program; made by command or by a program; of file or environment."""

HELD_BY: Final = (
    'What holds it, such as "/etc/sinkhole/sinkhole.yaml:14", and has to be edited to change it; '
    '"" where it can be changed here.'
)

_HOLDERS: Final[tuple[Origin, ...]] = ("file", "environment")


def origin_of(settings: Settings, key: str, item: str = "") -> tuple[Origin, str]:
    """Where a value, or an item of a keyed collection, comes from, and what holds it, "" for
    nothing."""
    told = settings.origin_of(key, item) if item else settings.origin_of(key)
    kind, _, where = told.partition(" ")
    for holder in _HOLDERS:
        if kind == holder:
            return holder, where
    return ("stored", "") if kind == "stored" else ("default", "")
