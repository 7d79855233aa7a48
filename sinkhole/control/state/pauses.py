"""The pause in force, as it is stored."""

from __future__ import annotations

from typing import NamedTuple

from sinkhole.control.database import Database
from sinkhole.control.state.file import StateFile
from sinkhole.control.state.schema import packed, stamp_of
from sinkhole.model.stamp import Stamp


class Pause(NamedTuple):
    """The filter is off since `began`, for `seconds`; None: until somebody resumes it."""

    began: Stamp
    seconds: float | None
    by: str

    def left_s(self, now: Stamp) -> float | None:
        """How long it goes on, 0 when it is over; None: until somebody resumes it."""
        if self.seconds is None:
            return None
        return max(0.0, self.seconds - self.began.elapsed_s(now))


class Pauses:
    """The row of the one pause there may be."""

    def __init__(self, file: StateFile) -> None:
        self._file = file

    async def load(self) -> Pause | None:
        """The pause that is stored, over or not."""
        rows = await self._file.rows("SELECT began, seconds, by FROM pause")
        return Pause(stamp_of(rows[0][0]), *rows[0][1:]) if rows else None

    async def store(self, pause: Pause | None) -> None:
        """Keep this one, or none, in place of what is stored; StorageError."""

        async def work(database: Database) -> None:
            await database.rows("DELETE FROM pause")
            if pause is not None:
                row = (packed(pause.began), pause.seconds, pause.by)
                await database.rows("INSERT INTO pause VALUES (1, ?, ?, ?)", row)

        await self._file.write(work, lambda _: None)
