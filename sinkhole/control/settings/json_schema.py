"""The settings as JSON Schema: for editors, the page and programs, made of the models.

pydantic's own says nothing of values that are read by functions of ours, which are most.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sinkhole.control.settings.plain import plain_of
from sinkhole.control.settings.prose import help_of
from sinkhole.control.settings.schema import Settings
from sinkhole.control.settings.values import Kind, Section

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_PLAIN: Final = {str: {"type": "string"}, bool: {"type": "boolean"}, int: {"type": "integer"}}


def json_schema() -> dict[str, Any]:
    """What a settings file may hold. `key_file` for secrets stands beside keys of text."""
    schema = _section(Settings, Settings())
    return {"$schema": DIALECT, "title": "Settings of sinkhole", **schema}


def accepts(field: FieldInfo) -> dict[str, Any]:
    """What one key takes, as JSON Schema."""
    return _of(field.annotation, field.metadata)


def kind_of(field: FieldInfo) -> Kind | None:
    """The kind of a key's value, or of the values in its list; None where it has items."""
    return _kind(field.annotation, field.metadata)


def _section(model: type[BaseModel], default: BaseModel | None = None) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        value, text = getattr(default, name, None), help_of(model, name)
        if isinstance(value, Section):
            keys[name] = _section(type(value), value)
            text = text or help_of(type(value), "")
        else:
            keys[name] = accepts(field)
            if value is not None:
                keys[name]["default"] = plain_of(value)
        if text:
            keys[name]["description"] = text
    schema = {"type": "object", "properties": keys, "additionalProperties": False}
    return schema | {"patternProperties": {"_file$": {"type": "string"}}}


def _of(kind: Any, metadata: Iterable[Any] = ()) -> dict[str, Any]:
    """The schema of one annotation."""
    for each in metadata:
        if isinstance(each, Kind) and each.accepts:
            return dict(each.accepts)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _of(inner[0], inner[1:])
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is tuple:
        return {"type": "array", "items": _of(inner[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(inner[1])}
    if inner:  # a choice of several
        found = [_of(each) for each in inner if each is not NoneType]
        return found[0] if len(found) == 1 else {"anyOf": found}
    if isinstance(kind, type) and issubclass(kind, Section):
        schema = _section(kind)
        alone = kind.model_fields.get(kind.alone)
        return {"anyOf": [accepts(alone), schema]} if alone else schema
    return dict(_PLAIN.get(kind, {}))


def _kind(kind: Any, metadata: Iterable[Any] = ()) -> Kind | None:
    for each in metadata:
        if isinstance(each, Kind):
            return each
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _kind(inner[0], inner[1:])
    if origin is tuple or (inner and NoneType in inner):
        return _kind(inner[0])
    return None
