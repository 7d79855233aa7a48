"""Stored values laid under what people wrote: key by key, and item by item in keyed collections.

Where file or environment have a collection, its items are theirs and those of the default are
gone; stored items come behind them. Without, those of the default are there, which a stored item
replaces or removes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from sinkhole.control.settings.document import KeyPath, Origin, Value
from sinkhole.control.settings.keyed import COLLECTIONS, Item, Keyed
from sinkhole.control.settings.layers import all_keys, as_value, stack
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.settings.quoting import key_text
from sinkhole.control.settings.schema import Settings
from sinkhole.control.state.stored import REMOVED, Place

STORED: Final = Origin("stored")
DEFAULT: Final = Origin("default")

FILE_ONLY: Final = frozenset({"data_dir"})
"""Keys that can't be stored: what is stored lies in the data folder."""


class Merged(NamedTuple):
    """The tree of all layers, the items of its collections, and the stored ones that are `held`:
    written by hand as well, otherwise."""

    tree: Value
    items: Mapping[str, list[Item]]
    held: tuple[Place, ...]

    def item_origins(self) -> dict[Place, str]:
        """Who set each item that is not of the default."""
        return {
            (key, item.id): str(item.value.origin)
            for key, items in self.items.items()
            for item in items
            if item.value.origin != DEFAULT
        }

    def stored_at(self, path: KeyPath) -> Place | None:
        """The stored place that the value at a path is, or is part of."""
        key = next((key for key in _prefixes(path) if key in known_keys()), None)
        if key is None:
            return None
        end = key.count(".") + 1
        if key not in COLLECTIONS:
            value = _at(self.tree, path[:end])
            return (key, "") if value is not None and value.origin == STORED else None
        rest = path[end:]
        for position, item in enumerate(self.items.get(key, ())):
            if rest and rest[0] in (position, item.name) and item.value.origin == STORED:
                return key, item.id
        return None


def is_storable(place: Place) -> bool:
    """Whether a value can be stored there: a key that is known, and an item of collections only."""
    key, item = place
    return key in known_keys() and key not in FILE_ONLY and (key in COLLECTIONS) == bool(item)


def merged(written: Value, stored: Mapping[Place, Any]) -> Merged:
    """Lay stored values under what was written; each must be storable."""
    layers = [_nested(key, plain) for (key, item), plain in stored.items() if not item]
    tree = stack(Settings, [*layers, written])
    items: dict[str, list[Item]] = {}
    held: list[Place] = []
    for keyed in COLLECTIONS.values():
        mine = {item: plain for (key, item), plain in stored.items() if key == keyed.key}
        found = _collection(keyed, _at(tree, keyed.path), mine, held)
        if found is None:
            continue
        items[keyed.key], origin = found
        if mine:
            tree = _with(tree, keyed.path, keyed.collected(items[keyed.key], origin))
    return Merged(tree, items, tuple(held))


def default_items(keyed: Keyed) -> list[Item]:
    """The items that a collection has where nobody says anything about it."""
    return list(_defaults()[keyed.key])


def _collection(
    keyed: Keyed, base: Value | None, stored: Mapping[str, Any], held: list[Place]
) -> tuple[list[Item], Origin] | None:
    """The items of a collection and its origin; None for what is none, to be reported."""
    if base is None:
        items, origin = default_items(keyed), STORED
    elif (written := keyed.items(base)) is None:
        return None
    else:
        items, origin = written, base.origin
    places = {item.id: at for at, item in enumerate(items)}
    removed = set()
    for item, plain in stored.items():
        name = keyed.name_in(item, plain)
        at = places.get(item)
        if plain is REMOVED:
            removed |= {at} if base is None else set()
        elif at is None:
            items.append(Item(item, name, as_value(keyed.whole(item, plain), STORED)))
        elif base is None:
            items[at] = Item(item, name, as_value(keyed.whole(item, plain), STORED))
        elif items[at].value.plain() != keyed.whole(item, plain):
            held.append((keyed.key, item))
    return [item for at, item in enumerate(items) if at not in removed], origin


@cache
def known_keys() -> frozenset[str]:
    """Every key that there is."""
    return frozenset(all_keys(Settings))


@cache
def _defaults() -> Mapping[str, list[Item]]:
    default = as_value(plain_of(Settings()), DEFAULT)
    found = {}
    for keyed in COLLECTIONS.values():
        value = _at(default, keyed.path)
        found[keyed.key] = (keyed.items(value) if value is not None else None) or []
    return found


def _prefixes(path: KeyPath) -> list[str]:
    return [key_text(path[:end]) for end in range(1, len(path) + 1)]


def _nested(key: str, plain: Any) -> Value:
    value = as_value(plain, STORED)
    for part in reversed(key.split(".")):
        value = Value({part: value}, STORED)
    return value


def _at(tree: Value, path: KeyPath) -> Value | None:
    """What stands at a path of keys; None where nothing does, or a section is none."""
    value: Value | None = tree
    for part in path:
        value = value.data.get(str(part)) if value and isinstance(value.data, dict) else None
    return value


def _with(tree: Value, path: KeyPath, value: Value) -> Value:
    """The same tree with something else at a path; a section that is none stays to be reported."""
    if not path:
        return value
    if not isinstance(tree.data, dict):
        return tree
    key = str(path[0])
    below = tree.data.get(key, Value({}, value.origin))
    return Value({**tree.data, key: _with(below, path[1:], value)}, tree.origin)
