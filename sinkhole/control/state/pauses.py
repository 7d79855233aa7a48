"""The pauses there are, as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

from sinkhole.control.database import Database
from sinkhole.control.state.file import StateFile
from sinkhole.control.state.schema import packed, stamp_of
from sinkhole.model.stamp import Stamp

MOST_PAUSES: Final = 100
"""Pauses at once."""

PauseScope = Literal["all", "group", "client", "service", "list"]
"""For whom the filter is off: "all", a "group", a "client"; or what is blocked for nobody: a
"service", a "list"."""


class Pause(NamedTuple):
    """Something is off since `began`, for `seconds`; None: until somebody resumes it.

    `name` is that of the group, client or list, or the id of the service; "" for all.
    """

    scope: PauseScope
    name: str
    began: Stamp
    seconds: float | None
    by: str

    @property
    def key(self) -> tuple[str, str]:
        """What there is one pause of: the scope and its name, in whatever spelling."""
        return self.scope, self.name.casefold()

    def left_s(self, now: Stamp) -> float | None:
        """How long it goes on, 0 when it is over; None: until somebody resumes it."""
        if self.seconds is None:
            return None
        return max(0.0, self.seconds - self.began.elapsed_s(now))


class Pauses:
    """The rows of the pauses there are."""

    def __init__(self, file: StateFile) -> None:
        self._file = file
        self._known: set[tuple[str, str]] | None = None

    async def load(self) -> tuple[Pause, ...]:
        """The pauses that are stored, over or not, in the order in which they began."""
        pauses = tuple(_pause(*row) for row in (await self._file.rows(_ALL))[:MOST_PAUSES])
        self._known = {each.key for each in pauses}
        return pauses

    async def store(self, pauses: Sequence[Pause]) -> None:
        """Keep these in place of all that were loaded or stored here before; StorageError. Those
        that another sinkhole has begun since then stay."""
        keys = {each.key for each in pauses}

        async def work(database: Database) -> None:
            there = [_pause(*row) for row in await database.rows(_ALL)]
            known = None if self._known is None else keys | self._known
            others = [] if known is None else [each for each in there if each.key not in known]
            await database.rows("DELETE FROM pause")
            for number, each in enumerate([*others, *pauses]):
                row = (number, each.scope, each.name, packed(each.began), each.seconds, each.by)
                await database.rows("INSERT INTO pause VALUES (?, ?, ?, ?, ?, ?)", row)

        def kept(_: None) -> None:
            self._known = keys

        await self._file.write(work, kept)


_ALL: Final = "SELECT scope, name, began, seconds, by FROM pause ORDER BY number"


def _pause(scope: PauseScope, name: str, began: str, seconds: float | None, by: str) -> Pause:
    """A row; ValueError or TypeError where it makes no sense."""
    if scope not in get_args(PauseScope):
        raise ValueError(f"there is no pause of a {scope!r}")
    lasts_s = None if seconds is None else float(seconds)
    return Pause(scope, str(name), stamp_of(began), lasts_s, str(by))
