"""The forwarder: questions to upstreams, each with the best chance of an answer in time.

A question's flight, with two servers and the default limits:

    0 ms      the quickest server is asked by UDP
    200 ms    (or 3 x its round-trip time) no answer: the other one is asked as well
    1.2 s     the first one again, in case a datagram was lost
    2.2 s     the second one again
    3.2 s     nobody is left: UpstreamError, which tells what each server did

Whatever was asked keeps being listened to until the flight ends, and the first usable answer wins.
A server that fails at once (port closed, no route, garbage, SERVFAIL) is followed by the next at
once. No server gets more than MOST_BY_UDP queries by UDP and one by TCP for one question
(RFC 9520 §3.1). Silence within the limits of a stub resolver, 5 s, would make clients ask again,
so a flight never lasts longer than `budget_s`.

Time is told by one tick for all flights, not by a timer for each: there are 1500 at most, and
comparing so many numbers every 25 ms costs less than setting one timer per query.

Who waits for an answer holds a place, and so does each socket. When all are taken, the newest of
whoever holds the most gives way (`shares`): it gets a CrowdedError, or the next server is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Final

from sinkhole.dns.upstream.attempts import Attempts
from sinkhole.dns.upstream.flight import (
    Attempt,
    CrowdedError,
    Exchanged,
    Flight,
    Tell,
    Waiter,
    settle,
    tell_all,
)
from sinkhole.dns.upstream.health import MELTING, Server
from sinkhole.dns.upstream.prober import Prober
from sinkhole.dns.upstream.shares import OURSELVES, Holder, Shares, holder_of
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import Faults
from sinkhole.model.status import UpstreamStatus

TICK_S: Final = 0.025

ROUNDS: Final = 2
"""How often each server is asked in all when it stays silent."""

TOO_MANY: Final = "too many questions are waiting"

MOST_PER_SERVER: Final = 500

ALARM_S: Final = 3600.0
"""How long a suspected forgery is shown, and a flood of questions."""


class Forwarder:
    """Asks the servers, given as (ip, port); raises ValueError for what is not an IP address.

    `timeout_s` is how long one server has, in two tries; `budget_s` bounds everything together.
    `most_waiting` bounds those who wait for an answer, `most_per_server` the sockets open to one
    server by UDP. Who gets no place, or has to give it up, is counted in `refused`.
    `faults` are told of bugs.
    """

    def __init__(
        self,
        servers: Sequence[tuple[str, int]],
        *,
        timeout_s: float = 2.0,
        randomize_case: bool = True,
        budget_s: float = 4.4,
        probe_s: float = 10.0,
        most_waiting: int = 1500,
        most_per_server: int = MOST_PER_SERVER,
        clock: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
    ) -> None:
        self._try_s = timeout_s / ROUNDS
        self._servers = tuple(
            Server(ip, port, self._try_s, most_per_server) for ip, port in servers
        )
        self._budget_s = budget_s
        self._waiting: Shares[Waiter] = Shares(most_waiting)
        self._clock = clock
        self._faults = faults or Faults()
        self._flights: dict[Question, Flight] = {}
        self._prober = Prober(self._ask_one, probe_s)
        self._attempts = Attempts(
            self._landed,
            self._missed,
            try_s=self._try_s,
            randomize_case=randomize_case,
            clock=clock,
            faults=self._faults,
        )
        self._is_running = False
        self._tick_timer: asyncio.TimerHandle | None = None
        self.refused = 0
        """Questions refused or given up because too many were waiting."""
        self._crowded_by: tuple[Holder, float] | None = None
        """Whose question that was lately, and when."""

    def start(self) -> None:
        """Begin, within a running event loop, with a probe of each server; needs no network yet."""
        self._attempts.start()
        self._is_running = True
        self._prober.start(self._servers)

    async def close(self) -> None:
        """End every flight with an error and close every socket."""
        self._is_running = False
        self._prober.close()
        if self._tick_timer is not None:
            self._tick_timer.cancel()
            self._tick_timer = None
        stopping = UpstreamError("", "sinkhole is stopping")
        for flight in list(self._flights.values()):
            self._end(flight, stopping)
        await self._attempts.close()

    async def exchange_later(self, question: Question, via: str = "") -> Exchanged:
        """A usable reply to the question, from whichever server gives one first.

        Raises UpstreamError, saying what each server did, when none does within the budget, or at
        once when too many questions are waiting. Identical questions share one flight; a waiter
        who is cancelled leaves the others undisturbed. Cost: about 2.5 times what the kernel takes
        for the socket alone.
        """
        future: asyncio.Future[Exchanged] = asyncio.get_running_loop().create_future()
        self.ask(question, partial(settle, future), via=via)
        return await future

    def ask(
        self,
        question: Question,
        tell: Tell,
        client: bytes = OURSELVES,
        network: bytes = OURSELVES,
        via: str = "",
    ) -> None:
        """Ask without a coroutine: `tell` is called once with the outcome.

        `client` is the packed address of who asks, `network` that of its budget: places are shared
        between these. Raises UpstreamError at once where `exchange_later` does. `tell` may be
        called before this returns, namely when nothing could be sent.
        """
        holder = holder_of(question.name, client, network)
        if self._waiting.free < 1:
            self._make_room(holder)
        flight = self._flights.get(question)
        if flight is None:
            self._begin(question, self._servers, holder, tell)
            return
        waiter = Waiter(tell, holder, flight)
        flight.waiters.append(waiter)
        self._waiting.take(holder, waiter)
        # It counts for who holds the fewest, so that nobody loses it by somebody else's flood.
        held_by, before = self._waiting.held_by, flight.holder
        if holder.client != before.client and held_by(holder) < held_by(before):
            flight.hand_over(holder)

    def is_loop_probe(self, question: Question) -> bool:
        """Whether a client's question is our own probe come back: a forwarding loop.

        Takes note of the loop (see `problems`). Answer it NXDOMAIN, never forward it. Ask this
        for names below `prober.LOOP_ZONE` only; those of other sinkholes are to be forwarded, so
        that they can find their loops.
        """
        return self._prober.is_own(question)

    @property
    def strays(self) -> int:
        """Datagrams so far that did not answer what was asked on their socket."""
        return self._attempts.strays

    @property
    def unsent(self) -> int:
        """Queries so far that found no descriptor or memory on our side."""
        return self._attempts.unsent

    def status(self) -> list[UpstreamStatus]:
        """How each server does, in the order of the settings."""
        return [server.status() for server in self._servers]

    @property
    def recovered_at(self) -> float:
        """When an upstream that had been down, or of no use, was last found to be back."""
        return max((server.recovered_at for server in self._servers), default=-inf)

    @property
    def is_cut_off(self) -> bool:
        """Whether there are upstreams, and none of them can be expected to answer."""
        return bool(self._servers) and not any(
            server.is_hopeful and not server.loops for server in self._servers
        )

    def problems(self) -> list[str]:
        """What the person running sinkhole should know and do, one sentence each."""
        told = [server.problem for server in self._servers if server.problem]
        now = self._clock()
        told += [
            f"somebody may be forging answers of upstream {name}: wrong replies arrived for "
            f"questions it was asked, which were then asked by TCP"
            for name, at in self._attempts.forged_at.items()
            if now - at < ALARM_S
        ]
        if self._crowded_by is not None and now - self._crowded_by[1] < ALARM_S:
            told.append(
                f"questions failed because too many were waiting for upstreams, most of them from "
                f"{self._crowded_by[0]}: look there for what keeps asking"
            )
        if self._servers and not any(server.is_hopeful for server in self._servers):
            told.append("no upstream answers: check the internet connection and upstream.servers")
        return told

    def _make_room(self, holder: Holder) -> None:
        """Let somebody give way to another waiter; CrowdedError if that has to be the newcomer."""
        waiter = self._waiting.yields(holder)
        if waiter is None:
            raise self._refusal(holder, f"{self._waiting.most} wait for an answer")
        flight = waiter.flight
        crowded = CrowdedError("", f"{TOO_MANY}: it had to give way to others")
        if len(flight.waiters) == 1:
            self._end(flight, crowded)
            return
        flight.waiters.remove(waiter)
        self._waiting.leave(waiter.holder, waiter)
        if flight.holder == waiter.holder:
            flight.hand_over(flight.waiters[0].holder)
        self._note_refused(waiter.holder, 1)
        tell_all([waiter], crowded, self._faults)

    def _refusal(self, holder: Holder, why: str) -> CrowdedError:
        self._note_refused(holder, 1)
        return CrowdedError("", f"{TOO_MANY}: {why}")

    def _note_refused(self, holder: Holder, count: int) -> None:
        self.refused += count
        self._crowded_by = holder, self._clock()

    # -- flights ---------------------------------------------------------------------------

    def _begin(
        self,
        question: Question,
        servers: Sequence[Server],
        holder: Holder,
        tell: Tell,
        is_probe: bool = False,
    ) -> None:
        if not self._is_running:
            raise UpstreamError("", "the forwarder is not running")
        now = self._clock()
        flight = Flight(question, servers, holder, now, now + self._budget_s, is_probe)
        waiter = Waiter(tell, holder, flight)
        try:
            is_asked = self._ask_next(flight, now)
        except Exception:  # a bug may not leave sockets behind that nobody knows
            for attempt in flight.attempts:
                self._attempts.end(attempt)
            raise
        if is_asked:
            flight.waiters.append(waiter)
            self._waiting.take(holder, waiter)
            self._flights[question] = flight
            if self._tick_timer is None:
                self._set_tick()
        elif flight.attempts:
            tell_all([waiter], flight.explain(now), self._faults)
        elif not servers:
            raise UpstreamError("", "none is set")
        elif all(server.loops for server in servers):
            raise UpstreamError("", "our questions come back to us (a forwarding loop)")
        else:
            raise self._refusal(holder, "all sockets of each upstream are taken")

    def _ask_one(self, question: Question, server: Server, tell: Tell) -> None:
        """A flight to this server alone, for the prober: whatever it answers will do."""
        holder = holder_of(question.name, OURSELVES, OURSELVES)
        try:
            if self._waiting.free < 1:
                self._make_room(holder)
            self._begin(question, (server,), holder, tell, is_probe=True)
        except UpstreamError as error:
            tell(error)

    def _ask_next(self, flight: Flight, now: float) -> bool:
        """Ask the best server that may still be asked; whether there was one."""
        while (server := self._choose(flight)) is not None:
            attempt = self._attempts.send(flight, server, now)
            if attempt is not None:
                attempt.patience_s = flight.patience_s(server, self._try_s)
                flight.wait(now, attempt.patience_s, self._try_s)
                return True
            self._watch(server)
        return False

    def _choose(self, flight: Flight) -> Server | None:
        """The best server for the next attempt: up, least often asked by this flight, not poor
        for its zone, quickest.

        Those that are down come last: they get a question only when the others gave up on it.
        """
        zone = flight.holder.zone
        best, best_rank = None, (True, ROUNDS, True, 0.0)
        for server in flight.servers:
            if server.loops and not flight.is_probe:
                continue
            if server.sockets.free < 1 and not server.sockets.admits(flight.holder):
                continue
            asked = flight.asked(server) if flight.attempts else 0
            if asked >= ROUNDS or server in flight.spent:
                continue
            is_poor = zone in server.missed or zone in server.useless
            rank = (not server.up, asked, is_poor, server.score)
            if best is None or rank < best_rank:
                best, best_rank = server, rank
        if not flight.attempts:
            for server in flight.servers:
                if server is not best:
                    server.score *= MELTING
        return best

    def _landed(self, attempt: Attempt, reply: Reply, rtt_s: float) -> None:
        flight = attempt.flight
        if len(flight.attempts) > 1:
            self._blame_silent(flight, attempt.sent_at + rtt_s)
        self._end(flight, Exchanged(reply, attempt.server.name, rtt_s, attempt.tcp))

    def _missed(self, attempt: Attempt) -> None:
        """Go on with the next server; else wait for attempts still open, if any."""
        flight, now = attempt.flight, self._clock()
        self._watch(attempt.server)
        if not (self._ask_next(flight, now) or any(other.handle for other in flight.attempts)):
            self._end(flight, flight.explain(now))

    def _end(self, flight: Flight, outcome: Exchanged | UpstreamError) -> None:
        """Stop asking, and tell the waiters."""
        del self._flights[flight.question]
        for attempt in flight.attempts:
            if attempt.handle is not None:
                self._attempts.end(attempt)
        # They point back at the flight: no work for the cycle collector.
        waiters, flight.waiters = flight.waiters, []
        flight.attempts.clear()
        if isinstance(outcome, CrowdedError):
            self._note_refused(flight.holder, len(waiters))
        for waiter in waiters:
            self._waiting.leave(waiter.holder, waiter)
        tell_all(waiters, outcome, self._faults)

    # -- time ------------------------------------------------------------------------------

    def _set_tick(self) -> None:
        self._tick_timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        """Look at every flight: whose time is up is moved on."""
        self._tick_timer = None
        now = self._clock()
        for flight in [flight for flight in self._flights.values() if flight.next_at <= now]:
            try:
                if flight.attempts:  # else one before it has ended it, by what was asked next
                    self._move_on(flight, now)
            except Exception as error:  # a bug may end this flight, but not time for all others
                self._faults.note("a question to upstreams", error)
                self._end(flight, UpstreamError("", "an error of sinkhole's own"))
        if self._flights:
            self._set_tick()

    def _move_on(self, flight: Flight, now: float) -> None:
        """Ask the next server, keep waiting for those that were asked, or give up."""
        if now < flight.ends_at and self._ask_next(flight, now):
            return
        if now < flight.over_at:
            flight.next_at = flight.over_at
            return
        self._blame_silent(flight, now)
        self._end(flight, flight.explain(now))

    def _blame_silent(self, flight: Flight, now: float) -> None:
        """Count what was asked long enough ago, and is still not answered, as failures."""
        for attempt in flight.attempts:
            if attempt.handle is not None and now - attempt.sent_at >= attempt.patience_s:
                attempt.server.failed("gave no answer", flight.judged_zone)
                self._watch(attempt.server)

    def _watch(self, server: Server) -> None:
        if server.is_suspect and self._is_running:
            self._prober.suspect(server)
