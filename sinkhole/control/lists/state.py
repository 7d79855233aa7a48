"""What is remembered about one list between runs, as JSON.

The state names every file of the list: copies of the source and what was compiled from them.
Whatever file no state names is a leftover.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, BaseModel, Field, StrictFloat, StrictInt, TypeAdapter

_FORMAT: Final = 2
KEPT: Final = 3
"""How many versions of a list are kept, the one in use among them."""


def _within_the_folder(name: str) -> str:
    if "/" in name:
        raise ValueError(f"{name!r} is a path")
    return name


_FileName = Annotated[str, AfterValidator(_within_the_folder)]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a list.

    `source` is the file of its copy, "….txt", or "….txt.gz" once it is out of use; `compiled`
    the file made from it, "" where that is made again when it is needed. Both are names within
    the folder of lists. `content_hash` ("digest" in the file) and `size_bytes` are of the plain
    copy, `since` is when it came.
    """

    content_hash: Annotated[str, Field(alias="digest")]
    source: _FileName
    compiled: _FileName = ""
    size_bytes: StrictInt = 0
    rules: StrictInt = 0
    names: StrictInt = 0
    since: StrictFloat = 0.0
    taken_from: str = ""
    """The sinkhole that had fetched it, "" where this one did."""


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """One list as last committed; times are wall-clock seconds since 1970.

    `etag`, `last_modified` and `answered_by` (the address after redirects) are what the next
    conditional request needs; a local file keeps its size and time of change in `etag`.
    """

    url: str
    kind: str
    used: Version | None = None
    """The version in use; None before the first good one."""
    previous: Annotated[tuple[Version, ...], AfterValidator(lambda found: found[:KEPT])] = ()
    """Versions that were in use, newest first."""
    held: Version | None = None
    """What the source says now, where that is held back."""
    held_because: str = ""
    accepted: tuple[str, ...] = ()
    """Essential names that a person has allowed the list to block."""
    etag: str = ""
    last_modified: str = ""
    answered_by: str = ""
    checked: StrictFloat | None = None
    """When the source was last looked at, whatever came of it."""
    changed: StrictFloat | None = None
    """When another version was last put in use."""
    fetch_s: StrictFloat | None = None
    """How long the last version took to come."""
    compile_s: StrictFloat | None = None
    error: str | None = None
    unused_since: StrictFloat | None = None
    """Since when no list of the settings has this address and kind."""

    @property
    def content_hash(self) -> str:
        """Of the version in use, "" before the first."""
        return self.used.content_hash if self.used else ""

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
        values = {"format": _FORMAT} | _STATE.dump_python(self, by_alias=True)
        return json.dumps(values, indent=1).encode() + b"\n"


_STATE: Final = TypeAdapter(SubscriptionState)


class _Header(BaseModel):
    """What tells how to read the rest."""

    format: Annotated[StrictInt, Field(ge=1)]


class _Format1(BaseModel):
    """A state of before there were several versions."""

    url: str
    kind: str
    content_hash: str = Field(alias="digest")
    source: _FileName
    compiled: _FileName
    size_bytes: StrictInt
    etag: str = ""
    last_modified: str = ""
    answered_by: str = ""
    checked: StrictFloat | None = None
    changed: StrictFloat | None = None
    error: str | None = None
    unused_since: StrictFloat | None = None

    def brought_up_to_date(self) -> SubscriptionState:
        """The same in today's words."""
        used = Version(
            self.content_hash,
            self.source,
            self.compiled,
            self.size_bytes,
            since=self.changed or 0.0,
        )
        rest = self.model_dump(exclude={"content_hash", "source", "compiled", "size_bytes"})
        return SubscriptionState(used=used if self.source else None, **rest)


class Remembered(NamedTuple):
    """What a status file says.

    `trouble` is why it can't be taken for the whole truth: it is damaged, can't be read, or comes
    from a newer sinkhole. `state` is then what of it is understood, None for nothing. Without a
    file there is neither.
    """

    state: SubscriptionState | None = None
    trouble: str = ""


def from_json(text: bytes) -> Remembered:
    """The state that `to_json` wrote.

    Format 1 knew one version; it is read, so that no list is lost in an upgrade. A format to come
    is read as far as it has what this one needs, so that none is lost in a downgrade either.
    """
    newer = ""
    try:
        # By `json`, as it takes what servers say in headers, which need not be proper Unicode.
        values = json.loads(text)
        number = _Header.model_validate(values).format
        if number == 1:
            return Remembered(_Format1.model_validate(values).brought_up_to_date())
        if number > _FORMAT:
            newer = f"comes from a newer sinkhole (its format is {number})"
        return Remembered(_STATE.validate_python(values), newer)
    except (ValueError, RecursionError):
        return Remembered(None, newer or "is damaged")
