"""Popular names are asked for again before they expire, so that nobody waits for them.

An answer counts its ages (`Ready.age`, at most one a second while it is asked for). In the last
tenth of its time, one that was asked for in several seconds is worth a question in the background.
That costs nothing where an answer is merely given.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final

from sinkhole.dns.cache.ready import Ready
from sinkhole.model.status import PrefetchStatus

POPULAR: Final = 3
"""In how many seconds an answer must have been asked for, since it came or was last prefetched."""

LAST_PART: Final = 0.1
"""In this last part of its time an answer is prefetched."""

SHORTEST_TTL_S: Final = 10
"""Answers that live shorter are not: that would be to ask for them all the time."""

MOST_AT_ONCE: Final = 20
"""Background questions underway; further names are left to expire."""

FAILURES: Final = 3
"""So many failures in a row make it pause."""

PAUSE_S: Final = 60.0
"""How long it pauses, unless an upstream recovers before: who does wait goes first then."""


class Prefetch:
    """Says which answers to ask for again, and counts what came of it.

    `asked` are background questions, `failed` those of them that nobody answered, `saved` answers
    that were given when the ones before them would have expired, so that somebody did not wait.
    `recovered_at` tells when an upstream was last found to be back.
    """

    def __init__(self, recovered_at: Callable[[], float], *, enabled: bool = True) -> None:
        self.enabled = enabled
        self.asked = self.saved = self.failed = self.underway = 0
        self._recovered_at = recovered_at
        self._in_a_row = 0
        self._failed_at = -inf

    def wants(self, known: Ready, now: float) -> bool:
        """Whether to ask again for what is being aged; it is then not wanted again so soon.

        Called at most once a second for an answer; 0.2 µs.
        """
        if now >= known.saves_from:
            known.saves_from = inf
            self.saved += 1
        answer = known.answer
        if answer is None or known.ages < POPULAR or answer.ttl_s < SHORTEST_TTL_S:
            return False
        left_s = answer.expires - now
        if not 0 < left_s <= LAST_PART * answer.ttl_s:
            return False
        if not self.enabled or self.underway >= MOST_AT_ONCE or self.pauses(now):
            return False
        known.ages = 0
        return True

    def pauses(self, now: float) -> bool:
        """Whether upstreams have failed lately, and none has recovered since."""
        if self._in_a_row < FAILURES or self._recovered_at() > self._failed_at:
            return False
        return now < self._failed_at + PAUSE_S

    def begin(self) -> None:
        """Count a background question; `end` must follow."""
        self.asked += 1
        self.underway += 1

    def end(self) -> None:
        """Its place is free again."""
        self.underway -= 1

    def fail(self, now: float) -> None:
        """Nobody answered it."""
        self.failed += 1
        self._in_a_row += 1
        self._failed_at = now

    def succeed(self, instead: Ready, before: Ready) -> None:
        """It was answered: `instead` is given when the answer `before` would have expired."""
        self._in_a_row = 0
        instead.saves_from = before.expires

    def status(self, now: float) -> PrefetchStatus:
        """What people are shown."""
        return {
            "enabled": self.enabled,
            "asked": self.asked,
            "failed": self.failed,
            "saved": self.saved,
            "underway": self.underway,
            "pauses": self.pauses(now),
        }
