"""What tells lists apart, and what they are called now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sinkhole.control.database import Database

MOST_PAST: Final = 1_000
"""Names that lists had and have no more, since the start; records of them may still come."""


class ListNames:
    """Leads from the name of a list to its source: the id of a subscription, or "=" and the name.

    `sources` gives the ids of all subscriptions by their present names; `is_stale` is to be set
    when these have changed.
    """

    def __init__(self, sources: Callable[[], Mapping[str, str]] = dict) -> None:
        self._sources = sources
        self._past: dict[str, str] = {}
        self.is_stale = True

    def source_of(self, name: str) -> str:
        """What is stored of a list in place of its name."""
        return self._sources().get(name) or self._past.get(name) or f"={name}"

    async def keep_up(self, database: Database) -> bool:
        """Write down the names that lists have now, if they have changed; whether they have."""
        if not self.is_stale:
            return False
        async with database.transaction():
            await self._rename(database)
        self.is_stale = False
        return True

    async def _rename(self, database: Database) -> None:
        """What was only known by a name becomes the subscription's that has it."""
        sources = self._sources()
        if len(self._past) + len(sources) > MOST_PAST:
            self._past.clear()
        self._past.update(sources)
        for name, source in sources.items():
            await database.rows(
                "UPDATE list SET source = ?1 WHERE source = '=' || ?2"
                " AND NOT EXISTS (SELECT 1 FROM list WHERE source = ?1)",
                (source, name),
            )
            await database.rows(
                "UPDATE list SET name = ?2 WHERE source = ?1 AND name <> ?2", (source, name)
            )
