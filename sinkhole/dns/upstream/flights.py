"""Flights: whom each question underway is asked next, and what is made of what comes back.

`forwarder` says when one begins and who waits for it; here it lives until its end is told. Time is
told by one tick for all flights, not by a timer for each: there are 1500 at most, and comparing so
many numbers every 25 ms costs less than setting one timer per query.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from sinkhole.dns.upstream.flight import SILENCE, Attempt, Exchanged, Flight, FlightKey
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.links.link import Blame, Failure, LinkAnswer
from sinkhole.dns.upstream.shares import Holder
from sinkhole.dns.upstream.usable import USABLE, uselessness
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import Faults

TICK_S: Final = 0.025

Ended = Callable[[Flight, Exchanged | UpstreamError], None]
"""Told of the end of a flight, when everything of it is closed."""

_BUG: Final = Failure("gave an answer that met an error of sinkhole's own", Blame.NOBODY)


class Flights:
    """Every flight underway, by key. `suspect` is told of each server that failed."""

    def __init__(
        self,
        ended: Ended,
        suspect: Callable[[Server], None],
        clock: Callable[[], float],
        faults: Faults,
    ) -> None:
        self.underway: dict[FlightKey, Flight] = {}
        self._ended = ended
        self._suspect = suspect
        self._clock = clock
        self._faults = faults
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, flight: Flight) -> bool:
        """Ask the first server, or all of them; whether any could be asked.

        If not, the flight is none, and its attempts say why.
        """
        now = flight.began_at
        try:
            if not self._ask_next(flight, now):
                return False
            while flight.strategy.asks_all and self._ask_next(flight, now):
                pass
        except Exception:  # a bug may not leave questions behind that nobody knows
            self._close_all(flight)
            raise
        self.underway[flight.key] = flight
        if self._timer is None:
            self._set_tick()
        return True

    def end(self, flight: Flight, outcome: Exchanged | UpstreamError) -> None:
        """Stop asking, and tell."""
        del self.underway[flight.key]
        self._close_all(flight)
        self._ended(flight, outcome)

    def close(self, outcome: UpstreamError) -> None:
        """End all of them."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for flight in list(self.underway.values()):
            self.end(flight, outcome)

    def _close_all(self, flight: Flight) -> None:
        for attempt in flight.attempts:
            if attempt.cancel is not None:
                self._close(attempt)
        flight.attempts.clear()  # they point back at the flight: no work for the cycle collector

    # -- asking ----------------------------------------------------------------------------

    def _ask_next(self, flight: Flight, now: float) -> bool:
        """Ask the best server that may still be asked; whether there was one."""
        while True:
            may = self._askable(flight)
            if may:
                if self._ask_best(flight, may, now):
                    return True
            elif flight.tier + 1 == len(flight.tiers) or flight.is_open:
                return False
            else:
                flight.tier += 1

    def _askable(self, flight: Flight) -> list[Server]:
        """The servers of its tier that were not asked yet, have room, and do not loop."""
        # A loop, as generators and calls would take several µs a question.
        found = []
        for server in flight.tiers[flight.tier]:
            if server.loops and not flight.is_probe:
                continue
            if flight.attempts and flight.has_asked(server):
                continue
            if server.places.free > 0 or server.places.admits(flight.holder):
                found.append(server)
        return found

    def _ask_best(self, flight: Flight, may: list[Server], now: float) -> bool:
        """Ask the one of these that the strategy prefers; whether it could be asked."""
        strategy = flight.strategy
        server = strategy.choose(may, flight.holder.zone) if len(may) > 1 else may[0]
        if len(may) > 1 and not flight.attempts:
            strategy.chosen(server, flight.tiers[flight.tier])
        attempt = Attempt(flight, server, now, flight.patience_s(server, may))
        if server.places.free < 1:
            self._make_place(server, flight.holder, now)
        failure = self._send(attempt, now)
        if failure is not None and failure.blame is Blame.NOBODY:
            # This machine has no socket left: who holds the most gives one up.
            gave_way = self._make_place(server, flight.holder, now)
            failure = self._send(attempt, now) if gave_way else failure
        flight.attempts.append(attempt)
        if failure is not None:
            self._note_failure(attempt, failure, now)
            return False
        next_at, ends_at = now + attempt.patience_s, flight.ends_at
        flight.next_at = next_at if next_at < ends_at else ends_at
        return True

    def _send(self, attempt: Attempt, now: float) -> Failure | None:
        """Hand the question to the server's link; the Failure of one that takes none."""
        server, flight = attempt.server, attempt.flight
        deadline = now + server.timeout_s
        if deadline > flight.ends_at:
            deadline = flight.ends_at
        asked = server.link.ask(flight.question, deadline, partial(self._heard, attempt))
        if isinstance(asked, Failure):
            return asked
        attempt.cancel = asked
        server.queries += 1
        server.places.take(flight.holder, attempt)
        return None

    def _make_place(self, server: Server, holder: Holder, now: float) -> bool:
        """End the attempt that has to give its place up to this holder; whether there is one."""
        other = server.places.yields(holder)
        if other is None:
            return False
        self._close(other)
        other.outcome = "had to give way to other questions"
        other.flight.gave_way(now)
        return True

    def _close(self, attempt: Attempt) -> None:
        """Ask no longer, and give its place back; nothing more is heard of it."""
        cancel = attempt.cancel
        if cancel is not None:
            self._leave(attempt)
            cancel()

    def _leave(self, attempt: Attempt) -> None:
        attempt.cancel = None
        attempt.server.places.leave(attempt.flight.holder, attempt)

    # -- what comes back -------------------------------------------------------------------

    def _heard(self, attempt: Attempt, outcome: LinkAnswer | Failure) -> None:
        """What became of an attempt. A bug ends that one only, and blames no server."""
        self._leave(attempt)
        try:
            self._judge(attempt, outcome)
        except Exception as error:
            self._faults.note("an upstream's answer", error)
            if attempt in attempt.flight.attempts:  # else its flight is over
                with self._faults.contain("an upstream's answer"):
                    self._judge(attempt, _BUG)

    def _judge(self, attempt: Attempt, outcome: LinkAnswer | Failure) -> None:
        server, flight, now = attempt.server, attempt.flight, self._clock()
        if isinstance(outcome, Failure):
            self._note_failure(attempt, outcome, now)
        elif flight.is_probe:
            server.answered(now, outcome.rtt_s)
            self._land(attempt, outcome, now)
            return
        elif outcome.reply.rcode in USABLE and not outcome.reply.tc:
            server.helped(now, outcome.rtt_s)
            self._land(attempt, outcome, now)
            return
        else:
            server.unhelpful(now, flight.holder.zone)
            useless = uselessness(outcome.reply)
            attempt.outcome = f"{outcome.before} and {useless}" if outcome.before else useless
            attempt.errors = outcome.reply.errors
        if not (self._ask_next(flight, now) or flight.is_open):
            self.end(flight, flight.explain(now))

    def _land(self, attempt: Attempt, answer: LinkAnswer, now: float) -> None:
        """An answer that counts: the first one ends the flight."""
        flight, server = attempt.flight, attempt.server
        attempt.outcome = "answered"
        if len(flight.attempts) > 1:
            self._blame_silent(flight, now)
        rtt_s = now - attempt.sent_at
        self.end(flight, Exchanged(answer.reply, server.name, rtt_s, answer.over))

    def _note_failure(self, attempt: Attempt, failure: Failure, now: float) -> None:
        attempt.outcome = failure.what
        if failure.blame is Blame.NOBODY:
            attempt.flight.is_crowded = failure is not _BUG
            return
        flight = attempt.flight
        zone = flight.holder.zone if failure.blame is Blame.NAME and not flight.is_probe else None
        attempt.server.failed(now, failure.what, zone, is_probe=flight.is_probe)
        self._suspect(attempt.server)

    # -- time ------------------------------------------------------------------------------

    def _set_tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        """Look at every flight: whose time is up is moved on."""
        self._timer = None
        now = self._clock()
        for flight in [flight for flight in self.underway.values() if flight.next_at <= now]:
            try:
                if flight.attempts:  # else one before it has ended it, by what was asked next
                    self._move_on(flight, now)
            except Exception as error:  # a bug may end this flight, but not time for all others
                self._faults.note("a question to upstreams", error)
                self.end(flight, UpstreamError("", "an error of sinkhole's own"))
        if self.underway:
            self._set_tick()

    def _move_on(self, flight: Flight, now: float) -> None:
        """Ask the next server, keep waiting for those that were asked, or give up."""
        if now < flight.ends_at and (self._ask_next(flight, now) or flight.is_open):
            if flight.next_at <= now:
                flight.next_at = flight.ends_at
            return
        self._blame_silent(flight, now)
        self.end(flight, flight.explain(now))

    def _blame_silent(self, flight: Flight, now: float) -> None:
        """Count what was asked long enough ago, and is still not answered, as failures."""
        for attempt in flight.attempts:
            if attempt.cancel is not None and now - attempt.sent_at >= attempt.patience_s:
                attempt.server.failed(now, SILENCE, flight.holder.zone)
                self._suspect(attempt.server)
