"""One that waits, while upstreams are asked for it: which of several questions is being asked."""

from __future__ import annotations

from sinkhole.dns.cache.answer import Answer, TtlLimits, answer_of
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.pipeline.requester import Requester
from sinkhole.dns.pipeline.synthesis import WORTH_ASKING_S, with_ipv6_made
from sinkhole.dns.upstream.flight import CrowdedError, Exchanged
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.options import scope_of
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Reply
from sinkhole.model.errors import UpstreamError


class Resolution:
    """What waits, its requester, and how far the asking has come.

    `no_ipv6` is the reply that says that the name has no such addresses: now the others are asked
    for. `subnet` is what the upstreams are told of the client; `hides` makes that nothing. `ahead`
    is the answer that is still given, where nobody waits for another one.
    """

    __slots__ = ("ahead", "hides", "no_ipv6", "requester", "subnet", "waiting")

    def __init__(self, waiting: Waiting, requester: Requester, ahead: Ready | None = None) -> None:
        self.waiting = waiting
        self.requester = requester
        self.ahead = ahead
        self.no_ipv6: Reply | None = None
        self.subnet = b""
        self.hides = False

    def question(self, is_told: bool) -> Question:
        """What to ask; `is_told` is whether the upstreams are told of clients at all."""
        waiting, permit = self.waiting, self.waiting.permit
        question = permit.asked(waiting.question)
        view, is_told = waiting.view, is_told and not self.hides
        is_told = is_told and bool(question.subnet or view.group.subnets)
        self.subnet = view.subnet(waiting.question, permit.via) if is_told else b""
        if self.subnet != question.subnet:
            question = question._replace(subnet=self.subnet)
        return question if self.no_ipv6 is None else question._replace(qtype=Type.A)

    def may_be_for_subnet(self, outcome: Exchanged | UpstreamError, now: float) -> bool:
        """Whether it may have failed for what was told of the client (RFC 7871 §7.1.3), and there
        is time for a second try."""
        if not self.subnet or not isinstance(outcome, UpstreamError):
            return False
        is_in_time = now - self.waiting.arrived < WORTH_ASKING_S
        return is_in_time and not isinstance(outcome, CrowdedError)

    def finished(self, outcome: Exchanged | UpstreamError) -> Exchanged | UpstreamError:
        """The outcome of all questions together."""
        if self.no_ipv6 is None:
            return outcome
        return with_ipv6_made(self.waiting, outcome, self.no_ipv6)

    def answer(self, reply: Reply, limits: TtlLimits, now: float) -> Answer:
        """The answer in a reply, which knows how it was asked for; WireError as of `answer_of`,
        and for one that is for clients elsewhere."""
        question, permit = self.waiting.question, self.waiting.permit
        scope = scope_of(reply.subnet, self.subnet) if self.subnet else 0
        dns64 = self.waiting.view.policy.dns64
        dns64 = dns64 and self.waiting.view.policy.dns64_for(question)
        if dns64 is not None:
            reply = dns64.without_excluded(reply)
        answer = answer_of(reply, question, limits, now, permit.front, via=permit.via)
        if scope or dns64 is not None:
            settings = dns64.settings if dns64 is not None else b""
            answer = answer._replace(subnet=self.subnet if scope else b"", dns64=settings)
        return answer
