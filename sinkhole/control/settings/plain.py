"""Values of the settings as JSON can say them: what is stored, and what programs are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from sinkhole.control.settings.units import Duration, Size
from sinkhole.control.settings.upstream_schema import UpstreamItem
from sinkhole.model.proxy_url import ProxyUrl
from sinkhole.model.upstream_url import UpstreamUrl


def plain_of(value: Any) -> Any:
    """A value as text, number, list or mapping, which reads back to the same value.

    Keys of items that are None are left out.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (Duration, Size)):
        return str(value)
    if isinstance(value, int):
        return value
    if isinstance(value, (UpstreamUrl, ProxyUrl)):
        return value.text
    if isinstance(value, BaseModel):
        items = {name: plain_of(each) for name, each in value if each is not None}
        is_alone = isinstance(value, UpstreamItem) and len(items) == 1
        return items["url"] if is_alone else items
    if isinstance(value, Mapping):
        return {str(name): plain_of(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [plain_of(each) for each in value]
    return str(value)


def merged(before: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values of an item with others in place of some: sets of keys key by key, entries of
    schedules by their name, everything else whole."""
    found = dict(before)
    for key, value in new.items():
        old = before.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            found[key] = merged(old, value)
        elif key == "schedules" and isinstance(old, list) and isinstance(value, list):
            found[key] = _entries(old, value)
        else:
            found[key] = value
    return found


def _entries(old: list[Any], new: list[Any]) -> list[Any]:
    """Entries of schedules, of which new ones change the old ones of the same name."""
    found = list(old)
    known = [str(each.get("when", "")).casefold() for each in old]
    for entry in new:
        name = str(entry.get("when", "")).casefold() if isinstance(entry, Mapping) else ""
        if name in known:
            place = known.index(name)
            found[place] = merged(found[place], entry | {"when": found[place]["when"]})
        else:
            found.append(entry)
    return found
