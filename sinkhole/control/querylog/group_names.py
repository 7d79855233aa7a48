"""Groups that have another name: their rows are found by it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.querylog.dictionary import ClientKey, client_digest
from sinkhole.control.querylog.outbox import MOST_BYTES, SHARE, Outbox
from sinkhole.control.querylog.schema import is_outdated, open_database
from sinkhole.model.errors import StorageError

log = logging.getLogger(__name__)

MOST_RENAMED: Final = 100
"""Groups that are renamed at once; of more, older rows keep the name of the first ones."""

LATE_S: Final = 10.0
"""How long records with the old name may come: of queries that were underway."""

ROWS_A_TURN: Final = 500
"""Clients that are renamed in one transaction."""


class _Renamed(NamedTuple):
    old: str
    new: str
    until_s: float


class GroupNames:
    """Names that groups had until now; `keep_up` has what is stored go over to the new ones, and
    `on_renamed` tells whoever calls it that there are some."""

    def __init__(self, outbox: Outbox, clock: Callable[[], float] | None = None) -> None:
        self._outbox = outbox
        self._clock = clock
        self._renamed: list[_Renamed] = []
        self._told: set[_Renamed] = set()
        self.on_renamed: Callable[[], None] = lambda: None

    @property
    def is_stale(self) -> bool:
        """Whether there may still be something to do."""
        return bool(self._renamed)

    def rename(self, old: str, new: str) -> None:
        """Have a group called so from now."""
        others = [each for each in self._renamed if new != each.old]
        until_s = self._now() + LATE_S
        self._renamed = [*others, _Renamed(old, new, until_s)][-MOST_RENAMED:]
        self.on_renamed()

    async def keep_up(self, database: Database, forget: Callable[[], None]) -> None:
        """Rename what is stored, between two transactions; `forget` is called where anything was
        renamed."""
        now_s = self._now()
        for each in list(self._renamed):
            renamed = await rename_group(database, each.old, each.new)
            if renamed:
                forget()
            if renamed or each not in self._told:
                await _tell(self._outbox, database, each.old, each.new)
                self._told.add(each)
        self._renamed = [each for each in self._renamed if now_s < each.until_s]
        self._told.intersection_update(self._renamed)

    def _now(self) -> float:
        return self._clock() if self._clock else asyncio.get_running_loop().time()


async def rename_group(database: Database, old: str, new: str) -> bool:
    """Have all clients of a group be in one of another name; whether there were any.

    One that was in such a group already stays another entry of the dictionary, with the same in it.
    """
    changed = False
    while rows := await database.rows(
        "SELECT id, text, device FROM client WHERE policy_group = ? LIMIT ?", (old, ROWS_A_TURN)
    ):
        changed = True
        async with database.transaction():
            for number, text, device in rows:
                await _move(database, number, (text, device, new))
    return changed


async def rename_in_file(path: Path, old: str, new: str) -> None:
    """The same in a log that no server has open; one that cannot be written now stays as it is."""
    if not await asyncio.to_thread(path.exists) or await is_outdated(path):
        return
    try:
        database, _ = await open_database(path)
        try:
            await rename_group(database, old, new)
            outbox = Outbox(int(MOST_BYTES / SHARE))
            await outbox.load(database)
            await _tell(outbox, database, old, new)
        finally:
            await database.close()
    except StorageError as error:
        log.warning("query log: rows of the group %r keep that name: %s", old, error)


async def _tell(outbox: Outbox, database: Database, old: str, new: str) -> None:
    """Have it renamed where the log is shared as well."""
    if outbox.is_kept:
        async with database.transaction():
            await outbox.put_group(database, old, new)
        outbox.on_more()


async def _move(database: Database, number: int, key: ClientKey) -> None:
    digest = client_digest(key)
    if await database.rows("SELECT 1 FROM client WHERE digest = ?", (digest,)):
        digest = client_digest((*key[:2], f"{key[2]}\n{number}"))
    await database.rows(
        "UPDATE client SET policy_group = ?, digest = ? WHERE id = ?", (key[2], digest, number)
    )
