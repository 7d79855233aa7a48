"""The load of a session: what is underway on it, and what its silence says.

A connection may be dead without anybody telling: the machine slept, the network changed, a router
forgot it. And where a server answers in order, one slow question holds up all behind it.
"""

from __future__ import annotations

from typing import Final

from sinkhole.dns.upstream.links.session import Asking, Session

SLOW_S: Final = 0.25
"""After so much silence a session is slow: what is asked from then on may move to another one."""

STALE_S: Final = 1.2
"""After so much silence a session that had been alive is taken for dead: all moves to another."""

MUTE_S: Final = 4.0
"""After so much silence one that never gave an answer is given up."""

IDLE_S: Final = 30.0
"""A session that nobody used for so long is closed."""

CANCELLED_IN_SILENCE: Final = 3
"""So many questions in a row that were given up while nothing was heard are a silence, too: each
may have been answered by another server before it could tell."""


class Load:
    """One session of a link. `underway` is in the order in which it was given to the session.

    `slow_since` is when it was found to be slow, None while it is not; one that is `retired`, as it
    seems to be dead, is given no more questions. `sent` and `answered` count questions.
    """

    __slots__ = (
        "_cancelled",
        "_heard_at",
        "_unheard_since",
        "answered",
        "opened_at",
        "retired",
        "sent",
        "session",
        "slow_since",
        "underway",
        "used_at",
    )

    def __init__(self, session: Session, now: float) -> None:
        self.session = session
        self.underway: dict[Asking, None] = {}
        self.opened_at = self.used_at = self._heard_at = now
        self.sent = self.answered = 0
        self.slow_since: float | None = None
        self.retired = False
        self._unheard_since: float | None = None
        self._cancelled = 0

    def takes(self, allowance: float, now: float) -> bool:
        """Whether it may be given a question.

        `allowance` is how many the server seems to answer before it closes. With these answered, a
        session that is still there a moment later gets one more, to see.
        """
        if self.session.room <= 0 or self.retired:
            return False
        return self.sent < allowance or (not self.underway and now - self._heard_at >= SLOW_S)

    def give(self, asking: Asking, now: float) -> None:
        """Have the session ask."""
        asking.session = self.session
        asking.sent_at = now
        asking.tries += 1
        self.underway[asking] = None
        self.used_at = now
        self.sent += 1
        if self._unheard_since is None:
            self._unheard_since = now
        self.session.send(asking)

    def heard(self, now: float) -> None:
        """Something came from the server: the connection is alive."""
        self._heard_at = self.used_at = now
        self._unheard_since = self.slow_since = None
        self._cancelled = 0
        self.retired = False

    def take_back(self, asking: Asking) -> None:
        """The session shall forget a question, which was given up or moves to another session."""
        del self.underway[asking]
        asking.session = None
        self._cancelled += 1
        self.session.cancel(asking)

    def silent_s(self, now: float) -> float:
        """How long an answer has been waited for with nothing heard meanwhile."""
        if self._unheard_since is None:
            return 0.0
        if self._cancelled >= CANCELLED_IN_SILENCE:
            return now - self._unheard_since
        oldest = next(iter(self.underway), None)
        return 0.0 if oldest is None else now - max(oldest.sent_at, self._heard_at)

    def is_slow(self, now: float) -> bool:
        """Whether something seems to hold it up."""
        return self.silent_s(now) >= SLOW_S

    def is_stale(self, now: float) -> bool:
        """Whether it is to be taken for dead."""
        return self.silent_s(now) >= (STALE_S if self.answered else MUTE_S)

    def is_idle(self, now: float) -> bool:
        """Whether nobody has needed it for long."""
        return not self.underway and now >= self.idle_at

    @property
    def idle_at(self) -> float:
        """When nobody will have needed it for long, if nobody does."""
        return self.used_at + IDLE_S

    def ended_early(self, now: float) -> bool:
        """Whether the server, having just answered, closed before it answered everything."""
        return bool(self.answered and self.underway) and now - self._heard_at < SLOW_S
