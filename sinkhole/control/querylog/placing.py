"""Ids for records: the microsecond in which each was answered, strictly increasing."""

from __future__ import annotations

from typing import Final

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US

CLOCK_STEP_US: Final = MINUTE_US
"""A clock set back by more than this is followed; by less, ids go on from the newest one, so that
all rows of that time have nearly the same."""


class Placing:
    """Gives ids out, batch by batch. `last_id` is the last one given, `greatest_id` the greatest:
    what lies below may be taken."""

    def __init__(self, last_id: int) -> None:
        self.last_id = self.greatest_id = last_id

    def place(self, time_s: float, size: int) -> int:
        """The id of a batch's first record: its time, unless that is taken.

        A batch lies within one minute, so that row and counts always agree on the hour.
        """
        ident = int(time_s * 1e6)
        if self.last_id - CLOCK_STEP_US < ident <= self.last_id:
            ident = self.last_id + 1
        minute = ident // MINUTE_US
        if (ident + size) // MINUTE_US != minute:
            ident = (minute + 1) * MINUTE_US
        self.last_id = ident + size - 1
        return ident
