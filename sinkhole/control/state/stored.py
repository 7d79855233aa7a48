"""Settings made by hand, per item, and the revisions that made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sinkhole.model.actor import Actor

Place = tuple[str, str]
"""A key such as "upstream.timeout" and, within a keyed collection, the item's name; "" without."""

REMOVED = object()
"""In place of a value: the item of the default is not wanted."""


class StoredChange(NamedTuple):
    """What became of one place: plain JSON values, None where nothing was stored or is stored."""

    place: Place
    before: Any
    after: Any


class StoredRevision(NamedTuple):
    """One change of stored settings, numbered from 1; `undoes` is the one it takes back, or 0."""

    number: int
    time: float
    actor: str
    note: str
    undoes: int
    changes: tuple[StoredChange, ...]


class StoredSettings:
    """All that is stored, in memory, with the file behind it."""

    number: int
    """That of the last revision, 0 before the first."""

    def values(self) -> Mapping[Place, Any]:
        """What is stored now, in the order in which it was; REMOVED for items not wanted."""
        raise NotImplementedError

    async def commit(
        self, changes: Sequence[StoredChange], actor: Actor, note: str = "", undoes: int = 0
    ) -> int:
        """Store changes as one revision, on the disk when this returns; its number.

        StorageError when it can't be, and then nothing is.
        """
        raise NotImplementedError

    async def revisions(self, limit: int, before: int | None = None) -> list[StoredRevision]:
        """The newest revisions; the last 50 are kept with what they changed."""
        raise NotImplementedError
