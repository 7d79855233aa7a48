"""Which ids rows have already: after the clock was set back, a moment may come a second time."""

from __future__ import annotations

from sinkhole.control.database import Database


async def taken_ids(database: Database, ids: list[int], near: int) -> set[int]:
    """The ids the log has among some others, and so far behind each that all find a free one.

    Those no further apart than `near` are looked for together.
    """
    taken: set[int] = set()
    run: list[int] = []
    for ident in sorted(ids):
        if run and ident > run[-1] + near:
            taken |= await _taken_between(database, run[0], run[-1] + 1, len(ids))
            run = []
        run.append(ident)
    return taken | await _taken_between(database, run[0], run[-1] + 1, len(ids)) if run else taken


async def _taken_between(database: Database, start: int, end: int, room: int) -> set[int]:
    """The ids from `start` until `room` of those from `end` on are not taken."""
    taken: set[int] = set()
    step = end + room
    while True:
        rows = await database.rows("SELECT id FROM query WHERE id >= ? AND id < ?", (start, step))
        taken.update(ident for (ident,) in rows)
        missing = room - (step - end) + sum(1 for ident in taken if ident >= end)
        if missing <= 0:
            return taken
        start, step = step, step + missing
