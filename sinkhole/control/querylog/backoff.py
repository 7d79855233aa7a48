"""What keeps something from being written: shown, told once a minute, tried again ever later."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

RETRY_MAX_S: Final = 60.0
"""The longest pause after failures; the first is of a second, each other twice the one before."""

WARN_EVERY_S: Final = 60.0


class Backoff:
    """When to try again; `error` says what is wrong now, None while all is well.

    `what` is written, as the program's log calls it.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, what: str = "query log"
    ) -> None:
        self.error: str | None = None
        self.failures = 0
        self._clock = clock
        self._what = what
        self._next_try = 0.0
        self._next_warning = 0.0
        self._failing_since = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether it is too early to try again."""
        return self.failures > 0 and self._clock() < self._next_try

    @property
    def left_s(self) -> float:
        """For how long it is too early; 0 where it is not."""
        return max(self._next_try - self._clock(), 0.0) if self.failures else 0.0

    @property
    def failing_s(self) -> float:
        """For how long nothing has worked; 0 while all is well."""
        return self._clock() - self._failing_since if self.failures else 0.0

    def report(self, error: str) -> None:
        """Show what is wrong, and say so in the program's log, once a minute at most."""
        self.error = error
        now = self._clock()
        if now >= self._next_warning:
            self._next_warning = now + WARN_EVERY_S
            log.warning("%s: %s", self._what, error)

    def failed(self, error: str) -> None:
        """Something was tried and failed: wait for a while, longer each time."""
        self.report(error)
        if not self.failures:
            self._failing_since = self._clock()
        self._next_try = self._clock() + min(2.0**self.failures, RETRY_MAX_S)
        self.failures = min(self.failures + 1, 10)

    def succeeded(self) -> None:
        """It works, or works again."""
        if self.error is not None:
            log.info("%s: writing again", self._what)
        self.error = None
        self.failures = 0
