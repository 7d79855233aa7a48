"""The one-time code by which the first account is made: only who can read the log has it."""

from __future__ import annotations

import logging
import secrets
from typing import Final

log = logging.getLogger(__name__)

LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ"
"""None that is taken for another, and no digits: whatever is read aloud is one of these."""

LENGTH: Final = 8

MOST_WRONG: Final = 20
"""Wrong codes after which a new one is made: guessing helps nobody, and nobody is kept out."""


class FirstCode:
    """A code for as long as this process runs, or until it has been tried too often."""

    def __init__(self) -> None:
        self.code = _new()
        self._wrong = 0

    def is_right(self, given: str) -> bool:
        """Whether somebody knows the code; letter case, spaces and dashes do not matter."""
        bare = "".join(each for each in given if each.isalpha()).upper()
        if secrets.compare_digest(bare.encode("utf-8", "surrogatepass"), self.code.encode()):
            return True
        self._wrong += 1
        if self._wrong >= MOST_WRONG:
            self.code, self._wrong = _new(), 0
            log.warning("the code for the first account was tried too often: it is %s now", self)
        return False

    def __str__(self) -> str:
        """As people read it: `ABCD-EFGH`."""
        return f"{self.code[: LENGTH // 2]}-{self.code[LENGTH // 2 :]}"


def _new() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
