"""With whom a sinkhole is paired, as it is kept: in `meta` of the state, which is of it alone."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.state.schema import packed
from sinkhole.control.state.state import State

_KEY: Final = "paired"


class Paired(NamedTuple):
    """A pair, seen from one of the two.

    `state` is which state they share; `term` rises when the other one becomes the first. `name`,
    `url` and `pin` (SHA-256 of its certificate, "" where authorities vouch for it) are of the other
    one, `url` is "" while it is not known where that is; `secret` is the token by which both let
    each other in. `is_told` says that the other knows the term.
    """

    state: str
    term: int
    is_first: bool
    name: str
    url: str
    secret: str
    pin: str = ""
    is_told: bool = True

    @property
    def identity(self) -> str:
        """By which the shared state is known: what was changed in another term is read anew."""
        return f"{self.state}.{self.term}"


async def read_paired(state: State) -> Paired | None:
    """What is kept; StorageError."""

    async def work(database: Database) -> Paired | None:
        found = await database.value("SELECT value FROM meta WHERE key = ?", (_KEY,))
        if found is None:
            return None
        told = json.loads(found)
        return Paired(**{key: told[key] for key in Paired._fields if key in told})

    return await state.read(work)


async def write_paired(state: State, paired: Paired | None) -> None:
    """Keep it; StorageError."""

    async def work(database: Database) -> None:
        if paired is None:
            await database.rows("DELETE FROM meta WHERE key = ?", (_KEY,))
            return
        row = (_KEY, packed(paired._asdict()))
        await database.rows("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)

    await state.merge(work)
