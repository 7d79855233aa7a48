"""Values that know where they were written, and the layers they are stacked in.

    default  <  stored by the page or API  <  YAML file  <  environment

Every layer is a tree of `Value`. A higher layer replaces single keys of a lower one: sections
are merged key by key, everything else (a list, the local records) is one value and is replaced
whole. The defaults are not a layer of their own: they are what the models fill in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import BaseModel

from sinkhole.control.settings.words import key_text

Path = tuple[str | int, ...]
"""Where a value stands: keys, and positions in lists, counted from 0."""


class Origin(NamedTuple):
    """Who set a value: "file config/sinkhole.yaml", "environment SINKHOLE__X" or "stored"."""

    source: str
    line: int = 0
    """Counts from 1; 0 where there are no lines."""

    def __str__(self) -> str:
        """What `Settings.origin_of` says."""
        return f"{self.source}:{self.line}" if self.line else self.source


class Problem(NamedTuple):
    """One thing that is wrong; sorts by source and line."""

    origin: Origin
    path: Path
    text: str

    def __str__(self) -> str:
        """One line for people: `config/sinkhole.yaml:14: upstream.timeout: what is wrong`."""
        key = key_text(self.path)
        return f"{str(self.origin).removeprefix('file ')}: {key + ': ' if key else ''}{self.text}"


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar, a list or a mapping as somebody wrote it, and where."""

    data: bool | int | float | str | list[Value] | dict[str, Value] | None
    origin: Origin

    def plain(self) -> Any:
        """The same without origins, as the models take it."""
        if isinstance(self.data, dict):
            return {key: value.plain() for key, value in self.data.items()}
        if isinstance(self.data, list):
            return [value.plain() for value in self.data]
        return self.data

    def origin_at(self, path: Path) -> Origin:
        """The origin of what stands at `path`, or of the nearest thing around it."""
        value = self
        for part in path:
            if isinstance(value.data, dict) and part in value.data:
                value = value.data[str(part)]
            elif isinstance(value.data, list) and isinstance(part, int) and part < len(value.data):
                value = value.data[part]
            else:
                break
        return value.origin


def as_value(plain: Any, origin: Origin) -> Value:
    """A tree whose every part has the same origin, for layers that are not text."""
    if isinstance(plain, Mapping):
        return Value({str(key): as_value(item, origin) for key, item in plain.items()}, origin)
    if isinstance(plain, (list, tuple)):
        return Value([as_value(item, origin) for item in plain], origin)
    return Value(plain, origin)


def stack(model: type[BaseModel], layers: Sequence[Value]) -> Value:
    """Lay the layers of `model` over each other, the strongest last."""
    result = Value({}, Origin("default"))
    for layer in layers:
        result = _over(model, result, layer)
    return result


def _over(model: type[BaseModel], lower: Value, upper: Value) -> Value:
    """One section of two layers as one; a section that is left empty says nothing.

    Where either is no mapping at all it is kept as it is, so that the mistake is reported.
    """
    if upper.data is None or not isinstance(lower.data, dict):
        return lower
    if not isinstance(upper.data, dict):
        return upper
    merged = dict(lower.data)
    for key, value in upper.data.items():
        section = section_of(model, key)
        if section is not None:
            value = _over(section, merged.get(key, Value({}, value.origin)), value)
        merged[key] = value
    return Value(merged, upper.origin)


def section_of(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The model of the section that `key` holds; None for plain values and unknown keys."""
    field = model.model_fields.get(key)
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def leaf_origins(model: type[BaseModel], tree: Value, path: Path = ()) -> Iterator[tuple[str, str]]:
    """The key and the origin of everything in a stacked tree that is not a section."""
    if not isinstance(tree.data, dict):
        return
    for key, value in tree.data.items():
        section = section_of(model, key)
        if section is None:
            yield key_text((*path, key)), str(value.origin)
        else:
            yield from leaf_origins(section, value, (*path, key))


def all_keys(model: type[BaseModel], path: Path = ()) -> list[str]:
    """Every key that can be set, such as "upstream.timeout"; a list counts as one key."""
    keys = []
    for name in model.model_fields:
        section = section_of(model, name)
        keys += all_keys(section, (*path, name)) if section else [key_text((*path, name))]
    return keys
