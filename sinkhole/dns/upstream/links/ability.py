"""What a server may not be able to do: understand EDNS, repeat a question in our letter case.

To do without is a loss: without EDNS no client gets signatures, without random letter case answers
are easier to forge. A forger who hits id and port once could have us do without, so one datagram
proves nothing: the server must say the same over TCP, which cannot be forged from afar, or, where
it has no TCP, give REPEATED answers in a row to questions that did without. It is tried again soon.
"""

from __future__ import annotations

from typing import Final

REMEMBER_S: Final = 600.0
"""How long it is remembered that a server lacks an ability."""

REPEATED: Final = 3
"""So many questions in a row that only worked without it, where TCP cannot tell."""


class Ability:
    """Whether a server has one ability; it is taken to, unless proven otherwise.

    Before `lacking_until` it is to be asked without. Attributes, as every query looks at them.
    """

    __slots__ = ("doubts", "lacking_until")

    def __init__(self) -> None:
        self.doubts = 0
        """Questions in a row that only worked without it; an answer with it sets them to 0."""
        self.lacking_until = float("-inf")

    def doubted(self, now: float) -> None:
        """A question only worked without it, and TCP could not be asked."""
        self.doubts += 1
        if self.doubts >= REPEATED:
            self.disproved(now)

    def disproved(self, now: float) -> None:
        """The server said over TCP that it lacks it."""
        self.doubts = 0
        self.lacking_until = now + REMEMBER_S
