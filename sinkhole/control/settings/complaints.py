"""What pydantic refused, in words for the person who wrote the settings."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sinkhole.control.settings.layers import Path, Problem, Value, all_keys, section_of
from sinkhole.control.settings.words import listing, meant, quoted, shown


def complaints(model: type[BaseModel], refused: ValidationError, tree: Value) -> list[Problem]:
    """One problem for everything that `model` refused about a stacked tree."""
    found = []
    for error in refused.errors(include_url=False):
        path = error["loc"]
        if error["type"] == "conflict":
            path = (*path[:-1], *error["ctx"]["path"])
        elif path[-1] == "[key]" and error["type"] != "extra_forbidden":
            path = path[:-1]  # pydantic's word for "the key, not the value"
        found.append(Problem(tree.origin_at(path), path, _text(model, error, path)))
    return found


def _text(model: type[BaseModel], error: ErrorDetails, path: Path) -> str:
    kind, value = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown(model, path)
    if kind == "missing":
        return "is missing, and there is no default"
    if kind == "conflict":
        return str(error["ctx"]["message"])
    if value is None:
        return "has no value, write one or remove the line"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    return f"{shown(value)} does not fit, {_wanted(kind, value)}"


def _wanted(kind: str, value: Any) -> str:
    """What a container wants that got something else."""
    if kind == "tuple_type":
        is_scalar = isinstance(value, (str, int, float))
        return f"write a list: [{shown(value)}]" if is_scalar else 'write a list: ["…", "…"]'
    if kind in ("dict_type", "model_type"):
        return 'write "key: value" lines, indented below this one'
    return "see config/sinkhole.yaml for what it takes"


def _unknown(model: type[BaseModel], path: Path) -> str:
    """Suggest the nearest key of the same section, else a key of that name elsewhere."""
    known = list(_model_at(model, path[:-1]).model_fields)
    name = str(path[-1])
    if near := meant(name, known):
        return f"unknown key, did you mean {quoted(near)}?"
    if elsewhere := [key for key in all_keys(model) if key.split(".")[-1] == name]:
        return f"unknown key here, did you mean {listing(map(quoted, elsewhere))}?"
    return f"unknown key, known here are {', '.join(known)}"


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model that describes what stands at `path`, through sections and list items."""
    for part in path:
        if isinstance(part, int):
            continue
        section = section_of(model, part)
        items = get_args(model.model_fields[part].annotation)
        model = section or next(kind for kind in items if issubclass(kind, BaseModel))
    return model
