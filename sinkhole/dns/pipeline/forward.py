"""Asking an upstream about what waits, and keeping what it says: the second half of the pipeline.

The policy may change while an upstream is asked. What comes back is then judged by the new one,
under the client's new key, and if that leads to another name, another question is asked.

Whoever calls in here (the pipeline, the upstreams, a timer) has other clients to serve: nothing
that one client's answer raises comes out, and that client gets SERVFAIL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Final

from sinkhole.dns.cache.answer import TtlLimits, answer_of
from sinkhole.dns.cache.ready import Ready, State
from sinkhole.dns.cache.table import Table
from sinkhole.dns.clients.access import TAG_SIZE
from sinkhole.dns.clients.clients import Clients
from sinkhole.dns.pipeline.decide_answer import came_this_way, decide_answer, decide_answer_again
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.pipeline.replies import CROWDED, NO_ANSWER, failed_at, failure, stale_report
from sinkhole.dns.pipeline.requester import Requester
from sinkhole.dns.pipeline.synthesis import lacking_ipv6, way_of, with_ipv6_made
from sinkhole.dns.policy.snapshot import Policy, View
from sinkhole.dns.upstream.flight import CrowdedError, Exchanged
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.errors import SinkholeError, UpstreamError, WireError
from sinkhole.model.record import Report

NOT_IN_TIME: Final = SinkholeError("no answer in time")

BOTH_S: Final = 4.4
"""How long a client waits for IPv4 addresses to make others of, from its question on: as long as
for one question, as it asks again after 5 s."""

STALE_PATIENCE_S: Final = 1.8
"""How long a client waits for an upstream before it gets an expired answer, RFC 8767 §5."""


class Forwarding:
    """Asks the upstreams under the current `policy`, and keeps what they say in the table.

    `decide_question` is the pipeline's: what a policy says about a question, by all stages.
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
    ) -> None:
        self.policy = policy
        self._clients = clients
        self._decide_question = decide_question
        self._table = table
        self._find = table.entries.get
        self._upstreams = upstreams
        self._limits = limits
        self._serve_stale_s = serve_stale_s
        self._clock = clock

    def ask(self, waiting: Waiting, requester: Requester) -> None:
        """Get a reply to what waits for the requester, perhaps before this returns.

        After as long as the upstreams' budget allows, or STALE_PATIENCE_S if there is an expired
        answer to fall back on. The asking then goes on, so that the table is fresh for the next
        client (RFC 8767 §5).
        """
        try:
            known = self._find(waiting.key)
            if known and self._may_be_revived(known, waiting):
                requester.patience = asyncio.get_running_loop().call_later(
                    STALE_PATIENCE_S, self._lose_patience, waiting, requester
                )
            self._send(waiting, requester)
        except Exception as error:
            requester.fail(error)

    def ends(self, known: Ready, now: float) -> bool:
        """End what only stands for an answer that no upstream gave, a failure or a revived answer,
        if one has recovered since, as it is worth asking again; whether it did."""
        is_stopgap = known.failures or (known.answer is not None and now >= known.answer.expires)
        if not is_stopgap or failed_at(known) >= self._upstreams.recovered_at:
            return False
        known.end(now)
        return True

    def _send(self, waiting: Waiting, requester: Requester, no_ipv6: Reply | None = None) -> None:
        """Ask; with `no_ipv6`, which says that a name has no such addresses, for its others."""
        permit, client = waiting.permit, waiting.client
        question = permit.asked(waiting.question)
        if no_ipv6 is not None:
            question = question._replace(qtype=Type.A)
        hear = partial(self._hear, waiting, requester, no_ipv6)
        try:
            self._upstreams.ask(question, hear, client.packed, client.network, permit.via)
        except UpstreamError as error:  # nobody was asked: there is nothing to wait longer for
            requester.finish(*self._fail(waiting, error, keep=False))

    def _hear(
        self,
        waiting: Waiting,
        requester: Requester,
        no_ipv6: Reply | None,
        outcome: Exchanged | UpstreamError,
    ) -> None:
        try:
            self._settle(waiting, requester, no_ipv6, outcome)
        except Exception as error:
            requester.fail(error)

    def _lose_patience(self, waiting: Waiting, requester: Requester) -> None:
        try:
            current = self._current(waiting)
            if isinstance(current, Ready):
                requester.finish(current, current.report)
            else:
                requester.finish(*self._fail(current, NOT_IN_TIME, keep=False))
        except Exception as error:
            requester.fail(error)

    def _settle(
        self,
        waiting: Waiting,
        requester: Requester,
        no_ipv6: Reply | None,
        outcome: Exchanged | UpstreamError,
    ) -> None:
        if waiting.view.policy is not self.policy:
            current = self._current(waiting)
            if isinstance(current, Ready):
                requester.finish(current, current.report)
                return
            if way_of(current) != way_of(waiting):
                self._send(current, requester)  # what was heard is about another name, or others'
                return
            waiting = current
        now, known = self._clock(), self._find(waiting.key)
        if no_ipv6 is None:
            no_ipv6 = lacking_ipv6(waiting, outcome, now)
            if no_ipv6 is not None and self._may_ask_for_ipv4(waiting):
                self._ask_for_ipv4(waiting, requester, no_ipv6, now)
                return
        else:
            outcome = with_ipv6_made(waiting, outcome, no_ipv6)
        if isinstance(outcome, UpstreamError):
            requester.finish(
                *self._fail(waiting, outcome, keep=not isinstance(outcome, CrowdedError))
            )
        elif known and known.is_answer_since(waiting.arrived) and self._is_fresh(known, now):
            requester.finish(known, known.report)  # who asked at the same time has filled it in
        else:
            requester.finish(*self._decide_answer(waiting, outcome, now))

    def _may_ask_for_ipv4(self, waiting: Waiting) -> bool:
        """Whether the IPv4 addresses of a name may be asked for in the way its others are."""
        question = waiting.question._replace(qtype=Type.A)
        decided = self._decide_question(question, waiting.view)
        return isinstance(decided, Permit) and way_of(waiting) == way_of(
            waiting._replace(permit=decided)
        )

    def _ask_for_ipv4(
        self, waiting: Waiting, requester: Requester, no_ipv6: Reply, now: float
    ) -> None:
        """Ask for what addresses can be made of; both questions have the time of one."""
        if requester.patience is None:
            left_s = max(waiting.arrived + BOTH_S - now, 0)
            requester.patience = asyncio.get_running_loop().call_later(
                left_s, self._lose_patience, waiting, requester
            )
        self._send(waiting, requester, no_ipv6)

    def _decide_answer(
        self, waiting: Waiting, outcome: Exchanged, now: float
    ) -> tuple[Ready, Report]:
        """Refuse it for what it leads to, else keep it for the next client."""
        question, permit = waiting.question, waiting.permit
        dns64 = waiting.view.policy.dns64_for(question)
        try:
            answer = answer_of(
                dns64.without_excluded(outcome.reply) if dns64 else outcome.reply,
                *(question, self._limits, now, permit.front),
                via=permit.via,
            )
        except WireError as error:
            return self._fail(waiting, error)
        if dns64 is not None:
            answer = answer._replace(dns64=dns64.settings)
        ready, report = decide_answer(question, waiting.view, answer, permit, outcome.server)
        if ready.fresh_until > now:
            self._table.put_answer(waiting.key, len(question.name), ready)
        return ready, report

    def _current(self, waiting: Waiting) -> Ready | Waiting:
        """What waits, decided again if the policy changed meanwhile, and perhaps its client."""
        policy = self.policy
        if waiting.view.policy is policy:
            return waiting
        client = self._clients.of(waiting.client.packed)
        key = waiting.key[:-TAG_SIZE] + client.tag
        view = View(policy, client.traits, waiting.view.qclass)
        decided = self._decide_question(waiting.question, view)
        if isinstance(decided, Ready):
            self._table.put(key, decided)
            return decided
        return waiting._replace(key=key, view=view, permit=decided)

    def _fail(
        self, waiting: Waiting, error: SinkholeError, *, keep: bool = True
    ) -> tuple[Ready, Report]:
        """No upstream could help: an expired answer if there is one, else SERVFAIL.

        `keep` makes that count for a while, for everybody who asks.
        """
        now, question, permit = self._clock(), waiting.question, waiting.permit
        known, is_crowded = self._find(waiting.key), isinstance(error, CrowdedError)
        said = error.said if isinstance(error, UpstreamError) else ()
        if known and self._is_fresh(known, now):
            return known, known.report  # who asked at the same time has it: one failure for all
        if known and is_crowded:
            known = copy(known)  # for this client alone: others need not have the old answer, too
        ready = None
        if known and known.answer and self._state_of(known, now) is not State.GONE:
            ready = decide_answer_again(question, waiting.view, known, permit, now)
            if ready is known and now >= known.answer.expires:
                known.revive(now, stale_report(known.report, permit, str(error)), said)
        if ready is None:
            told = CROWDED if is_crowded else NO_ANSWER
            ready = failure(question, self.policy, str(error), known, now, told, said)
            if keep:
                self._table.put(waiting.key, ready)
        return ready, ready.report

    def _may_be_revived(self, known: Ready, waiting: Waiting) -> bool:
        """Whether it is an expired answer to fall back on: one that came the way we now ask."""
        answer = known.answer
        if answer is None or self._state_of(known, waiting.arrived) is not State.STALE:
            return False
        return came_this_way(waiting.question, waiting.view, answer, waiting.permit)

    def _state_of(self, known: Ready, now: float) -> State:
        return known.state(now, self.policy.generation, self._serve_stale_s)

    def _is_fresh(self, known: Ready, now: float) -> bool:
        return self._state_of(known, now) is State.FRESH
