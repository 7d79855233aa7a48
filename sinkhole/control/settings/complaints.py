"""What the models refused, in words: one problem for each mistake, at its line, saying what to
write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sinkhole.control.settings.document import KeyPath, Problem, Value
from sinkhole.control.settings.layers import all_keys
from sinkhole.control.settings.quoting import listing, nearest, quoted, shown

SECRET: Final = "what the file holds does not fit this key (it is not shown, as it may be secret)"
"""Said of values that were read from a file of their own."""


def complaints(model: type[BaseModel], refused: ValidationError, tree: Value) -> list[Problem]:
    """One problem for everything that `model` refused about a stacked tree."""
    found = []
    for error in refused.errors(include_url=False):
        path = error["loc"]
        if error["type"] == "conflict":
            path = (*path[:-1], *error["ctx"]["path"])
        elif path[-1] == "[key]" and error["type"] != "extra_forbidden":
            path = path[:-1]  # pydantic's word for "the key, not the value"
        origin = tree.origin_at(path)
        text = SECRET if origin.is_secret else _in_words(model, error, path)
        found.append(Problem(origin, path, text))
    return found


def _in_words(model: type[BaseModel], error: ErrorDetails, path: KeyPath) -> str:
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
    return f"{shown(value)} does not fit, {_expected(kind, value)}"


def _expected(kind: str, value: Any) -> str:
    """What a container wants that got something else."""
    if kind == "tuple_type":
        is_scalar = isinstance(value, (str, int, float))
        in_lines = 'write a list: each item in a line of its own, behind "- "'
        return f"write a list: [{shown(value)}]" if is_scalar else in_lines
    if kind in ("dict_type", "model_type"):
        return 'write "key: value" lines, indented below this one'
    return "see docs/settings.md for what it takes"


def _unknown(model: type[BaseModel], path: KeyPath) -> str:
    """Suggest a key of that name elsewhere, else the nearest one of the same section."""
    known = list(_model_at(model, path[:-1]).model_fields)
    name = str(path[-1])
    if elsewhere := [key for key in all_keys(model) if key.split(".")[-1] == name]:
        return f"unknown key here, did you mean {listing(map(quoted, elsewhere))}?"
    if near := nearest(name, known):
        return f"unknown key, did you mean {quoted(near)}?"
    return f"unknown key, known here are {', '.join(known)}"


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel]:
    """The model that describes what stands at `path`, through sections and list items."""
    for part in path:
        if part in model.model_fields:  # else it is a position, or a name that somebody chose
            model = next(models_in(model.model_fields[str(part)].annotation), model)
    return model


def models_in(kind: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation is made of, the outermost first."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from models_in(part)
