"""What is remembered about one list between runs, as JSON.

The state names every file of the list: copies of the source and what was compiled from them.
Whatever file no state names is a leftover.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, TypeVar

_FORMAT: Final = 2
KEPT: Final = 3
"""How many versions of a list are kept, the one in use among them."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a list.

    `source` is the file of its copy, "….txt", or "….txt.gz" once it is out of use; `compiled`
    the file made from it, "" where that is made again when it is needed. Both are names within
    the folder of lists. `digest` and `size_bytes` are of the plain copy, `since` is when it came.
    """

    digest: str
    source: str
    compiled: str = ""
    size_bytes: int = 0
    rules: int = 0
    names: int = 0
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class State:
    """One list as last committed; times are wall-clock seconds since 1970.

    `etag`, `last_modified` and `answered_by` (the address after redirects) are what the next
    conditional request needs; a local file keeps its size and time of change in `etag`.
    """

    url: str
    kind: str
    used: Version | None = None
    """The version in use; None before the first good one."""
    previous: tuple[Version, ...] = ()
    """Versions that were in use, newest first."""
    held: Version | None = None
    """What the source says now, where that is held back."""
    held_because: str = ""
    accepted: tuple[str, ...] = ()
    """Canaries that a person has allowed the list to block."""
    etag: str = ""
    last_modified: str = ""
    answered_by: str = ""
    checked: float | None = None
    """When the source was last looked at, whatever came of it."""
    changed: float | None = None
    """When another version was last put in use."""
    fetch_s: float | None = None
    """How long the last version took to come."""
    compile_s: float | None = None
    error: str | None = None
    unused_since: float | None = None
    """Since when no list of the settings has this address and kind."""

    @property
    def digest(self) -> str:
        """Of the version in use, "" before the first."""
        return self.used.digest if self.used else ""

    @property
    def versions(self) -> tuple[Version, ...]:
        """All that is kept: in use, before that, held back."""
        used = (self.used,) if self.used else ()
        held = (self.held,) if self.held else ()
        return (*used, *self.previous, *held)

    @property
    def files(self) -> set[str]:
        """Every file of the list but the state's own."""
        named = {name for each in self.versions for name in (each.source, each.compiled)}
        return named - {""}

    @property
    def older(self) -> Version | None:
        """What a rollback puts in use: the newest version that came before the one in use."""
        if self.used is None:
            return None
        since = self.used.since
        return next((each for each in self.previous if each.since < since), None)

    def to_json(self) -> bytes:
        """The state as it is kept on the disk."""
        return json.dumps({"format": _FORMAT} | asdict(self), indent=1).encode() + b"\n"


def from_json(text: bytes) -> State | None:
    """The state that `to_json` wrote; None when it is damaged or of another format.

    A list without a state is simply fetched again. Format 1 knew one version; it is read, so
    that no list is lost in an upgrade.
    """
    try:
        values: Any = json.loads(text)
        number = values.pop("format")
        if number == 1:
            values = _from_format_1(values)
        elif number != _FORMAT:
            return None
        for key in ("used", "held"):
            values[key] = _made(Version, values[key]) if values.get(key) is not None else None
        values["previous"] = tuple(
            _made(Version, each) for each in values.get("previous", ())[:KEPT]
        )
        values["accepted"] = tuple(values.get("accepted", ()))
        state = _made(State, values)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    if any("/" in name for name in state.files):  # names within the folder, never paths
        return None
    if not all(isinstance(name, str) for name in state.accepted):
        return None
    return state


def _from_format_1(values: dict[str, Any]) -> dict[str, Any]:
    version = {key: values.pop(key) for key in ("digest", "source", "compiled", "size_bytes")}
    if version["source"]:
        values["used"] = version | {"since": values.get("changed") or 0.0}
    return values


Made = TypeVar("Made", State, Version)


def _made(kind: type[Made], values: Mapping[str, Any]) -> Made:
    """An object of its fields' values; TypeError when one has another type or is missing."""
    known = {field.name: field.type for field in fields(kind)}
    given = {name: value for name, value in values.items() if name in known}
    for name, value in given.items():
        if not isinstance(value, _ACCEPTED[str(known[name])]):
            raise TypeError(f"{name} is {value!r}")
    return kind(**given)


_ACCEPTED: Final[dict[str, Any]] = {
    "str": str,
    "int": int,
    "float": float | int,
    "str | None": str | None,
    "float | None": float | int | None,
    "Version | None": Version | None,
    "tuple[Version, ...]": tuple,
    "tuple[str, ...]": tuple,
}
"""What a field's annotation (text in this file) accepts."""
