"""The tree of a source, which knows what nobody asked it for.

A reader asks for what it understands. What is left in the end, and says something, is told to the
person: so a key of a newer version is no silent loss. A value that is none of its kind is told as
well, and counts as not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, TypeVar

from sinkhole.control.imports.plan import Plan
from sinkhole.control.settings.quoting import shown

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_UNITS_LONG: Final = {**_UNITS, "d": 86_400, "w": 604_800}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d|w)")

T = TypeVar("T")

_EMPTY: Final = (None, "", False, 0)


class Branch:
    """A mapping of the source; `path` says where it stands in it."""

    def __init__(self, value: Mapping[str, Any], plan: Plan, path: str = "") -> None:
        self.path = path
        self.plan = plan
        self._value = value
        self._asked: set[str] = set()
        self._below: dict[str, Branch] = {}
        self._each: dict[str, list[Branch]] = {}

    def at(self, key: str) -> str:
        """Where a key stands, for a note."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Whether a key is there with anything but nothing; asks for it."""
        return self.raw(key) not in (None, "", [], {})

    def raw(self, key: str) -> Any:
        """A value as it is, None where there is none."""
        self._asked.add(key)
        return self._value.get(key)

    def ignore(self, *keys: str) -> None:
        """Ask for keys that mean nothing here."""
        self._asked.update(keys)

    def text(self, key: str, usual: str = "") -> str:
        """A text; a number counts as what it looks like."""
        value = self.raw(key)
        if value is None:
            return usual
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return str(value).strip()
        return self._odd(key, "text", usual)

    def flag(self, key: str, usual: bool = False) -> bool:
        """True or false."""
        value = self.raw(key)
        if value is None:
            return usual
        return value if isinstance(value, bool) else self._odd(key, "true or false", usual)

    def number(self, key: str, usual: int) -> int:
        """A whole number."""
        value = self.raw(key)
        if value is None:
            return usual
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return int(value)
        return self._odd(key, "a number", usual)

    def span_s(self, key: str, usual: float, unit_s: float = 1) -> float:
        """A time span such as "1h30m" in seconds; a bare number counts in `unit_s`."""
        value = self.raw(key)
        if value is None:
            return usual
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value * unit_s
        found = span_of(value) if isinstance(value, str) else None
        return found if found is not None else self._odd(key, "a time span", usual)

    def texts(self, key: str) -> list[str]:
        """A list of texts; one alone is a list of one."""
        value = self.raw(key)
        if value is None or value == "":
            return []
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return [str(value).strip()]
        if isinstance(value, list):
            found = [each for each in value if each is not None]
            if all(isinstance(each, (str, int, float)) for each in found):
                return [str(each).strip() for each in found]
        return self._odd(key, "a list of texts", [])

    def below(self, key: str) -> Branch:
        """The mapping of a key; an empty one where there is none."""
        if key not in self._below:
            value = self.raw(key)
            if value is not None and not isinstance(value, dict):
                value = self._odd(key, "a set of keys", None)
            self._below[key] = Branch(value or {}, self.plan, self.at(key))
        return self._below[key]

    def each(self, key: str) -> list[Branch]:
        """The mappings in a list, each with its place."""
        if key not in self._each:
            value = self.raw(key)
            if value is not None and not isinstance(value, list):
                value = self._odd(key, "a list", None)
            self._each[key] = list(self._grown(key, value or ()))
        return self._each[key]

    def pairs(self, key: str) -> list[tuple[str, Any]]:
        """The keys and values of a mapping whose keys are names."""
        value = self.raw(key)
        if value is not None and not isinstance(value, dict):
            value = self._odd(key, "a set of names", None)
        return [(str(name), each) for name, each in (value or {}).items()]

    def unasked(self) -> Iterator[str]:
        """Where something stands that nobody asked for."""
        for key, value in self._value.items():
            if key not in self._asked and value not in _EMPTY and value not in ([], {}):
                yield self.at(key)
        for branch in (*self._below.values(), *chain.from_iterable(self._each.values())):
            yield from branch.unasked()

    def _grown(self, key: str, items: Iterable[Any]) -> Iterator[Branch]:
        for number, item in enumerate(items):
            where = f"{self.at(key)}[{number}]"
            if isinstance(item, dict):
                yield Branch(item, self.plan, where)
            elif item is not None:
                self.plan.left(where, f"{shown(item)} is no set of keys")

    def _odd(self, key: str, wanted: str, usual: T) -> T:
        value = shown(self._value.get(key))
        self.plan.left(self.at(key), f"{value} is not {wanted}, so it counts as not written")
        return usual


def span_of(text: str) -> float | None:
    """A time span as Go writes it, "1h30m0s", also with days and weeks, in seconds; else None."""
    words = text.strip()
    if re.fullmatch(r"[0-9]+", words):
        return float(words)
    parts = _PART.findall(words)
    if not parts or "".join(number + unit for number, unit in parts) != words:
        return None
    return sum(float(number) * _UNITS_LONG[unit] for number, unit in parts)


def span_text(seconds: float) -> str:
    """A time span as our settings take it."""
    milliseconds = round(seconds * 1000)
    if milliseconds % 1000:
        return f"{milliseconds}ms"
    whole = milliseconds // 1000
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if whole and whole % size == 0:
            return f"{whole // size}{unit}"
    return f"{whole}s"
