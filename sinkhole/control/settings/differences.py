"""What two settings differ in, place by place, as people may see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sinkhole.control.settings.keyed import COLLECTIONS, NAME, Keyed
from sinkhole.control.settings.layers import all_keys
from sinkhole.control.settings.masking import without_secrets
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.settings.schema import Settings


class Difference(NamedTuple):
    """One place whose value in force becomes another; None where there is none."""

    key: str
    item: str
    before: Any
    after: Any


def differences(old: Settings, new: Settings) -> tuple[Difference, ...]:
    """All places in which two settings differ, with secrets masked."""
    changed = [key for key in all_keys(Settings) if value_of(old, key) != value_of(new, key)]
    if not changed:
        return ()
    shown_old, shown_new = without_secrets(old), without_secrets(new)
    found: list[Difference] = []
    for key in changed:
        keyed = COLLECTIONS.get(key)
        if keyed is None:
            before, after = plain_of(value_of(shown_old, key)), plain_of(value_of(shown_new, key))
            found.append(Difference(key, "", before, after))
        else:
            found += _of_items(keyed, (old, new), (shown_old, shown_new))
    return tuple(found)


def value_of(settings: Settings, key: str) -> Any:
    """The value of a key such as "upstream.timeout"."""
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value


def items_of(settings: Settings, keyed: Keyed) -> dict[str, tuple[str, Any]]:
    """The items in force of a collection, by what identifies them: their names and values."""
    value = value_of(settings, keyed.key)
    if keyed.shape == "mapping":
        return {keyed.id_of(name): (name, each) for name, each in value.items()}
    if keyed.shape == "named":
        return {keyed.id_of(getattr(each, NAME)): (getattr(each, NAME), each) for each in value}
    return {keyed.id_of(each): (each, each) for each in value}


def _of_items(
    keyed: Keyed, both: tuple[Settings, Settings], shown: tuple[Settings, Settings]
) -> Iterator[Difference]:
    old, new = (items_of(each, keyed) for each in both)
    told: list[Mapping[str, tuple[str, Any]]] = [items_of(each, keyed) for each in shown]
    for item in dict.fromkeys((*old, *new)):
        if old.get(item) == new.get(item):
            continue
        name = (new.get(item) or old[item])[0]
        before, after = (plain_of(each[item][1]) if item in each else None for each in told)
        yield Difference(keyed.key, name, before, after)
