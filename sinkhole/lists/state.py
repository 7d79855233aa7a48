"""What is remembered about one list between runs, as JSON.

The state names the copy and the trie it belongs to. Whatever file no state names is a leftover.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class State:
    """One list as last committed; times are wall-clock seconds since 1970.

    `source` and `compiled` are file names within the folder of lists, "" before the first good
    copy. `etag`, `last_modified` and `answered_by` (the address after redirects) are what the
    next conditional request needs; a local file keeps its size and time of change in `etag`.
    """

    url: str
    kind: str
    source: str = ""
    compiled: str = ""
    digest: str = ""
    size_bytes: int = 0
    etag: str = ""
    last_modified: str = ""
    answered_by: str = ""
    checked: float | None = None
    """When the source was last looked at, whatever came of it."""
    changed: float | None = None
    """When a copy with other content was last put in use."""
    error: str | None = None
    unused_since: float | None = None
    """Since when no list of the settings has this address and kind."""

    def to_json(self) -> bytes:
        """The state as it is kept on the disk."""
        return json.dumps({"format": _FORMAT} | asdict(self), indent=1).encode() + b"\n"


def from_json(text: bytes) -> State | None:
    """The state that `to_json` wrote; None when it is damaged or of another format.

    A list without a state is simply fetched again.
    """
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or values.pop("format", None) != _FORMAT:
        return None
    if not all(_fits(field.type, values.get(field.name)) for field in fields(State)):
        return None
    if "/" in values["source"] + values["compiled"]:  # names within the folder, never paths
        return None
    known: dict[str, Any] = {field.name: values.get(field.name) for field in fields(State)}
    return State(**known)


def _fits(annotation: Any, value: object) -> bool:
    """Whether a JSON value has the type of a field (annotations are text in this file)."""
    accepted = {
        "str": str,
        "int": int,
        "str | None": str | None,
        "float | None": float | int | None,
    }
    return isinstance(value, accepted[annotation])
