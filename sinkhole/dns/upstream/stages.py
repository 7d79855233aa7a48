"""Work that comes in bursts, done stage by stage: the first stage of all, then the second of all.

Fifty answers that arrive together could each be handled from end to end, one after the other. But
a processor that has just done a thing does it again in half the time, as long as it did not do
too much else in between: its caches hold the way of one stage, not that of a whole answer. Reading
an answer took 5.7 µs when the one before it had been handled to its end, 3 µs right behind
another; all stages taken together, a name never seen before costs a quarter less.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

Stage = Callable[[], "Stage | None"]
"""One piece of work; what it returns is the next stage of the same work, None at its end."""


def run_stages(stages: Iterable[Stage]) -> None:
    """Run the first stage of every work, then the second ones, until all have come to an end.

    A stage that raises ends its own work only: that is a bug, and is logged.
    """
    waiting = list(stages)
    while waiting:
        following = []
        for stage in waiting:
            try:
                after = stage()
            except Exception:
                log.exception("an answer was lost by a bug")
                continue
            if after is not None:
                following.append(after)
        waiting = following
