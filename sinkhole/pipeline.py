"""THE PAGE: what happens to a query, in order, with a reason for each place.

`answer_now` is a plain function and decides everything that can be decided without waiting. Only
what must ask an upstream goes on to `answer_then`, which begins strictly where
`answer_now` ended: what was found out travels with it in a `Waiting`.

The order, and why:

 1. shape     bytes that are no query are dropped or refused before they cost anything more
 2. access    who may not ask, or asks too often, learns nothing and uses no room
 3. table     what was decided before, under this policy: blocks, local names, cached answers
 4. special   zone transfers, other classes, ANY: not about a name, so no list has a say
 5. local     names of the house win over lists, so that no list can break them
 6. reserved  names that must never leave the house; after local, so that one may be given an
              address in a reserved zone such as home.arpa
 7. filter    refuse before anything about the name leaves the house
 8. upstream  (later) ask; one flight for identical questions
 9. answer    (later) refuse what the answer leads to (CNAME targets), then keep it

Stages 4 to 7 are written down in `judge`, as they are needed again when the policy changes.
Stage 3 stands above the stages that fill it: that is the fast lane. A `Ready` carries the
generation of the Policy that judged it, so changing the policy is one assignment here.

Every answer is recorded by appending to one list, which the server closes once a batch.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Literal

from sinkhole.cache.answer import Answer, TtlLimits, answer_of
from sinkhole.cache.ready import Ready
from sinkhole.cache.table import Table
from sinkhole.errors import UpstreamError, WireError
from sinkhole.judge import judge, judge_again
from sinkhole.policy.blocking import Refusal
from sinkhole.policy.clients import Bucket, Client, Clients
from sinkhole.policy.snapshot import Policy
from sinkhole.reaction import (
    DROP,
    UDP,
    Drop,
    Exchanged,
    Reaction,
    Transport,
    Upstreams,
    Waiting,
)
from sinkhole.record import Batch, QueryRecord, RecordBuffer, Report
from sinkhole.replies import (
    MALFORMED,
    NOT_ALLOWED,
    TOO_MANY,
    answered,
    failure,
    made_here,
    refusal_by_hop,
    stale_report,
)
from sinkhole.verdict import Cause, Outcome
from sinkhole.wire import numbers as n
from sinkhole.wire.name import end_of, from_text
from sinkhole.wire.question import HEADER_SIZE, Shape, deserves_reply, peek
from sinkhole.wire.write import without_rd, write_error, write_refused, write_truncated

Finish = Callable[[Ready, Report], None]

HEALTH_NAME: Final = from_text("health.sinkhole.invalid")
"""What `sinkhole healthcheck` asks for: answered, empty, and not recorded."""

_TC: Final = n.TC >> 8
_SHORT: Final = n.CLASSIC_PAYLOAD

MAX_SHAPES: Final = 1024
"""Shapes remembered. A household has a few dozen; a flood of odd ones starts the memory anew."""

MAX_LANES: Final = 16_384
"""Queries remembered byte for byte, 400 bytes each and 1.2 kB at most; when full it starts anew."""

ERRORS_PER_S: Final = 100
"""Error replies a second, all clients together: malformed queries, refusals, TC for the hasty.

Beyond it such queries are dropped and counted. Unbound and dnsdist draw the line alike; errors
help an honest client once and a flood of forged queries always.
"""

STALE_PATIENCE_S: Final = 1.8
"""How long a client waits for an upstream before it gets an expired answer, RFC 8767 §5."""


class Pipeline:
    """Answers queries under the current `policy`; assign a new Policy to change what applies.

    Not thread-safe and in no need of it: all calls come from one event loop.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        clients: Clients,
        table: Table,
        upstreams: Upstreams,
        buffer: RecordBuffer,
        limits: TtlLimits,
        serve_stale_s: float = 86_400,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.policy = policy
        self.clients = clients
        self.dropped = 0
        self._table = table
        self._find = table.entries.get
        self._upstreams = upstreams
        self._buffer = buffer
        self._limits = limits
        self._serve_stale_s = serve_stale_s
        self._clock = clock
        self._wall_clock = wall_clock
        self._shapes: dict[bytes, Shape] = {}
        self._lane: dict[bytes, tuple[float, int, bytes, Report]] = {}
        """By a query's bytes without its id: until when, for which policy, what is answered."""
        self._records: list[QueryRecord] = []
        self._errors = Bucket()

    # ---- stages 1 to 7: without waiting ------------------------------------------------------

    def answer_now(self, wire: bytes, client: Client, transport: Transport, now: float) -> Reaction:
        """React to one query: reply bytes, DROP, or a Waiting to hand to `answer_then`.

        Never raises for any bytes. 0.4 µs on the express lane, 1.8 by the table; this function is
        written out in one piece for that, where each call would add a twentieth.
        """
        lane = wire[2:] + client.tag
        spelled = self._lane.get(lane)
        if (
            spelled
            and now < spelled[0]
            and spelled[1] == self.policy.generation
            and (not client.gated or self._admits(client, transport, now))
        ):
            self._records.append((spelled[3], client.text))
            return wire[:2] + spelled[2]
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
            end, shape = looked
        if client.gated and (refused := self._gate(wire, end, shape, client, transport, now)):
            return refused
        # The walk above let any label length pass. A key is in the table only if its name was
        # checked (in _decide), and lower() changes no valid length byte, so a hit is valid.
        key = wire[HEADER_SIZE:end].lower() + shape.key + client.tag
        ready = self._find(key)
        if ready is None or now >= ready.fresh_until or ready.generation != self.policy.generation:
            decided = self._decide(wire, end, shape, client, transport, key, ready, now)
            if not isinstance(decided, Ready):
                return decided
            ready = decided
        self._records.append((ready.report, client.text))
        reply = _fitted(ready, wire, end, shape, transport)
        if ready.used and shape.plain and len(reply) <= _SHORT and not reply[2] & _TC:
            self._open_lane(lane, ready, reply)
        ready.used = True
        return reply

    def _open_lane(self, lane: bytes, ready: Ready, reply: bytes) -> None:
        """Let the same bytes be answered by one look-up until the reply ages.

        Only for replies given before, and for queries whose bytes come again; and only for replies
        that fit any transport, as it is not among the bytes.
        """
        if len(self._lane) >= MAX_LANES:
            self._lane.clear()
        self._lane[lane] = (ready.fresh_until, ready.generation, reply[2:], ready.report)

    def _look(
        self, wire: bytes, client: Client, now: float
    ) -> tuple[int, Shape] | bytes | Literal[Drop.DROP]:
        """Stage 1: read a query whose shape is not known yet."""
        if not deserves_reply(wire):
            self.dropped += 1
            return DROP
        try:
            end, shape = peek(wire)
        except WireError as error:
            return self._refuse(wire, client, error.rcode, now)
        if shape.plain:
            if len(self._shapes) >= MAX_SHAPES:
                self._shapes.clear()
            self._shapes[wire[2:HEADER_SIZE] + wire[end:]] = shape
        return end, shape

    def _gate(
        self, wire: bytes, end: int, shape: Shape, client: Client, transport: Transport, now: float
    ) -> bytes | Literal[Drop.DROP] | None:
        """Stage 2: may this client ask, and not too often? None if so, else REFUSED.

        A client over its rate gets TC over UDP: a real one comes back over TCP, which has a
        budget of its own; a forged one gets nothing bigger than what it sent.
        """
        if self._admits(client, transport, now):
            return None
        if not self._errors.spend(ERRORS_PER_S, now):
            self.dropped += 1
            return DROP
        self._records.append((TOO_MANY if client.allowed else NOT_ALLOWED, client.text))
        write = write_truncated if client.allowed and transport is UDP else write_refused
        return write(wire, end + 4, edns=shape.edns, do=shape.do)

    def _admits(self, client: Client, transport: Transport, now: float) -> bool:
        """Whether a client may ask and has budget left; takes one query from it."""
        bucket = client.udp if transport is UDP else client.tcp
        return client.allowed and self.clients.admits(bucket, now)

    def _decide(
        self,
        wire: bytes,
        end: int,
        shape: Shape,
        client: Client,
        transport: Transport,
        key: bytes,
        known: Ready | None,
        now: float,
    ) -> Ready | Reaction:
        """Stages 4 to 7, for what the table does not know, or not under this policy.

        `known` is an aged, expired or outdated Ready, if there is one.
        """
        policy = self.policy
        if known is not None and known.generation == policy.generation and known.age(now):
            return known
        try:
            end_of(wire, HEADER_SIZE)
        except WireError as error:
            return self._refuse(wire, client, error.rcode, now)
        question = shape.question(wire[HEADER_SIZE:end].lower())
        if question.name == HEALTH_NAME:  # asked every minute by containers: not worth a record
            healthy = made_here(question, policy, Refusal(n.Rcode.NOERROR), Outcome.LOCAL)
            return healthy.give(wire, end, edns=shape.edns)
        ready, allowed = judge(question, shape.qclass, policy, self._upstreams)
        if ready is None and known and known.answer and now < known.answer.expires:
            ready = judge_again(question, known, known.answer, allowed, policy, now)
        if ready is None:
            passed = policy.generation
            return Waiting(wire, end, shape, client, transport, key, question, passed, allowed, now)
        if ready is not known:
            self._table.put(key, ready)
        return ready

    # ---- stages 8 and 9: with waiting --------------------------------------------------------

    def answer_then(self, waiting: Waiting, send: Callable[[bytes], None]) -> None:
        """Ask an upstream about what `answer_now` could not answer; always ends in a reply.

        `send` is called once with it, perhaps before this returns: after as long as the upstreams'
        budget allows, or STALE_PATIENCE_S if there is an expired answer to fall back on. The answer
        is recorded in a batch of its own. A callback, as a task and a future for each query are
        work that nobody needs.
        """
        finish: Finish = partial(self._finish, waiting, send)
        known = self._find(waiting.key)
        if known and known.is_revivable(waiting.arrived, self._serve_stale_s):
            finish = self._impatiently(waiting, finish)
        self._ask(waiting, finish)

    def _finish(
        self, waiting: Waiting, send: Callable[[bytes], None], ready: Ready, report: Report
    ) -> None:
        duration_us = int((self._clock() - waiting.arrived) * 1e6)
        records = [(report, waiting.client.text)]
        self._buffer.append(Batch(self._wall_clock(), duration_us, records))
        send(_fitted(ready, waiting.query, waiting.end, waiting.shape, waiting.transport))

    def _ask(self, waiting: Waiting, finish: Finish) -> None:
        """Stage 8. `finish` gets the reply to give and the report of this first time."""
        try:
            self._upstreams.ask(waiting.question, partial(self._hear, waiting, finish))
        except UpstreamError as error:  # nobody was asked: there is nothing to wait longer for
            finish(*self._fail(waiting, str(error), keep=False))

    def _hear(self, waiting: Waiting, finish: Finish, outcome: Exchanged | UpstreamError) -> None:
        now, known = self._clock(), self._find(waiting.key)
        if isinstance(outcome, UpstreamError):
            finish(*self._fail(waiting, str(outcome)))
        elif known and known.is_since(waiting.arrived, now, self.policy.generation):
            finish(known, known.report)  # who asked at the same time has filled it in
        else:
            finish(*self._take(waiting, outcome, now))

    def _take(self, waiting: Waiting, outcome: Exchanged, now: float) -> tuple[Ready, Report]:
        try:
            answer = answer_of(outcome.reply, waiting.question, self._limits, now)
        except WireError as error:
            return self._fail(waiting, str(error))
        return self._keep_answer(waiting, answer, outcome.server)

    def _impatiently(self, waiting: Waiting, finish: Finish) -> Finish:
        """A `finish` that comes true by itself, with the expired answer, if asking takes long.

        The asking goes on, so that the table is fresh for the next client (RFC 8767 §5).
        """

        def finish_once(ready: Ready, report: Report) -> None:
            if not timer.cancelled():
                timer.cancel()
                finish(ready, report)

        def lose_patience() -> None:
            finish_once(*self._fail(waiting, "no answer in time", keep=False))

        timer = asyncio.get_running_loop().call_later(STALE_PATIENCE_S, lose_patience)
        return finish_once

    def _keep_answer(self, waiting: Waiting, answer: Answer, server: str) -> tuple[Ready, Report]:
        """Stage 9: refuse for what the answer leads to, else keep it for the next client."""
        question, policy = waiting.question, self.policy
        ready, allowed = self._judge_late(waiting)
        if ready is not None:
            return ready, ready.report
        if refused := policy.group.first_refused(answer.targets, question.qtype, allowed):
            ready, report = refusal_by_hop(question, policy, answer, refused, server)
        else:
            ready, report = answered(question, policy, answer, allowed, server)
        if ready.fresh_until > answer.received:
            self._table.put(waiting.key, ready)
        return ready, report

    def _judge_late(self, waiting: Waiting) -> tuple[Ready | None, Cause | None]:
        """As `judge`, where the policy changed while the question was underway."""
        if waiting.generation == self.policy.generation:
            return None, waiting.allowed
        ready, allowed = judge(waiting.question, n.CLASS_IN, self.policy, self._upstreams)
        if ready is not None:
            self._table.put(waiting.key, ready)
        return ready, allowed

    def _fail(self, waiting: Waiting, cause: str, *, keep: bool = True) -> tuple[Ready, Report]:
        """No upstream could help: an expired answer if there is one, else SERVFAIL for a while."""
        now, question = self._clock(), waiting.question
        known = self._find(waiting.key)
        if known and known.is_good(now, self.policy.generation):
            return known, known.report  # who asked at the same time has it: one failure for all
        ready, allowed = self._judge_late(waiting)
        if ready is not None:
            return ready, ready.report
        if known and known.answer and known.is_revivable(now, self._serve_stale_s):
            ready = judge_again(question, known, known.answer, allowed, self.policy, now)
            if ready is known and now >= known.answer.expires:
                known.revive(now, stale_report(known.report, allowed, cause))
        else:
            ready = failure(question, self.policy, cause, known, now)
            if keep:
                self._table.put(waiting.key, ready)
        return ready, ready.report

    # ---- records -----------------------------------------------------------------------------

    def _refuse(
        self, wire: bytes, client: Client, rcode: int, now: float
    ) -> bytes | Literal[Drop.DROP]:
        """The error reply to a malformed query, within the budget for errors; else silence."""
        if not self._errors.spend(ERRORS_PER_S, now):
            self.dropped += 1
            return DROP
        self._records.append((MALFORMED[rcode], client.text))
        return write_error(wire, rcode)

    def close_batch(self, arrived: float) -> None:
        """Hand over the records of the queries answered since the last call.

        The server calls it when the answers of one wake-up are sent; `arrived` is when it woke.
        """
        if self._records:
            duration_us = int((self._clock() - arrived) * 1e6)
            self._buffer.append(Batch(self._wall_clock(), duration_us, self._records))
            self._records = []


def _fitted(ready: Ready, query: bytes, end: int, shape: Shape, transport: Transport) -> bytes:
    """The reply as this client can take it: truncated where it must be, RD as it was."""
    reply = ready.give(query, end, edns=shape.edns)
    if transport is UDP and len(reply) > shape.payload:
        return write_truncated(query, end + 4, edns=shape.edns, do=shape.do)
    return reply if shape.flags & n.RD else without_rd(reply)
