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

from sinkhole.dns.pipeline.replies import BUG
from sinkhole.dns.wire.name import ROOT
from sinkhole.dns.wire.numbers import Rcode
from sinkhole.dns.wire.question import name_in, peek
from sinkhole.dns.wire.write import write_error, write_failed
from sinkhole.model.errors import WireError
from sinkhole.model.record import Report

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


def servfail(query: bytes) -> tuple[bytes, Report]:
    """SERVFAIL to a query that `deserves_reply`, and its report; with its question if it has one.

    It reads the query anew: what was found out about it got lost with what was raised.
    """
    try:
        end, shape = peek(query)
    except WireError:
        return write_error(query, Rcode.SERVFAIL), Report(ROOT, 0, Rcode.SERVFAIL, BUG)
    report = Report(name_in(query, end), shape.qtype, Rcode.SERVFAIL, BUG)
    return write_failed(query, end + 4, edns=shape.edns, do=shape.do), report
