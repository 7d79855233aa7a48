"""Whether this server is drained: it answers whoever asks, but says that it is not ready."""

from __future__ import annotations

import time
from collections.abc import Callable


class Drain:
    """Off at the start, so it is not kept over a restart.

    While it `is_on`, /readyz is 503, and whatever spreads queries over several servers sends them
    to the others. `by` is who began it, `began_s` when, in seconds since 1970; both are those of
    the first where it is begun twice.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.by = ""
        self.began_s: float | None = None
        self._now = now

    @property
    def is_on(self) -> bool:
        """Whether nobody new is to be sent here."""
        return self.began_s is not None

    def begin(self, by: str) -> None:
        """Say from now on that it is not ready."""
        if self.began_s is None:
            self.by, self.began_s = by, self._now()

    def end(self) -> None:
        """Be ready again, as far as all else is."""
        self.by, self.began_s = "", None
