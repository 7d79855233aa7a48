"""How often somebody may ask: budgets that hold one second's worth and fill evenly."""

from __future__ import annotations

from collections.abc import Hashable
from math import inf
from typing import Final

MAX_BUDGETS: Final = 10_000
"""Budgets that are kept. While so many are not full, all who had none share one."""

FULL_S: Final = 1.0
"""An empty budget is full again after this long."""

LOOK_EVERY_S: Final = 0.05
"""Where so many are kept, those that are full are looked for so often at most: it takes 1 ms."""

_ROUNDING_S: Final = 1e-6
_SHARED: Final = object()


class Budgets:
    """Budgets by key; each holds FULL_S worth of what `rate` gives a second, 0 for no limit.

    One is kept as the time at which it will be full again if nobody spends from it, and a full one
    need not be kept at all. So nobody gets a fresh budget by having the own one forgotten: what is
    forgotten is full. That is found out when it was left alone for FULL_S, or when room is needed.
    """

    def __init__(self, rate: float, most: int = MAX_BUDGETS) -> None:
        self._most = most
        self._full_at: dict[Hashable, float] = {}
        self._before: dict[Hashable, float] = {}
        """Those that nobody spent from since `_turn_at` - FULL_S."""
        self._turn_at = -inf
        self._look_at = -inf
        self.set_rate(rate)

    def __len__(self) -> int:
        return len(self._full_at) + len(self._before)

    def set_rate(self, rate: float) -> None:
        """Let all budgets be of another rate from now on."""
        self._cost_s = FULL_S / rate if rate else 0.0

    def spend(self, key: Hashable, now: float) -> bool:
        """Take one from the budget of this key, if there is one left in it."""
        full_at = self._full_at.get(key)
        if full_at is None or now >= self._turn_at:
            key, full_at = self._find(key, now)
        if full_at < now:
            full_at = now
        full_at += self._cost_s
        if full_at > now + FULL_S + _ROUNDING_S:
            return False
        self._full_at[key] = full_at
        return True

    def _find(self, key: Hashable, now: float) -> tuple[Hashable, float]:
        """The key to spend from, and when that budget is full; forgets some that are full."""
        if now >= self._turn_at:
            is_recent = now < self._turn_at + FULL_S
            self._before, self._full_at = self._full_at if is_recent else {}, {}
            self._turn_at = now + FULL_S
        full_at = self._before.pop(key, None)
        if full_at is None:
            full_at = self._full_at.get(key)
        is_new = full_at is None
        if is_new and len(self) >= self._most and now >= self._look_at:
            self._forget_full(now)
        if is_new and len(self) >= self._most:
            key = _SHARED
            full_at = self._full_at.get(key, self._before.get(key))
        if full_at is None:
            full_at = now
        self._full_at[key] = full_at
        return key, full_at

    def _forget_full(self, now: float) -> None:
        """Forget all that are full."""
        self._look_at = now + LOOK_EVERY_S
        self._before = {key: at for key, at in self._before.items() if at > now}
        self._full_at = {key: at for key, at in self._full_at.items() if at > now}
