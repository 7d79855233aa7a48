"""THE PAGE: what happens to a query, in order, with a reason for each place.

`answer_now` is a plain function and decides everything that can be decided without waiting. Only
what must ask an upstream goes on to `answer_then`, which begins strictly where that one ended: what
was found out travels with it in a `Waiting`.

The order, and why:

 1. shape     bytes that are no query are dropped or refused before they cost anything more
 2. access    who may not ask, or asks too often, learns nothing and uses no room; of whom more
              will be known in a moment waits for that (`holding`)
 3. table     what was decided before, under this policy: blocks, local names, cached answers
 4. probe     a question that we sent ourselves, come back to us by an upstream: before anything
              is decided about it, as it is about that upstream and not for anybody
 5. stages    what the policy says about the question: `STAGES`, each with its reason; what health
              checks ask for is decided there, too, but neither kept nor recorded
 6. name      NXDOMAIN that was heard for another type of the name answers this one, too
 7. upstream  (later) ask, for the name or for what local records and rewrites lead to; one
              flight for identical questions
 8. answer    (later) refuse what the answer leads to (CNAME targets, addresses), then keep it

The table stands above the stages that fill it: that is the fast lane. A `Ready` carries the
generation of the GroupPolicy that judged it, so changing the policy is one assignment here. What an
upstream is asked, and what becomes of the answer, is in `forward` and `decide_answer`.

Every answer is recorded by appending to one list, which the server closes once a batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Literal

from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.cache.ready import Ready, State
from sinkhole.dns.cache.table import Table
from sinkhole.dns.clients.budgets import Budgets
from sinkhole.dns.clients.clients import Client, Clients
from sinkhole.dns.pipeline.bugs import Bugs, servfail
from sinkhole.dns.pipeline.channel import Channel
from sinkhole.dns.pipeline.decide_question import (
    HEALTH_NAME,
    ROUTE,
    Stage,
    filtered,
    local,
    refused,
    reserved,
    routed,
    special,
    translated,
)
from sinkhole.dns.pipeline.forward import Forwarding
from sinkhole.dns.pipeline.holding import Held, Holding
from sinkhole.dns.pipeline.permit import FREELY, Permit
from sinkhole.dns.pipeline.prefetch import Prefetch
from sinkhole.dns.pipeline.reaction import DROP, Drop, Reaction, Waiting, waiting_of
from sinkhole.dns.pipeline.replies import (
    MALFORMED,
    NOT_ALLOWED,
    TOO_MANY,
    fitted,
    forwarding_loop,
    not_recursive,
)
from sinkhole.dns.pipeline.requester import Recorder, Requester
from sinkhole.dns.policy.snapshot import Policy, View
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.probe_names import LOOP_ZONE
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import end_of
from sinkhole.dns.wire.question import HEADER_SIZE, Question, Shape, deserves_reply, name_in, peek
from sinkhole.dns.wire.write import write_error, write_refused, write_truncated
from sinkhole.model.errors import WireError
from sinkhole.model.record import Batch, QueryRecord, RecordBuffer, Report, Who

_TC: Final = n.TC >> 8
_SHORT: Final = n.CLASSIC_PAYLOAD

MAX_SHAPES: Final = 1024
"""Shapes remembered. A household has a few dozen; a flood of odd ones starts the memory anew."""

ERRORS_PER_S: Final = 100
"""Error replies a second to each network that may ask, and as many to all others together:
malformed queries, refusals, TC for the hasty.

Beyond it they are dropped and counted: errors help a flood of forged queries always."""

STAGES: Final = (
    Stage("special", special, "not about a name, so no list has a say", "an ordinary question"),
    Stage(
        *("types", refused, "what a device may not have, it may not have of the house either"),
        silence="no type that is refused",
    ),
    Stage(
        *("local", local, "names of the house win over lists, so that no list can break them"),
        silence="no name of the house",
    ),
    Stage(
        *("dns64", translated, "knows what its prefix means, perhaps in a private reverse zone"),
        silence="nothing that DNS64 makes",
    ),
    Stage(
        *("reserved", reserved),
        reason="must never leave the house; after local, so that one may be given an address in a "
        "reserved zone such as home.arpa",
        silence="not reserved",
    ),
    Stage(
        *("filter", filtered, "refuse or rewrite before anything about the name leaves the house"),
        silence="no rule matches",
    ),
    Stage(
        *(ROUTE, routed, "who is asked matters once it is certain that somebody is"),
        silence="no route: for the usual upstreams",
    ),
)
"""What a policy says about a question, in order; the first stage with a say decides."""


def decide_question(question: Question, view: View) -> Ready | Permit:
    """What settles a question: the reply that the first stage with a say makes, or the permit to
    ask an upstream. Asks nobody."""
    for stage in STAGES:
        if (decided := stage.decide(question, view)) is not None:
            return decided
    return FREELY


class Pipeline:
    """Answers queries under the current `policy`; assign a new Policy to change what applies.

    Not thread-safe and in no need of it: all calls come from one event loop.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        table: Table,
        upstreams: Forwarder,
        buffer: RecordBuffer,
        limits: TtlLimits,
        serve_stale_s: float = 86_400,
        prefetch: bool = True,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.clients = Clients(policy)
        self.bugs = Bugs(clock)
        self.dropped = 0
        self.prefetch = Prefetch(lambda: upstreams.recovered_at, enabled=prefetch)
        self._policy, self._upstreams, self._find = policy, upstreams, table.entries.get
        self.forwarding = Forwarding(
            policy=policy,
            clients=self.clients,
            decide_question=decide_question,
            table=table,
            upstreams=upstreams,
            limits=limits,
            serve_stale_s=serve_stale_s,
            clock=clock,
            prefetch=self.prefetch,
            bugs=self.bugs,
        )
        self.holding = Holding(self.clients, self)
        self._recall = self.forwarding.answers.recall
        self._settle = self.forwarding.answers.settle
        self._buffer, self._clock, self._wall_clock = buffer, clock, wall_clock
        self._shapes: dict[bytes, Shape] = {}
        self._lanes, self._road = self.clients.lanes, self.clients.lanes.road.get
        self._records: list[QueryRecord] = []
        self._errors = Budgets(ERRORS_PER_S)
        """One for each network that may ask, and one (False) for all strangers together."""

    @property
    def policy(self) -> Policy:
        """What applies; a change is felt by the next query, and by those that wait."""
        return self._policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        """Apply another policy: who may ask what is told to the clients, the rest is looked up."""
        self.clients.renew(policy)
        self._policy = self.forwarding.policy = policy

    # ---- 1 to 6: without waiting -------------------------------------------------------------

    def answer_now(self, wire: bytes, client: Client, channel: Channel, now: float) -> Reaction:
        """React to one query: reply bytes, DROP, or a Waiting to hand to `answer_then`.

        Never raises for any bytes; what a bug raises is for `answer_bug`. 0.4 µs on the express
        lane, 1.8 by the table; this function is written out in one piece for that, where each call
        would add a twentieth.
        """
        query, lane = wire[2:], client.lane
        spelled = self._road(query)
        if spelled is None or not spelled.bits & lane.bit:
            spelled = lane.get(query)
        if (
            spelled
            and now < spelled.fresh_until
            and (not client.gated or self._admits(client, channel, now))
        ):
            self._records.append((spelled.report, client.who))
            return wire[:2] + spelled.reply
        try:
            end = HEADER_SIZE
            while size := wire[end]:
                end += size + 1
            end += 1
            shape = self._shapes[wire[2:HEADER_SIZE] + wire[end:]]
        except (IndexError, KeyError):
            looked = self._look(wire, client, now)
            if not isinstance(looked, tuple):
                return looked
            end, shape, client = looked
        if client.gated and (refused := self._gate(wire, end, shape, client, channel, now)):
            return refused
        # The walk above let any label length pass. A key is in the table only if its name was
        # checked (in _decide), and lower() changes no valid length byte, so a hit is valid.
        key = wire[HEADER_SIZE:end].lower() + shape.key + client.tag
        ready, generation = self._find(key), client.policy.generation
        if ready is None or now >= ready.fresh_until or ready.generation != generation:
            decided = self._decide(wire, end, shape, client, channel, key, ready, now)
            if not isinstance(decided, Ready):
                return decided
            ready = decided
        reply = fitted(ready, wire, end, shape, channel)
        self._records.append((ready.report, client.who))
        if ready.used and shape.plain and len(reply) <= _SHORT and not reply[2] & _TC:
            self._lanes.open(query, lane, ready, reply, now)
        ready.used = True
        return reply

    def _look(
        self, wire: bytes, client: Client, now: float
    ) -> tuple[int, Shape, Client] | bytes | Literal[Drop.DROP]:
        """Read a query whose shape is not known yet; it may say for whom a forwarder asks."""
        if not deserves_reply(wire):
            self.dropped += 1
            return DROP
        try:
            end, shape = peek(wire)
        except WireError as error:
            return self._answer_malformed(wire, client, error.rcode, now)
        if shape.plain and client.allowed:  # strangers would have it start anew all the time
            if len(self._shapes) >= MAX_SHAPES:
                self._shapes.clear()
            self._shapes[wire[2:HEADER_SIZE] + wire[end:]] = shape
        if client.forwards and not shape.plain:
            client = self.clients.behind(client, wire[end + 4 :])
        return end, shape, client

    def _gate(
        self, wire: bytes, end: int, shape: Shape, client: Client, channel: Channel, now: float
    ) -> bytes | Literal[Drop.DROP] | Held | None:
        """May this client ask, and not too often? None if so, else REFUSED.

        A client over its rate gets TC where that means anything: a real one comes back over TCP,
        which has a budget of its own; a forged one gets nothing bigger than what it sent.
        """
        if client.sought and client.allowed:
            return Held(wire, client, channel, now)
        if self._admits(client, channel, now):
            return None
        if not self._errors.spend(client.allowed and client.network, now):
            self.dropped += 1
            return DROP
        if not client.allowed:
            self._records.append((NOT_ALLOWED, client.who))
            return write_refused(wire, end + 4, edns=shape.edns, do=shape.do)
        rcode = n.Rcode.NOERROR if channel.truncates else n.Rcode.REFUSED
        report = Report(name_in(wire, end), shape.qtype, rcode, TOO_MANY)
        self._records.append((report, client.who))
        write = write_truncated if channel.truncates else write_refused
        return write(wire, end + 4, edns=shape.edns, do=shape.do)

    def _admits(self, client: Client, channel: Channel, now: float) -> bool:
        """Whether a client may ask and has budget left; takes one query from it."""
        budgets = client.udp if channel.truncates else client.tcp
        return client.allowed and not client.sought and budgets.spend(client.network, now)

    def _decide(
        self,
        wire: bytes,
        end: int,
        shape: Shape,
        client: Client,
        channel: Channel,
        key: bytes,
        known: Ready | None,
        now: float,
    ) -> Ready | Reaction:
        """Decide what the table does not know, or not under this policy.

        `known` is a Ready that is not fresh any more, if there is one.
        """
        policy, group = self._policy, client.policy
        state = known.state(now, group.generation) if known is not None else None
        if known and state is State.AGING and not self.forwarding.ends(known, now):
            known.age(now)
            if self.prefetch.wants(known, now) and shape.flags & n.RD:
                waiting = waiting_of(policy, wire, end, shape, client, channel, key, now)
                return self.forwarding.ask_ahead(known, waiting)
            return known
        try:
            end_of(wire, HEADER_SIZE)
        except WireError as error:
            return self._answer_malformed(wire, client, error.rcode, now)
        question = shape.question(key[: end - HEADER_SIZE])
        view = View(policy, group, client.traits, shape.qclass, client.packed)
        proof = question.name.endswith(LOOP_ZONE) and self._upstreams.loop_proof(question)
        loop = forwarding_loop(question, group, proof) if proof else None
        decided = decide_question(question, view) if loop is None else loop
        if isinstance(decided, Ready):
            if question.name == HEALTH_NAME:  # asked every minute by containers: no record of it
                return decided.give(wire, end, edns=shape.edns)
            if shape.qclass == n.CLASS_IN:  # else refused again as quickly, and whatever the name
                self._settle(key, end - HEADER_SIZE, client, decided, known)
            return decided
        waiting = Waiting(wire, end, shape, client, channel, key, question, view, decided, now)
        if ready := self._recall(waiting, known if state is State.OUTDATED else None):
            return ready
        if not shape.flags & n.RD:  # RFC 1034 §5.3.1: it is for the client to ask for recursion
            return not_recursive(question, group)
        return waiting

    # ---- 7 and 8: with waiting ---------------------------------------------------------------

    def answer_then(
        self, waiting: Waiting | Held, send: Callable[[bytes], None], record: Recorder | None = None
    ) -> None:
        """Ask an upstream about what `answer_now` could not answer; always ends in a reply.

        `send` is called once with it, perhaps before this returns. The answer is recorded in a
        batch of its own, or by `record`. A callback: a task and a future would be needless work.
        """
        if isinstance(waiting, Held):
            self.holding.hold(waiting, send)
            return
        self.forwarding.ask(waiting, Requester(waiting, send, record or self._record, self.bugs))

    def _record(self, waiting: Waiting, report: Report) -> None:
        duration_us = int((self._clock() - waiting.arrived) * 1e6)
        records = [(report, waiting.client.who)]
        self._buffer.append(Batch(self._wall_clock(), duration_us, records, waiting.channel.name))

    # ---- records -----------------------------------------------------------------------------

    def _answer_malformed(
        self, wire: bytes, client: Client, rcode: int, now: float
    ) -> bytes | Literal[Drop.DROP]:
        """The error reply to a malformed query, within the budget for errors; else silence."""
        if not self._errors.spend(client.allowed and client.network, now):
            self.dropped += 1
            return DROP
        self._records.append((MALFORMED[rcode], client.who))
        return write_error(wire, rcode)

    def answer_bug(
        self, wire: bytes, address: bytes | int, error: Exception
    ) -> bytes | Literal[Drop.DROP]:
        """React to a query whose handling raised: SERVFAIL, so that its client asks elsewhere.

        For listeners, which go on with the next query. `address` is as `Clients.of` takes it.
        """
        self.bugs.meet(error)
        if not deserves_reply(wire):
            return DROP
        reply, report = servfail(wire)
        self._records.append((report, Who(self.clients.text_of(address))))
        return reply

    def turn_away(self, client: Client, now: float) -> None:
        """Record that a client's connection was closed, as it may not ask."""
        if self._errors.spend(client.allowed and client.network, now):
            self._records.append((NOT_ALLOWED, client.who))
        else:
            self.dropped += 1

    def close_batch(self, channel: Channel, arrived: float, to: RecordBuffer | None = None) -> None:
        """Hand over the records of the queries answered since the last call, to another buffer
        where one is given. A listener calls it when the answers of one wake-up are sent; all came
        by its channel, and `arrived` is when it woke.
        """
        if self._records:
            records, self._records = self._records, []
            duration_us = int((self._clock() - arrived) * 1e6)
            try:
                batch = Batch(self._wall_clock(), duration_us, records, channel.name)
                (self._buffer if to is None else to).append(batch)
            except Exception as error:  # nobody may wait in vain because it is not recorded
                self.bugs.meet(error)
