"""Asking an upstream about what waits, and keeping what it says: the second half of the pipeline.

The policy may change while an upstream is asked. What comes back is then judged by the new one,
under the client's new key, and if that leads to another name, another question is asked.

Whoever calls in here (the pipeline, the upstreams, a timer) has other clients to serve: nothing
that one client's answer raises comes out, and that client gets SERVFAIL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from sinkhole.dns.cache.answer import TtlLimits
from sinkhole.dns.cache.ready import Ready, State
from sinkhole.dns.cache.table import TAG_SIZE, Table
from sinkhole.dns.clients.clients import Clients
from sinkhole.dns.pipeline.bugs import Bugs
from sinkhole.dns.pipeline.decide_answer import decide_answer, decide_answer_again
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.pipeline.prefetch import Prefetch
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.pipeline.replies import CROWDED, NO_ANSWER, failed_at, failure, stale_report
from sinkhole.dns.pipeline.requester import Requester
from sinkhole.dns.pipeline.resolution import Resolution
from sinkhole.dns.pipeline.shared_answers import SharedAnswers
from sinkhole.dns.pipeline.synthesis import lacking_ipv6, way_of
from sinkhole.dns.policy.snapshot import Policy, View
from sinkhole.dns.upstream.flight import CrowdedError, Exchanged
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.upstream.shares import OURSELVES
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import SinkholeError, UpstreamError, WireError
from sinkhole.model.record import Report

NOT_IN_TIME: Final = SinkholeError("no answer in time")

BOTH_S: Final = 4.4
"""How long a client waits for IPv4 addresses to make others of, from its question on: as long as
for one question, as it asks again after 5 s."""

REFUSED_S: Final = 600.0
"""How long an upstream set is told nothing of clients, once it answered only without that."""

STALE_PATIENCE_S: Final = 1.8
"""How long a client waits for an upstream before it gets an expired answer, RFC 8767 §5."""


class Forwarding:
    """Asks the upstreams under the current `policy`, and keeps what they say in the table.

    `decide_question` is the pipeline's: what a policy says about a question, by all stages.
    `limits` and `serve_stale_s` may be assigned at any time.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        clients: Clients,
        decide_question: Callable[[Question, View], Ready | Permit],
        table: Table,
        upstreams: Forwarder,
        limits: TtlLimits,
        serve_stale_s: float,
        clock: Callable[[], float],
        prefetch: Prefetch,
        bugs: Bugs,
    ) -> None:
        self.policy = policy
        self._prefetch = prefetch
        self._bugs = bugs
        self._clients = clients
        self._decide_question = decide_question
        self._table = table
        self._find = table.entries.get
        self.answers = SharedAnswers(table, clients, decide_question)
        self._upstreams = upstreams
        self.limits = limits
        self.serve_stale_s = serve_stale_s
        self._clock = clock
        self._refuses_subnets: dict[str, float] = {}
        """By upstream set, until when it is not told of clients."""

    def ask(self, waiting: Waiting, requester: Requester) -> None:
        """Get a reply to what waits for the requester, perhaps before this returns.

        After as long as the upstreams' budget allows, or STALE_PATIENCE_S if there is an expired
        answer to fall back on. The asking then goes on, so that the table is fresh for the next
        client (RFC 8767 §5).
        """
        try:
            if self._may_be_revived(waiting):
                requester.patience = asyncio.get_running_loop().call_later(
                    STALE_PATIENCE_S, self._lose_patience, waiting, requester
                )
            self._send(Resolution(waiting, requester))
        except Exception as error:
            requester.fail(error)

    def ask_ahead(self, known: Ready, waiting: Waiting) -> Ready:
        """Ask again for an answer that is still given, so that nobody has to wait for the next;
        what to give meanwhile: where it came for others already, that."""
        if newer := self.answers.heard_since(waiting, known):
            return newer
        prefetch = self._prefetch
        prefetch.begin()
        requester = Requester(waiting, _tell_nobody, lambda *_: prefetch.end(), self._bugs)
        try:
            decided = self._decide_question(waiting.question, waiting.view)
            if isinstance(decided, Ready):
                requester.finish(decided, decided.report)
            else:
                self._send(Resolution(waiting._replace(permit=decided), requester, known))
        except Exception as error:
            requester.fail(error)
        return known

    def ends(self, known: Ready, now: float) -> bool:
        """End what only stands for an answer that no upstream gave, a failure or a revived answer,
        if one has recovered since, as it is worth asking again; whether it did."""
        is_stopgap = known.failures or (known.answer is not None and now >= known.answer.expires)
        if not is_stopgap or failed_at(known) >= self._upstreams.recovered_at:
            return False
        known.end(now)
        return True

    def _send(self, resolution: Resolution) -> None:
        via, client = resolution.waiting.permit.via, resolution.waiting.client
        whose = (
            (client.packed, client.network) if resolution.ahead is None else (OURSELVES, OURSELVES)
        )
        is_told = not self._refuses_subnets or self._is_told(via)
        question, hear = resolution.question(is_told), partial(self._hear, resolution)
        try:
            self._upstreams.ask(question, hear, *whose, via)
        except UpstreamError as error:  # nobody was asked: there is nothing to wait longer for
            self._give_up(resolution, error, keep=False)

    def _give_up(self, resolution: Resolution, error: SinkholeError, *, keep: bool = True) -> None:
        known = resolution.ahead
        if known is None:
            resolution.requester.finish(*self._fail(resolution.waiting, error, keep=keep))
        else:  # it stands until its time is up, as if nobody had been asked
            self._prefetch.fail(self._clock())
            resolution.requester.finish(known, known.report)

    def _is_told(self, via: str) -> bool:
        """Whether a set is told of clients: not for a while where that only makes it fail."""
        refused_until = self._refuses_subnets.get(via)
        return refused_until is None or self._clock() >= refused_until

    def _hear(self, resolution: Resolution, outcome: Exchanged | UpstreamError) -> None:
        try:
            self._settle(resolution, outcome)
        except Exception as error:
            resolution.requester.fail(error)

    def _lose_patience(self, waiting: Waiting, requester: Requester) -> None:
        try:
            current = self._current(waiting)
            if isinstance(current, Ready):
                requester.finish(current, current.report)
            else:
                requester.finish(*self._fail(current, NOT_IN_TIME, keep=False))
        except Exception as error:
            requester.fail(error)

    def _settle(self, resolution: Resolution, outcome: Exchanged | UpstreamError) -> None:
        waiting, requester = resolution.waiting, resolution.requester
        if waiting.view.policy is not self.policy:
            current = self._current(waiting)
            if isinstance(current, Ready):
                requester.finish(current, current.report)
                return
            if way_of(current) != way_of(waiting):
                self._send(
                    Resolution(current, requester, resolution.ahead)
                )  # this was asked another way
                return
            resolution.waiting = waiting = current
        now = self._clock()
        if resolution.subnet or resolution.hides or waiting.view.policy.dns64:  # nearly never
            if self._is_asked_again(resolution, outcome, now):
                return
            outcome = resolution.finished(outcome)
        if isinstance(outcome, UpstreamError):
            self._give_up(resolution, outcome, keep=not isinstance(outcome, CrowdedError))
        elif known := self.answers.filled_in(waiting, now):
            requester.finish(known, known.report)  # who asked at the same time has filled it in
        else:
            try:
                requester.finish(*self._decide_answer(resolution, outcome, now))
            except WireError as error:
                self._give_up(resolution, error)

    def _is_asked_again(
        self, resolution: Resolution, outcome: Exchanged | UpstreamError, now: float
    ) -> bool:
        """Whether there is a second question: without the client's subnet, as an upstream refuses
        those, or for IPv4 addresses, as DNS64 makes others of them."""
        waiting, via = resolution.waiting, resolution.waiting.permit.via
        if resolution.may_be_for_subnet(outcome, now):
            resolution.hides = True
            self._send(resolution)
            return True
        if resolution.hides and not isinstance(outcome, UpstreamError):
            self._refuses_subnets[via] = now + REFUSED_S
        if resolution.no_ipv6 is not None:
            return False
        no_ipv6 = lacking_ipv6(waiting, outcome, now)
        if no_ipv6 is None or not self._may_ask_for_ipv4(waiting):
            return False
        resolution.no_ipv6 = no_ipv6
        self._limit(resolution, now)
        self._send(resolution)
        return True

    def _may_ask_for_ipv4(self, waiting: Waiting) -> bool:
        """Whether the IPv4 addresses of a name may be asked for in the way its others are."""
        question = waiting.question._replace(qtype=Type.A)
        decided = self._decide_question(question, waiting.view)
        return isinstance(decided, Permit) and way_of(waiting) == way_of(
            waiting._replace(permit=decided)
        )

    def _limit(self, resolution: Resolution, now: float) -> None:
        """Let two questions have the time of one."""
        requester = resolution.requester
        if requester.patience is None and resolution.ahead is None:
            left_s = max(resolution.waiting.arrived + BOTH_S - now, 0)
            requester.patience = asyncio.get_running_loop().call_later(
                left_s, self._lose_patience, resolution.waiting, requester
            )

    def _decide_answer(
        self, resolution: Resolution, outcome: Exchanged, now: float
    ) -> tuple[Ready, Report]:
        """Refuse it for what it leads to, else keep it for the next client. Raises WireError."""
        waiting = resolution.waiting
        question, permit = waiting.question, waiting.permit
        answer = resolution.answer(outcome.reply, self.limits, now)
        ready, report = decide_answer(question, waiting.view, answer, permit, outcome.server)
        if resolution.ahead is not None:
            self._prefetch.succeed(ready, resolution.ahead)
        if ready.fresh_until > now:
            self.answers.keep(waiting, ready, answer)
        return ready, report

    def _current(self, waiting: Waiting) -> Ready | Waiting:
        """What waits, decided again if meanwhile other things apply to its client."""
        policy, view = self.policy, waiting.view
        if view.policy is policy:
            return waiting
        client = self._clients.again(waiting.client)
        if client.policy.generation == view.group.generation and client.tag == waiting.client.tag:
            return waiting
        key = waiting.key[:-TAG_SIZE] + client.tag
        view = View(policy, client.policy, client.traits, view.qclass, client.packed)
        decided = self._decide_question(waiting.question, view)
        if isinstance(decided, Ready):
            self._table.put(key, decided)
            return decided
        return waiting._replace(client=client, key=key, view=view, permit=decided)

    def _fail(
        self, waiting: Waiting, error: SinkholeError, *, keep: bool = True
    ) -> tuple[Ready, Report]:
        """No upstream could help: an expired answer if there is one, else SERVFAIL.

        `keep` makes that count for a while, for everybody who asks.
        """
        now, question, permit = self._clock(), waiting.question, waiting.permit
        known, is_crowded = self._find(waiting.key), isinstance(error, CrowdedError)
        said = error.said if isinstance(error, UpstreamError) else ()
        if known and self._is_fresh(known, waiting, now):
            return known, known.report  # who asked at the same time has it: one failure for all
        ready, old = None, self.answers.old_answer(waiting, now, self.serve_stale_s)
        if old is not None:
            # In a crowd for this client alone: others need not have the old answer, too.
            is_own = old is known and not is_crowded
            ready = decide_answer_again(question, waiting.view, old, permit, now, own=is_own)
        if ready is not None and ready.answer is not None and now >= ready.answer.expires:
            ready.revive(now, stale_report(ready.report, permit, str(error)), said)
            if ready is not known and not is_crowded:
                self._table.put(waiting.key, ready)
        if ready is None:
            told = CROWDED if is_crowded else NO_ANSWER
            ready = failure(question, waiting.view.group, str(error), known, now, told, said)
            if keep:
                self._table.put(waiting.key, ready)
        return ready, ready.report

    def _may_be_revived(self, waiting: Waiting) -> bool:
        """Whether there is an expired answer to fall back on."""
        old = self.answers.old_answer(waiting, waiting.arrived, self.serve_stale_s)
        return old is not None and self._state_of(old, waiting, waiting.arrived) is State.STALE

    def _state_of(self, known: Ready, waiting: Waiting, now: float) -> State:
        return known.state(now, waiting.view.group.generation, self.serve_stale_s)

    def _is_fresh(self, known: Ready, waiting: Waiting, now: float) -> bool:
        return self._state_of(known, waiting, now) is State.FRESH


def _tell_nobody(reply: bytes) -> None:
    """Where nobody waits."""
