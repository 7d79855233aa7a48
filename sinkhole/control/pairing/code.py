"""The one-time code by which another sinkhole is let in: short, for ten minutes and a few tries."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final

from sinkhole.control.identity.first_code import LENGTH, LETTERS

LASTS_S: Final = 600.0
MOST_WRONG: Final = 5
"""Wrong codes after which the right one counts no more: one of 78 thousand million is guessed."""


class PairingCode:
    """At most one code at a time, in memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._code = ""
        self._wrong = 0
        self._ends = 0.0

    @property
    def left_s(self) -> float:
        """How long the code still counts, 0 without one."""
        return max(0.0, self._ends - self._clock()) if self._code else 0.0

    def make(self) -> str:
        """Another code, in place of the one there was; as people read it: `ABCD-EFGH`."""
        self._code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        self._wrong, self._ends = 0, self._clock() + LASTS_S
        return f"{self._code[: LENGTH // 2]}-{self._code[LENGTH // 2 :]}"

    def forget(self) -> None:
        """Let nobody in by it any more."""
        self._code = ""

    def take(self, given: str) -> bool:
        """Whether somebody knows the code, which is used up then; letter case, spaces and dashes do
        not matter."""
        if not self.left_s:
            self._code = ""
            return False
        bare = "".join(each for each in given if each.isalpha()).upper()
        is_right = secrets.compare_digest(
            bare.encode("utf-8", "surrogatepass"), self._code.encode()
        )
        self._wrong += not is_right
        if is_right or self._wrong >= MOST_WRONG:
            self._code = ""
        return is_right
