"""Exceptions that no query should ever meet: counted, and told with their traceback.

Each query and each answer stands alone. Whoever handles one of several catches whatever it
raises, hands it to `Bugs`, answers SERVFAIL in its place, and goes on with the next.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import inf
from traceback import extract_tb
from typing import Final

log = logging.getLogger(__name__)

AGAIN_S: Final = 3600.0
"""After its traceback was logged, a bug is only counted for this long."""

MOST_PLACES: Final = 100
"""Places in the code that something was raised at; when full the memory starts anew."""


class Bugs:
    """The exceptions that queries of one pipeline have met; `met` counts them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.met = 0
        self._clock = clock
        self._told: dict[tuple[type[Exception], str, int | None], float] = {}

    def meet(self, error: Exception) -> None:
        """Count an exception; log it, unless one of its type and place was within AGAIN_S."""
        self.met += 1
        deepest = extract_tb(error.__traceback__)[-1]
        place = (type(error), deepest.filename, deepest.lineno)
        now = self._clock()
        if now - self._told.get(place, -inf) < AGAIN_S:
            return
        if len(self._told) >= MOST_PLACES:
            self._told.clear()
        self._told[place] = now
        log.error(
            "a bug kept a query from being answered; others that meet it in the next hour are only "
            "counted (%d bugs met since the start)",
            self.met,
            exc_info=error,
        )
