"""What applies to whoever is in no group: that server knows nobody else.

Either the household says it, or the group "default" in place of it; what is changed is changed
where it is said.
"""

from __future__ import annotations

from typing import Any

from sinkhole.control.settings import GroupSettings, Settings
from sinkhole.control.settings.groups_schema import DEFAULT_GROUP
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.plain import plain_of


def default_group(settings: Settings) -> GroupSettings | None:
    """The group of whoever is in no other, if anything is said of it."""
    named = (each for each in settings.groups if each.name.casefold() == DEFAULT_GROUP)
    return next(named, None)


def said(settings: Settings, field: str, usual: Any) -> Any:
    """What a field of policies is for everybody; `usual` is what the household says."""
    group = default_group(settings)
    value = getattr(group, field) if group is not None else None
    return usual if value is None else value


def changes_of(settings: Settings, field: str, key: str, now: Any, value: Any) -> list[Change]:
    """What makes a field another one for everybody: of the group where that says it, else the
    household's `key`. Nothing where it is so already."""
    if plain_of(now) == value:
        return []
    group = default_group(settings)
    if group is None or getattr(group, field) is None:
        return [Change(key, value=value)]
    return [Change("groups", group.name, "set", said_of(group) | {field: value})]


def said_of(group: GroupSettings) -> dict[str, Any]:
    """What the settings say of a group, without schedules where it has none."""
    found: dict[str, Any] = plain_of(group)
    return found if group.schedules else {k: each for k, each in found.items() if k != "schedules"}
