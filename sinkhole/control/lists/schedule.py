"""When a list is due. Plain functions of times; the clock is the caller's."""

from __future__ import annotations

import math

FIRST_RETRY_S = 60.0
LONGEST_RETRY_S = 86_400.0


def due_at(
    *, checked: float | None, ready: bool, failures: int, interval_s: float, spread: float
) -> float:
    """The wall-clock time from which on a list should be looked at again; inf for never.

    `checked` is the last look, None before the first. `failures` counts those in a row: each
    doubles the wait, from one minute up to the update interval (a day where that is 0, never
    update). A list that is not ready is due at once. `spread`, 0 to 1, moves either by
    up to 5 % to either side, so that lists and households do not all ask at the same moment.
    """
    if checked is None:
        return 0.0
    if failures:
        longest = interval_s or LONGEST_RETRY_S
        wait = min(longest, FIRST_RETRY_S * 2.0 ** min(failures - 1, 20))
        return checked + wait * (0.95 + 0.1 * spread)
    if not ready:
        return 0.0
    if not interval_s:
        return math.inf
    return checked + interval_s * (0.95 + 0.1 * spread)
