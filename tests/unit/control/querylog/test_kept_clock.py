from __future__ import annotations

from pathlib import Path

from sinkhole.control.querylog.kept_clock import elapsed_clock, hold_s, load_clock, save_clock
from sinkhole.control.querylog.schema import open_database

NOW = 1_750_000_000.0
DAY = 86_400.0


def test_a_clock_has_to_hold_for_a_tenth_of_keep_but_a_day_at_most() -> None:
    assert hold_s(3600) == 360
    assert hold_s(90 * DAY) == hold_s(3650 * DAY) == DAY


def test_the_elapsed_clock_goes_forward() -> None:
    clock = elapsed_clock()
    assert clock() <= clock()


async def test_the_clock_is_the_same_after_a_restart(tmp_path: Path) -> None:
    database, _ = await open_database(tmp_path / "querylog.db")
    try:
        clock = await load_clock(database, keep_s=3600)
        assert clock.trusted_s == 0
        for second in range(0, 900, 30):
            jump = 3600.0 if second > 450 else 0.0
            clock.read(second, NOW + second + jump)
        await save_clock(database, clock)
        again = await load_clock(database, keep_s=3600)
        assert again.state == clock.state and again.trusted_s == clock.trusted_s > NOW
        (spell,) = again.spells
        assert spell.gap_s == 3600
    finally:
        await database.close()
