"""Where settings come from, and which source wins.

    default  <  stored by command or API  <  YAML file  <  environment

Every layer is a tree of `Value`. A higher layer replaces single keys of a lower one: sections
are merged key by key, everything else (a list, the local records) is one value and is replaced
whole. The defaults are not a layer of their own: they are what the models fill in.

The environment has one variable for each key: `SINKHOLE__DNS__LISTEN='["127.0.0.1:5353"]'`. Its
name is the key's path in capitals, joined by two underscores; its value is YAML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from sinkhole.control.settings.document import KeyPath, Origin, Problem, Value, read_document
from sinkhole.control.settings.quoting import key_text

PREFIX = "SINKHOLE__"


def read_environment(environ: Mapping[str, str], problems: list[Problem]) -> list[Value]:
    """One layer for every variable that begins with `PREFIX`; problems name the variable.

    Shorter paths come first, so that SINKHOLE__DNS__LISTEN overrules what SINKHOLE__DNS says.
    """
    layers = []
    variables = [name for name in environ if name.startswith(PREFIX)]
    for variable in sorted(variables, key=lambda name: (name.count("__"), name)):
        path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        source = f"environment {variable}"
        if not all(path):
            problem = f"the name of a setting is missing, write for instance {PREFIX}DNS__LISTEN"
            problems.append(Problem(Origin(source), (), problem))
        elif value := read_document(environ[variable], source, problems, path):
            layers.append(_nested(path, value))
        elif not any(problem.origin.source == source for problem in problems):
            layers.append(_nested(path, Value(None, Origin(source))))
    return layers


def _nested(path: tuple[str, ...], value: Value) -> Value:
    for key in reversed(path):
        value = Value({key: value}, value.origin)
    return value


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


def leaf_origins(
    model: type[BaseModel], tree: Value, path: KeyPath = ()
) -> Iterator[tuple[str, str]]:
    """The key and the origin of everything in a stacked tree that is not a section."""
    if not isinstance(tree.data, dict):
        return
    for key, value in tree.data.items():
        section = section_of(model, key)
        if section is None:
            yield key_text((*path, key)), str(value.origin)
        else:
            yield from leaf_origins(section, value, (*path, key))


def all_keys(model: type[BaseModel], path: KeyPath = ()) -> list[str]:
    """Every key that can be set, such as "upstream.timeout"; a list counts as one key."""
    keys = []
    for name in model.model_fields:
        section = section_of(model, name)
        keys += all_keys(section, (*path, name)) if section else [key_text((*path, name))]
    return keys
