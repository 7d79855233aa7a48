"""The trusted clock in the log's database: what it knew when the program ended, it knows again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from sinkhole.control.database import Database
from sinkhole.model.clock import ClockState, Spell, TrustedClock

LONGEST_HOLD_S: Final = 86_400.0
SHARE_OF_KEEP: Final = 10
"""A jump of the clock is believed after a tenth of what is kept, but a day at most: rows that are
erased too late by that much are no harm, those erased too early are gone."""


def elapsed_clock() -> Callable[[], float]:
    """A clock of seconds that nobody sets, and which goes on while the machine sleeps if it can.

    Where it stops (macOS), waking up looks as if the clock had been set forward.
    """
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic if boottime is None else lambda: time.clock_gettime(boottime)


def hold_s(keep_s: float) -> float:
    """How long a clock has to hold before rows are erased by it that are kept for so long."""
    return max(1.0, min(keep_s / SHARE_OF_KEEP, LONGEST_HOLD_S))


async def load_clock(database: Database, keep_s: float) -> TrustedClock:
    """The clock as it was saved last."""
    rows: Any = await database.rows("SELECT key, value FROM meta")
    marks: dict[str, int] = dict(rows)
    lags = await database.rows("SELECT part, lag FROM clock_lag")
    spells = await database.rows("SELECT first, last, gap FROM spell ORDER BY rowid")
    state = ClockState(
        marks["clock_wall"] / 1e6,
        marks["clock_held"] / 1e6,
        tuple((part, lag / 1e6) for part, lag in lags),
        tuple(Spell(*(value / 1e6 for value in row)) for row in spells),
    )
    return TrustedClock(hold_s(keep_s), state)


async def save_clock(database: Database, clock: TrustedClock) -> None:
    """Write down what the clock knows now, in a transaction of its own."""
    state = clock.state
    lags: list[int] = []
    for part, lag in state.lags:
        lags += (part, _us(lag))
    spells = [_us(value) for spell in state.spells for value in spell]
    async with database.transaction():
        for key, value in (("clock_wall", state.wall_s), ("clock_held", state.held_s)):
            await database.rows("UPDATE meta SET value = ? WHERE key = ?", (_us(value), key))
        await database.rows("DELETE FROM clock_lag")
        await database.insert("INSERT INTO clock_lag", 2, lags)
        await database.rows("DELETE FROM spell")
        await database.insert("INSERT INTO spell", 3, spells)


def _us(seconds: float) -> int:
    return round(seconds * 1e6)
