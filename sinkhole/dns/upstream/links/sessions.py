"""The link of every transport with connections: questions on one side, sessions on the other.

A session is opened when somebody asks, and closed when nobody has for a while. Questions and
sessions are kept apart, so a session may end whenever it likes: what was underway on it is asked
again on the next one, at most MOST_TRIES times, and every question is told one thing by its
deadline. That a server closes connections is no failure; that none can be made is.

    ask ──► a session with room, not slow ──► answered
      └──► none: it waits, and one is opened ──► all that wait are sent
                                            └──► fails: all that wait are told, and for a moment
                                                 whoever asks is told at once
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial
from math import inf
from typing import Final

from sinkhole.dns.upstream.links.ability import REMEMBER_S
from sinkhole.dns.upstream.links.link import Blame, Cancel, Failure, LinkAnswer, LinkState, OnReply
from sinkhole.dns.upstream.links.load import Load
from sinkhole.dns.upstream.links.opening import MOST_ENDING, Opening
from sinkhole.dns.upstream.links.session import Asking, OpenSession, Session, SessionEvents
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.query import is_reply_to
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply, read_reply
from sinkhole.model.errors import WireError
from sinkhole.model.faults import Faults
from sinkhole.model.tasks import Tasks

MOST_UNDERWAY: Final = 1000
"""Questions underway on one link, those that wait for a connection among them."""

MOST_SESSIONS: Final = 4
"""Connections to one server at once; a second one only where the first is slow or full."""

MOST_TRIES: Final = 3
"""Sessions that one question is given to, one after the other."""

TICK_S: Final = 0.1
"""How often deadlines and silences are looked at while something is underway."""

_EDNS_UNKNOWN: Final = frozenset({n.Rcode.FORMERR, n.Rcode.NOTIMP, n.Rcode.BADVERS})


class SessionLink(SessionEvents):
    """A `Link` over the sessions that `open_session` makes. `kind` and `most` as of Link."""

    def __init__(
        self,
        kind: str,
        open_session: OpenSession,
        *,
        clock: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
        most: int = MOST_UNDERWAY,
    ) -> None:
        self.kind = kind
        self.most = most
        self._clock = clock
        self._tasks = Tasks(f"upstream {kind}", MOST_ENDING, faults)
        self._faults = self._tasks.faults
        self._underway: dict[Asking, None] = {}
        self._waiting: dict[Asking, None] = {}
        self._loads: dict[Session, Load] = {}
        self._current: Load | None = None
        self._allowance = inf
        self._edns_from = -inf
        self._strays = self._unsent = 0
        self._opening = Opening(
            open_session, self, self._tasks, clock, self._on_opened, self._on_unopened
        )
        self._timer: asyncio.TimerHandle | None = None
        self._due = inf

    # -- as a Link -----------------------------------------------------------------------------

    def start(self) -> None:
        """Nothing to do yet: a connection is made for the first question."""

    async def close(self) -> None:
        """Close all connections; questions must have been cancelled before."""
        self._stop_timer()
        for load in self._loads.values():
            load.session.close()
        self._loads.clear()
        self._current = None
        await self._tasks.close()

    def ask(self, question: Question, deadline: float, on_reply: OnReply) -> Cancel | Failure:
        """Ask on a session; a Failure at once while no connection can be made."""
        now = self._clock()
        if len(self._underway) >= self.most:
            self._unsent += 1
            return Failure(f"has {self.most} questions of ours already", Blame.NOBODY)
        asking = Asking(question, deadline, on_reply)
        asking.edns = now >= self._edns_from
        if not self._give(asking, now):
            if self._opening.is_paused(now) and self._is_cut_off():
                self._unsent += self._opening.why.blame is Blame.NOBODY
                return self._opening.why
            self._waiting[asking] = None
        self._underway[asking] = None
        self._ring_at(min(deadline, now + TICK_S))
        return partial(self._cancel, asking)

    def renew(self) -> None:
        """Drop all sessions; their questions are asked again on a new one, begun at once."""
        loads = [*self._loads.values()]
        self._loads.clear()
        self._current = None
        self._opening.begin_anew()
        again = [asking for load in loads for asking in load.underway]
        for load in loads:
            load.session.close()
        for asking in again:
            asking.session, asking.tries = None, 0
        self._waiting = {**dict.fromkeys(again), **self._waiting}
        if self._waiting:
            self._opening.begin(self._clock())

    def state(self) -> LinkState:
        """The address and age of the session that is used now, and what was counted."""
        load = self._current or next(iter(self._loads.values()), None)
        counted = LinkState(strays=self._strays, unsent=self._unsent)
        if load is None:
            return counted
        return counted._replace(address=load.session.address, connected_at=load.opened_at)

    # -- which session -------------------------------------------------------------------------

    def _give(self, asking: Asking, now: float) -> bool:
        """Have a session ask; False where none can now, and another one is on its way."""
        load = self._current
        if load is None or load.slow_since is not None or not load.takes(self._allowance, now):
            load = self._choose(now)
        if load is None:
            return False
        load.give(asking, now)
        return True

    def _choose(self, now: float) -> Load | None:
        """The session for the next question: a slow one only while there is no other."""
        usable = [load for load in self._loads.values() if load.takes(self._allowance, now)]
        for load in usable:
            if load.slow_since is None:
                self._current = load
                return load
        if len(self._loads) < MOST_SESSIONS:
            self._opening.begin(now)
        return usable[-1] if usable else None

    def _is_cut_off(self) -> bool:
        """Whether there is no session that could still be of use."""
        return all(load.retired for load in self._loads.values())

    def _send_waiting(self, now: float) -> None:
        """Give what waits to sessions with room; tell it where none is to be had."""
        waiting, self._waiting = self._waiting, {}
        for asking in waiting:
            if not self._give(asking, now):
                self._waiting[asking] = None
        if self._waiting and self._opening.is_paused(now) and self._is_cut_off():
            self._fail([*self._waiting], self._opening.why)

    def _on_opened(self, session: Session) -> None:
        """A new session: it gets what waits, and what others seem to have lost."""
        now = self._clock()
        load = self._current = self._loads[session] = Load(session, now)
        for other in [*self._loads.values()]:
            if other is not load:
                self._rescue(other, load, now)
        self._send_waiting(now)
        self._ring_at(now + TICK_S)

    def _on_unopened(self) -> None:
        """No session could be had: who has none is told."""
        self._send_waiting(self._clock())

    # -- what becomes of a question ------------------------------------------------------------

    def _fail(self, askings: Iterable[Asking], failure: Failure) -> None:
        """Tell questions that they failed; none of them is on a session any more."""
        for asking in askings:
            if asking in self._underway:
                self._unsent += failure.blame is Blame.NOBODY
                self._end(asking)
                self._tell(asking, failure)

    def _end(self, asking: Asking) -> None:
        """Nothing is to come of it any more; its session shall forget it."""
        del self._underway[asking]
        self._waiting.pop(asking, None)
        load = self._load_of(asking)
        if load is not None and asking in load.underway:
            load.take_back(asking)
            if self._waiting:
                self._send_waiting(self._clock())

    def _cancel(self, asking: Asking) -> None:
        if asking in self._underway:
            self._end(asking)

    def _tell(self, asking: Asking, told: LinkAnswer | Failure) -> None:
        try:
            asking.on_reply(told)
        except Exception as error:
            self._faults.note("an upstream's answer", error)

    def _load_of(self, asking: Asking) -> Load | None:
        return None if asking.session is None else self._loads.get(asking.session)

    # -- what sessions tell --------------------------------------------------------------------

    def answered(self, asking: Asking, wire: bytes) -> None:
        """An answer came: it is read, and told."""
        load = self._load_of(asking)
        if load is None or asking not in load.underway:
            return
        now = self._clock()
        load.heard(now)
        load.answered += 1
        del load.underway[asking]
        self._opening.proven()
        if load.answered > self._allowance:
            self._allowance = inf  # it did not close after all
        asking.session = None
        told = self._read(asking, wire, now)
        if told is None:
            self._again([asking], "gave an error")
        else:
            del self._underway[asking]
            self._tell(asking, told)
        if self._waiting:
            self._send_waiting(now)

    def _read(self, asking: Asking, wire: bytes, now: float) -> LinkAnswer | Failure | None:
        """What an answer is worth; None where it only says that we must ask without EDNS."""
        if not is_reply_to(wire, asking.question):
            return Failure("sent something that is no answer to the question", Blame.NAME)
        try:
            reply: Reply = read_reply(wire, asking.question.name)
        except WireError as error:
            return Failure(f"sent a malformed answer ({error})", Blame.NAME)
        if reply.rcode in _EDNS_UNKNOWN and asking.edns and asking.tries < MOST_TRIES:
            asking.edns = False
            return None
        if not asking.edns and reply.rcode not in _EDNS_UNKNOWN:
            self._edns_from = now + REMEMBER_S  # nobody could have forged this
        return LinkAnswer(reply, now - asking.sent_at, self.kind)

    def heard(self, session: Session, *, stray: bool = False) -> None:
        """The connection is alive."""
        self._strays += stray
        if (load := self._loads.get(session)) is not None:
            load.heard(self._clock())

    def refused(self, asking: Asking, what: str, *, retry: bool) -> None:
        """The server did not want this question, here or at all."""
        load = self._load_of(asking)
        if load is None or asking not in load.underway:
            return
        now = self._clock()
        load.heard(now)
        del load.underway[asking]
        asking.session = None
        if retry:
            self._again([asking], what)
        else:
            self._fail([asking], Failure(what, Blame.NAME))
        if self._waiting:
            self._send_waiting(now)

    def has_room(self, session: Session) -> None:
        """What waits can go there."""
        if self._waiting:
            self._send_waiting(self._clock())

    def ended(self, session: Session, what: str) -> None:
        """A session is gone; what was underway is asked again, unless no session is of any use."""
        load = self._loads.pop(session, None)
        if load is None:
            return
        now = self._clock()
        if self._current is load:
            self._current = None
        left = [*load.underway]
        for asking in left:
            asking.session = None
        if load.ended_early(now):
            self._allowance = load.answered  # it may take so many questions, and then close
        self._again(left, what)
        if left and not load.answered and self._opening.was_barren(what, load.opened_at):
            return
        self._send_waiting(now)

    def _again(self, askings: list[Asking], what: str) -> None:
        """What a session left unanswered waits for another one, before all others."""
        self._waiting = {**dict.fromkeys(askings), **self._waiting}
        spent = [asking for asking in askings if asking.tries >= MOST_TRIES]
        self._fail(spent, Failure(f"{what} before its answer", Blame.NAME))

    # -- what silence and time tell ------------------------------------------------------------

    def _tick(self) -> None:
        """Deadlines that have come, sessions that are silent or of no use any more."""
        self._timer, self._due = None, inf
        now = self._clock()
        for asking in [one for one in self._underway if one.deadline <= now]:
            if asking.session is None:
                late = Failure("could not be connected to in time", Blame.SERVER)
            else:
                waited = f"{now - asking.sent_at:.1f} s"
                late = Failure(f"gave no answer within {waited}", Blame.NAME)
            self._fail([asking], late)
        if self._waiting:
            self._send_waiting(now)
        for load in [*self._loads.values()]:
            if load.is_idle(now):
                self._drop(load)
            elif load.is_stale(now):
                self._on_stale(load, now)
            elif load.slow_since is None and load.is_slow(now):
                load.slow_since = now
        self._ring_next(now)

    def _on_stale(self, load: Load, now: float) -> None:
        """It seems to be dead: all it had moves to another session as soon as there is one."""
        load.slow_since = load.slow_since or now
        load.retired = True
        if not load.answered:
            load.session.close()
            self.ended(load.session, "took the connection, and gave no answer")
        elif not load.underway:
            self._drop(load)
        else:
            other = self._choose(now)
            if other is not None and other.slow_since is None:
                self._rescue(load, other, now)

    def _rescue(self, load: Load, to: Load, now: float) -> None:
        """Move from a slow session what was asked since it is; all of it from a stale one."""
        if load.slow_since is None:
            return
        stale = load.is_stale(now)
        since = -inf if stale else load.slow_since
        for asking in [one for one in load.underway if one.sent_at >= since]:
            if asking.tries < MOST_TRIES and to.takes(self._allowance, now):
                load.take_back(asking)
                to.give(asking, now)
        if stale and not load.underway:
            self._drop(load)

    def _drop(self, load: Load) -> None:
        """Close a session that nothing is underway on."""
        self._loads.pop(load.session, None)
        if self._current is load:
            self._current = None
        load.session.close()

    def _ring_next(self, now: float) -> None:
        """Look again in a moment while something is underway, else when a session is idle."""
        if self._underway:
            self._ring_at(min(now + TICK_S, min(one.deadline for one in self._underway)))
        elif self._loads:
            self._ring_at(min(load.idle_at for load in self._loads.values()))

    def _ring_at(self, at: float) -> None:
        if at < self._due:
            self._stop_timer()
            delay = max(at - self._clock(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)
            self._due = at

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due = None, inf
