"""Keyed collections: the settings that merge item by item, and what tells their items apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from sinkhole.control.settings.document import KeyPath, Origin, Value
from sinkhole.control.settings.records import record_name
from sinkhole.control.settings.upstream_values import parse_route

NAME: Final = "name"
"""The key of an item that tells it from others, where items are sets of keys."""


class Item(NamedTuple):
    """One item as it was written: what identifies it, its name in its own spelling, and its value.

    `id` is "" for what can't be an item of its collection.
    """

    id: str
    name: str
    value: Value


class Keyed(NamedTuple):
    """One keyed collection; `what` is what people call an item.

    "named" is a list of sets of keys with a name, "words" a list of texts, "mapping" is by name.
    """

    key: str
    what: str
    shape: Literal["named", "words", "mapping"]
    identify: Callable[[str], str]

    @property
    def path(self) -> KeyPath:
        """The key in parts."""
        return tuple(self.key.split("."))

    def id_of(self, name: str) -> str:
        """What identifies the item of a name, however it is spelled; of what is no name, itself."""
        try:
            return self.identify(name.strip())
        except ValueError:
            return name.strip()

    def items(self, value: Value) -> list[Item] | None:
        """The items in order; None for what is no such collection."""
        if self.shape == "mapping":
            if not isinstance(value.data, dict):
                return None
            return [Item(self.id_of(name), name, each) for name, each in value.data.items()]
        if not isinstance(value.data, list):
            return None
        return [Item(self.id_of(name), name, each) for name, each in map(self._named, value.data)]

    def collected(self, items: list[Item], origin: Origin) -> Value:
        """The opposite of `items`."""
        if self.shape == "mapping":
            return Value({item.name: item.value for item in items}, origin)
        return Value([item.value for item in items], origin)

    def whole(self, item: str, plain: Any) -> Any:
        """A plain value of one item with its name in it, where it may be left out."""
        if self.shape == "words":
            return item if plain is None or plain is True else plain
        if self.shape == "named" and isinstance(plain, Mapping):
            return {NAME: item, **plain}
        return plain

    def name_in(self, item: str, plain: Any) -> str:
        """What a plain value calls itself; `item` where it has no name of its own."""
        named = plain.get(NAME) if self.shape == "named" and isinstance(plain, Mapping) else plain
        return named if self.shape != "mapping" and isinstance(named, str) else item

    def _named(self, value: Value) -> tuple[str, Value]:
        found = value
        if self.shape == "named":
            found = value.data.get(NAME, value) if isinstance(value.data, dict) else value
            return (found.data if isinstance(found.data, str) else ""), value
        return (value.data if isinstance(value.data, str) else ""), value


COLLECTIONS: Final[Mapping[str, Keyed]] = {
    each.key: each
    for each in (
        Keyed("clients", "client", "named", str.casefold),
        Keyed("groups", "group", "named", str.casefold),
        Keyed("schedules", "schedule", "named", str.casefold),
        Keyed("upstream.sets", "upstream set", "mapping", str),
        Keyed("upstream.routes", "route", "mapping", parse_route),
        Keyed("filtering.lists", "list", "named", str.casefold),
        Keyed("filtering.rules", "rule", "words", str),
        Keyed("filtering.services", "service", "words", str),
        Keyed("local.records", "name", "mapping", record_name),
        Keyed("local.switched_off", "name", "mapping", record_name),
    )
}
"""All of them, by key."""
