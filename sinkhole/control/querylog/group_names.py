"""Groups that have another name: their rows are found by it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.querylog.dictionary import ClientKey, client_digest
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

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._renamed: list[_Renamed] = []
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
            if await rename_group(database, each.old, each.new):
                forget()
            if now_s >= each.until_s and each in self._renamed:
                self._renamed.remove(each)

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
        finally:
            await database.close()
    except StorageError as error:
        log.warning("query log: rows of the group %r keep that name: %s", old, error)


async def _move(database: Database, number: int, key: ClientKey) -> None:
    digest = client_digest(key)
    if await database.rows("SELECT 1 FROM client WHERE digest = ?", (digest,)):
        digest = client_digest((*key[:2], f"{key[2]}\n{number}"))
    await database.rows(
        "UPDATE client SET policy_group = ?, digest = ? WHERE id = ?", (key[2], digest, number)
    )
