"""How much is done at a time, by how long the last time took, so that no disk makes others wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

SLICE_S: Final = 0.04
"""How long a slice of work shall take."""

FIRST: Final = 1_000
LEAST: Final = 100
MOST: Final = 50_000
"""How many values the first slice has, and any at least and at most."""


class Pace:
    """The size of the next slice of one kind of work."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.size = FIRST
        self._now = now

    @contextmanager
    def slice(self, count: int) -> Iterator[None]:
        """Around a slice of `count` values: the next is smaller if it took too long.

        It is larger only if this one was full and took little.
        """
        began = self._now()
        yield
        took_s = self._now() - began
        if took_s > SLICE_S:
            fitting = min(self.size, int(count * SLICE_S / took_s))
            self.size = max(LEAST, self.size // 4, fitting)
        elif count >= self.size and took_s < SLICE_S / 2:
            self.size = min(MOST, self.size * 2)
