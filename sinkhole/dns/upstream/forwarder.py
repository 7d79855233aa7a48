"""The forwarder: questions to upstreams, each with the best chance of an answer in time.

A question's flight, with two servers and the default limits:

    0 ms      the quickest server is asked, over whatever its link is
    200 ms    (or 3 x its round-trip time) no answer: the other one is asked as well
    2.0 s     the first one has had its time; the second still has some
    2.2 s     nobody is left: the fallback servers are asked, if there are any
    4.4 s     UpstreamError, which tells what each server did

Whatever was asked keeps being listened to until the flight ends, and the first usable answer wins.
A server that fails at once (port closed, no handshake, garbage, SERVFAIL) is followed by the next
at once. Each is asked once; that a datagram may be lost is the link's business. Silence within the
limits of a stub resolver, 5 s, would make clients ask again, so a flight never lasts longer than
`budget_s`. Which server is next is the set's strategy.

Who waits for an answer holds a place, and so does each question at a server. When all are taken,
the newest of whoever holds the most gives way (`shares`): it gets a CrowdedError, or the next
server is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from math import inf
from typing import Final

from sinkhole.dns.upstream.cut_off import trouble_of
from sinkhole.dns.upstream.flight import (
    CrowdedError,
    Exchanged,
    Flight,
    FlightKey,
    Tell,
    Waiter,
    settle,
    tell_all,
)
from sinkhole.dns.upstream.flights import Flights
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.probe_names import ProbeNames
from sinkhole.dns.upstream.prober import Prober
from sinkhole.dns.upstream.sets import DEFAULT, UpstreamSet, servers_of
from sinkhole.dns.upstream.shares import OURSELVES, Holder, Shares, holder_of
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import Faults
from sinkhole.model.own_secret import OWN_SECRET
from sinkhole.model.status import UpstreamStatus

TOO_MANY: Final = "too many questions are waiting"

ALARM_S: Final = 3600.0
"""How long a suspected forgery is shown, and a flood of questions."""


class Forwarder:
    """Asks the servers of upstream sets, of which the one named DEFAULT is for everything else.

    `budget_s` bounds the whole of a question; `most_waiting` bounds those who wait for an answer.
    Who gets no place, or has to give it up, is counted in `refused`. `names` are those of probes;
    `faults` are told of bugs.
    """

    def __init__(
        self,
        sets: Mapping[str, UpstreamSet],
        *,
        names: ProbeNames | None = None,
        budget_s: float = 4.4,
        probe_s: float = 10.0,
        most_waiting: int = 1500,
        clock: Callable[[], float] = time.monotonic,
        faults: Faults | None = None,
    ) -> None:
        self._take(sets)
        self._budget_s = budget_s
        self._waiting: Shares[Waiter] = Shares(most_waiting)
        self._clock = clock
        self._faults = faults or Faults()
        self._prober = Prober(self._ask_one, probe_s, names or ProbeNames(OWN_SECRET))
        self._flights = Flights(self._ended, self._suspect, clock, self._faults)
        self._is_running = False
        self.refused = 0
        """Questions refused or given up because too many were waiting."""
        self._crowded_by: tuple[Holder, float] | None = None
        """Whose question that was lately, and when."""
        self._changed_at = -inf
        self._left: dict[Server, None] = {}
        self._strays_left = self._unsent_left = 0

    # -- what others call ------------------------------------------------------------------

    def start(self) -> None:
        """Begin, within a running event loop, with a probe of each server; needs no network yet."""
        for server in self._servers:
            server.link.start()
        self._is_running = True
        self._prober.start(self._servers)

    def use(self, sets: Mapping[str, UpstreamSet]) -> None:
        """Ask these sets from now on; servers that are in the old ones, too, stay what they are.

        Questions underway end with the servers they began with; `dismiss` closes those that left.
        """
        before = self._servers
        self._take(sets)
        self._changed_at = self._clock()
        self._left |= dict.fromkeys(each for each in before if each not in self._alone)
        came = [each for each in self._servers if each not in before]
        for server in came:
            self._left.pop(server, None)
            if self._is_running:
                server.link.start()
        if self._is_running:
            self._prober.go_over_to(self._servers)

    def _take(self, sets: Mapping[str, UpstreamSet]) -> None:
        self._sets = dict(sets)
        self._servers = servers_of(sets.values())
        self._alone = {each: UpstreamSet((each,)) for each in self._servers}

    async def dismiss(self) -> None:
        """Close the servers that have left by now, when no question can be underway to them."""
        left = list(self._left)
        try:
            await asyncio.sleep(self._budget_s)
        finally:
            await self._close([each for each in left if each in self._left])

    async def _close(self, servers: Iterable[Server]) -> None:
        for server in servers:
            state = server.link.state()
            self._strays_left += state.strays
            self._unsent_left += state.unsent
            self._left.pop(server, None)
            with self._faults.contain("closing an upstream"):
                await server.link.close()

    async def close(self) -> None:
        """End every flight with an error and close every socket."""
        self._is_running = False
        self._prober.close()
        self._flights.close(UpstreamError("", "sinkhole is stopping"))
        await self._close([*self._servers, *self._left])

    def renew(self) -> None:
        """The network may be another one now: trust no connection, and look at every server."""
        if self._is_running:
            for server in self._servers:
                server.link.renew()
                self._prober.look_at(server)

    async def exchange_later(self, question: Question, via: str = DEFAULT) -> Exchanged:
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
        via: str = DEFAULT,
    ) -> None:
        """Ask without a coroutine: `tell` is called once with the outcome.

        `client` is the packed address of who asks, `network` that of its budget: places are shared
        between these. `via` is the name of the set to ask. Raises UpstreamError at once where
        `exchange_later` does. `tell` may be called before this returns, namely when nothing could
        be sent.
        """
        holder = holder_of(question.name, client, network)
        if self._waiting.free < 1:
            self._make_room(holder)
        key = via, question
        flight = self._flights.underway.get(key)
        if flight is None:
            if via not in self._sets:  # and nobody else is told: they may be those of the house
                raise UpstreamError("", "these upstreams are not in the settings any more")
            self._begin(key, self._sets[via], holder, tell)
            return
        waiter = Waiter(tell, holder, flight)
        flight.waiters.append(waiter)
        self._waiting.take(holder, waiter)
        # It counts for who holds the fewest, so that nobody loses it by somebody else's flood.
        held_by, before = self._waiting.held_by, flight.holder
        if holder.client != before.client and held_by(holder) < held_by(before):
            flight.hand_over(holder)

    def loop_proof(self, question: Question) -> bytes:
        """What to answer to a client's question that is a probe of ours come back, as text: a
        forwarding loop. b"" for any other.

        Takes note of the loop (see `problems`). Never forward such a question. Ask this for names
        below `probe_names.LOOP_ZONE` only; those of other sinkholes are to be forwarded, so that
        they can find their loops.
        """
        return self._prober.came_back(question)

    @property
    def strays(self) -> int:
        """Messages so far that did not answer what was asked on their socket."""
        every = (*self._servers, *self._left)
        return self._strays_left + sum(server.link.state().strays for server in every)

    @property
    def unsent(self) -> int:
        """Queries so far that found no descriptor or memory on our side."""
        every = (*self._servers, *self._left)
        return self._unsent_left + sum(server.link.state().unsent for server in every)

    def status(self) -> list[UpstreamStatus]:
        """How each server does, in the order of the settings."""
        now = self._clock()
        return [server.status(now) for server in self._servers]

    @property
    def recovered_at(self) -> float:
        """When an upstream that had been down, or of no use, was last found to be back, or others
        came: who had no answer before may have one now."""
        return max((self._changed_at, *(server.recovered_at for server in self._servers)))

    @property
    def is_cut_off(self) -> bool:
        """Whether none of the usual upstreams can be expected to answer; what those of a route do
        is no help for other names."""
        return DEFAULT in self._sets and self._sets[DEFAULT].is_cut_off

    def problems(self) -> list[str]:
        """What the person running sinkhole should know and do, one sentence each."""
        return [text for texts in self.troubles().values() for text in texts]

    def troubles(self) -> dict[str, list[str]]:
        """The same by what it is about: servers that cannot be asked, suspected forgery, too many
        questions, sets of which nobody answers."""
        now, crowded = self._clock(), []
        if self._crowded_by is not None and now - self._crowded_by[1] < ALARM_S:
            crowded.append(
                f"questions failed because too many were waiting for upstreams, most of them from "
                f"{self._crowded_by[0]}: look there for what keeps asking"
            )
        return {
            "unusable": [server.problem for server in self._servers if server.problem],
            "forged": [
                f"somebody may be forging answers of upstream {each.name}: wrong replies arrived "
                "for questions it was asked, which were then asked by TCP"
                for each in self._servers
                if now - each.link.state().forged_at < ALARM_S
            ],
            "crowded": crowded,
            "down": [trouble for each in self._sets.items() if (trouble := trouble_of(*each))],
        }

    # -- places ----------------------------------------------------------------------------

    def _make_room(self, holder: Holder) -> None:
        """Let somebody give way to another waiter; CrowdedError if that has to be the newcomer."""
        waiter = self._waiting.yields(holder)
        if waiter is None:
            raise self._refusal(holder, f"{self._waiting.most} wait for an answer")
        flight = waiter.flight
        crowded = CrowdedError("", f"{TOO_MANY}: it had to give way to others")
        if len(flight.waiters) == 1:
            self._flights.end(flight, crowded)
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
        key: FlightKey,
        upstreams: UpstreamSet,
        holder: Holder,
        tell: Tell,
        is_probe: bool = False,
    ) -> None:
        if not self._is_running:
            raise UpstreamError("", "the forwarder is not running")
        now = self._clock()
        flight = Flight(key, upstreams, holder, now, now + self._budget_s, is_probe)
        waiter = Waiter(tell, holder, flight)
        if self._flights.begin(flight):
            flight.waiters.append(waiter)
            self._waiting.take(holder, waiter)
        elif flight.attempts:
            tell_all([waiter], flight.explain(now), self._faults)
        elif not upstreams.servers:
            raise UpstreamError("", "none is set")
        elif all(server.loops for tier in flight.tiers for server in tier):
            raise UpstreamError("", "our questions come back to us (a forwarding loop)")
        else:
            raise self._refusal(holder, "all sockets of each upstream are taken")

    def _ask_one(self, question: Question, server: Server, tell: Tell) -> None:
        """A flight to this server alone, for the prober: whatever it answers will do."""
        holder = holder_of(question.name, OURSELVES, OURSELVES)
        try:
            if self._waiting.free < 1:
                self._make_room(holder)
            key = server.name, question
            self._begin(key, self._alone[server], holder, tell, is_probe=True)
        except UpstreamError as error:
            tell(error)

    def _ended(self, flight: Flight, outcome: Exchanged | UpstreamError) -> None:
        """Tell the waiters."""
        waiters, flight.waiters = flight.waiters, []
        if isinstance(outcome, CrowdedError):
            self._note_refused(flight.holder, len(waiters))
        for waiter in waiters:
            self._waiting.leave(waiter.holder, waiter)
        tell_all(waiters, outcome, self._faults)

    def _suspect(self, server: Server) -> None:
        if server.is_suspect and self._is_running and server in self._alone:
            self._prober.suspect(server)
