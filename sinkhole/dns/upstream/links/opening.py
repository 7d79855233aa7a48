"""Opening sessions, one at a time, and less and less often while none can be had."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import Final

from sinkhole.dns.upstream.links.link import Blame, Failure
from sinkhole.dns.upstream.links.session import Exhausted, OpenSession, Session, SessionEvents
from sinkhole.model.errors import UpstreamError
from sinkhole.model.tasks import Tasks

CONNECT_S: Final = 4.0
"""How long a connection may take to be made, handshake and all."""

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 8.0
"""How long nothing is tried after no connection could be made: twice as long each time."""

SETTLING_S: Final = 2.0
"""After a change of the network it may have neither address nor route for a moment: what fails
meanwhile says nothing of the server, and is tried again."""

SETTLING_STEP_S: Final = 0.25

MOST_BARREN: Final = 2
"""So many sessions in a row that ended on a question without one answer are a failed server."""

MOST_ENDING: Final = 8
"""Openings that were given up and are not quite over; beyond it nothing is opened for a moment."""


class Opening:
    """Opens sessions for a link, and tells it of each: `opened(session)` or `failed()`.

    `why` is the latest failure, which whoever asks during a pause is told at once.
    """

    def __init__(
        self,
        open_session: OpenSession,
        events: SessionEvents,
        tasks: Tasks,
        clock: Callable[[], float],
        opened: Callable[[Session], None],
        failed: Callable[[], None],
    ) -> None:
        self._open_session = open_session
        self._events = events
        self._tasks = tasks
        self._clock = clock
        self._opened = opened
        self._failed = failed
        self._task: asyncio.Task[None] | None = None
        self._pause_s = 0.0
        self._paused_until = -inf
        self._barren, self._barren_at = 0, -inf
        self._settled_at = -inf
        self.why = Failure("could not be connected to", Blame.SERVER)

    def is_paused(self, now: float) -> bool:
        """Whether nothing is tried for a moment."""
        return now < self._paused_until

    def begin(self, now: float) -> None:
        """Open a session, unless one is being opened or nothing is tried for a moment."""
        if self._task is None and not self.is_paused(now):
            self._task = self._tasks.start("connecting", self._open())

    def begin_anew(self) -> None:
        """The network may be another one: what is being opened is given up, failures forgotten."""
        self._settled_at = self._clock() + SETTLING_S
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.proven()

    def proven(self) -> None:
        """The server gave an answer: what failed before says nothing any more."""
        self._barren, self._pause_s, self._paused_until = 0, 0.0, -inf

    def was_barren(self, what: str, opened_at: float) -> bool:
        """A session ended on a question without one answer; whether this is a failure by now.

        Those that were there side by side, and end together, say it once.
        """
        if opened_at >= self._barren_at:
            self._barren += 1
            self._barren_at = self._clock()
        if self._barren >= MOST_BARREN:
            self._fail(Failure(what, Blame.SERVER))
        return self._barren >= MOST_BARREN

    async def _open(self) -> None:
        try:
            session = await self._settled_session()
        except UpstreamError as error:
            self._task = None
            blame = Blame.NOBODY if isinstance(error, Exhausted) else Blame.SERVER
            self._fail(Failure(error.cause, blame))
        except Exception as error:
            self._task = None
            self._tasks.faults.note("connecting to an upstream", error)
            self._fail(Failure("met an error of sinkhole's own", Blame.NOBODY))
        else:
            self._task = None
            self._opened(session)

    async def _settled_session(self) -> Session:
        """A session; while the network settles, failures are tried again."""
        while True:
            try:
                return await self._open_session(self._events, self._clock() + CONNECT_S)
            except UpstreamError as error:
                if isinstance(error, Exhausted) or self._clock() >= self._settled_at:
                    raise
            await asyncio.sleep(SETTLING_STEP_S)

    def _fail(self, failure: Failure) -> None:
        self._pause_s = min(max(2 * self._pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        self._paused_until = self._clock() + self._pause_s
        self.why = failure
        self._failed()
