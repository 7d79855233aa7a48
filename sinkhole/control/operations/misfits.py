"""What of an input does not fit, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from sinkhole.control.settings.quoting import shown

MOST_ERRORS: Final = 20
"""Mistakes that are told at once."""

_KEY: Final = "[key]"
"""What pydantic calls the name of something in a mapping, where that is what does not fit."""


class Misfit(NamedTuple):
    """Where something does not fit, and why."""

    path: tuple[str, ...]
    text: str


def misfits(error: ValidationError, most: int = MOST_ERRORS) -> list[Misfit]:
    """The first so many of all that does not fit."""
    found = error.errors(include_url=False)[:most]
    return [Misfit(_path(each["loc"]), _in_words(each)) for each in found]


def lines_of(error: ValueError) -> list[str]:
    """All that does not fit, a line each; what else is said of the whole."""
    if not isinstance(error, ValidationError):
        return [str(error)]
    return [": ".join(filter(None, (".".join(path), text))) for path, text in misfits(error)]


def _path(loc: tuple[int | str, ...]) -> tuple[str, ...]:
    return tuple(str(part) for part in loc if part != _KEY)


def _in_words(error: Mapping[str, Any]) -> str:
    kind, value, more = error["type"], error["input"], error.get("ctx", {})
    if kind == "value_error":
        return str(more["error"])
    told = _WORDS.get(kind)
    if told is None:
        return str(error["msg"])
    return told(shown(value), _More(more))


class _More(dict[str, Any]):
    """What else is told of a mistake, "?" where it is not; whole numbers without a fraction."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(told)
        for key, value in told.items():
            if isinstance(value, float) and value.is_integer():
                self[key] = int(value)

    def __missing__(self, key: str) -> str:
        return "?"


def _not_one_of(value: str, more: _More) -> str:
    return f"{value} does not fit, write {more['expected']}"


def _too_short(value: str, more: _More) -> str:
    least = more["min_length"]
    return "is empty" if least == 1 else f"{value} is too short: {least} characters at least"


def _too_few(value: str, more: _More) -> str:
    least = more["min_length"]
    return "is empty" if least == 1 else f"has too few items: {least} at least"


_Words = Callable[[str, _More], str]
_WORDS: Final[Mapping[str, _Words]] = {
    "missing": lambda value, more: "is missing",
    "extra_forbidden": lambda value, more: "is unknown",
    "literal_error": _not_one_of,
    "enum": _not_one_of,
    "string_too_short": _too_short,
    "string_too_long": lambda value, more: f"is longer than {more['max_length']} characters",
    "too_short": _too_few,
    "too_long": lambda value, more: f"has more than {more['max_length']} items",
    "greater_than": lambda value, more: f"{value} does not fit, write more than {more['gt']}",
    "greater_than_equal": lambda value, more: f"{value} does not fit, write {more['ge']} or more",
    "less_than": lambda value, more: f"{value} does not fit, write less than {more['lt']}",
    "less_than_equal": lambda value, more: f"{value} does not fit, write {more['le']} or less",
    **dict.fromkeys(
        ("int_parsing", "int_type", "int_from_float", "float_parsing", "float_type"),
        lambda value, more: f"{value} does not fit, write a number",
    ),
    **dict.fromkeys(
        ("bool_parsing", "bool_type"),
        lambda value, more: f"{value} does not fit, write true or false",
    ),
    "string_type": lambda value, more: f"{value} does not fit, write a text",
    "list_type": lambda value, more: f"{value} does not fit, write a list",
    **dict.fromkeys(
        ("dict_type", "model_type", "model_attributes_type"),
        lambda value, more: f"{value} does not fit, write names with values",
    ),
}
"""By pydantic's word for what is wrong."""
