"""Who did what and when: every operation that changes something, kept for a year at most."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.state.file import StateFile
from sinkhole.control.state.schema import packed, storable
from sinkhole.model.actor import Actor
from sinkhole.model.clock import TrustedClock, expired
from sinkhole.model.errors import StorageError

log = logging.getLogger(__name__)

KEPT: Final = 10_000
KEPT_S: Final = 365 * 86_400.0
"""How many entries are kept, and for how long."""

MOST_GIVEN: Final = 4096
"""Characters kept of what an operation was given; of more, only which keys there were."""


class AuditEntry(NamedTuple):
    """One thing that was done, or failed (`error`); `given` is what may be seen of the input."""

    id: int
    time: float
    actor: str
    kind: str
    address: str
    operation: str
    given: Mapping[str, Any]
    error: str


class WantedEntries(NamedTuple):
    """Which entries: of somebody, of operations that begin so, only what failed; "" is all."""

    actor: str = ""
    operation: str = ""
    failed: bool = False


_ALL: Final = WantedEntries()


class Audit:
    """The audit in state.db. A failure to write it is a problem that is shown, and fails nobody."""

    def __init__(self, file: StateFile, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock

    async def note(
        self, actor: Actor, operation: str, given: Mapping[str, Any], error: str = ""
    ) -> None:
        """Keep that somebody did something."""
        told = packed(given)
        if len(told) > MOST_GIVEN:
            told = packed({"keys": sorted(given)[:100]})
        row = (
            self._clock(),
            actor.name,
            actor.kind,
            actor.address,
            operation,
            told,
            storable(error),
        )

        async def work(database: Database) -> None:
            await database.rows(
                "INSERT INTO audit (time, actor, kind, address, operation, given, error)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            await database.rows("DELETE FROM audit WHERE id <= last_insert_rowid() - ?", (KEPT,))

        try:
            await self._file.write(work, lambda _: None)
        except StorageError as problem:
            log.warning("audit: %s did %s, which could not be kept: %s", actor, operation, problem)

    async def entries(
        self, limit: int, before: int | None = None, wanted: WantedEntries = _ALL
    ) -> list[AuditEntry]:
        """The newest entries that are wanted, the newest first, or those before an id."""
        rows = await self._file.rows(
            "SELECT id, time, actor, kind, address, operation, given, error FROM audit"
            " WHERE (?1 IS NULL OR id < ?1)"
            " AND (?3 = '' OR actor = ?3 COLLATE NOCASE)"
            " AND (?4 = '' OR substr(operation, 1, length(?4)) = ?4)"
            " AND (NOT ?5 OR error != '')"
            " ORDER BY id DESC LIMIT ?2",
            (before, limit, *wanted),
        )
        return [AuditEntry._make([*row, json.loads(given), error]) for *row, given, error in rows]

    async def trim(self, clock: TrustedClock) -> None:
        """Forget what is older than KEPT_S, by the time that is trusted; StorageError."""
        if not clock.trusted_s:
            return
        stretches = expired(clock.spells, clock.trusted_s - KEPT_S, clock.trusted_s)

        async def work(database: Database) -> None:
            for first_s, last_s in stretches:
                await database.rows(
                    "DELETE FROM audit WHERE time >= ? AND time < ?", (first_s, last_s)
                )

        await self._file.write(work, lambda _: None)
