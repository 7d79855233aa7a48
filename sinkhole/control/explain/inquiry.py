"""A question, who asks it, and all that decides; and what would be decided if that changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sinkhole.control.explain.altered_rules import AlteredRules
from sinkhole.control.settings import Settings
from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.clients.clients import Client
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.pipeline.decide_answer import take
from sinkhole.dns.pipeline.decide_question import judge
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.pipeline.pipeline import HEALTH_NAME
from sinkhole.dns.pipeline.reaction import Exchanged
from sinkhole.dns.pipeline.replies import NOT_ALLOWED, made_here
from sinkhole.dns.policy.blocking import SyntheticReply
from sinkhole.dns.policy.snapshot import Filter, Policy
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError
from sinkhole.model.verdict import Outcome, Verdict

OWN_RULES = "own rules"


class NoUpstreams:
    """Explaining asks nobody by itself."""

    def ask(self, question: Question, tell: Callable[[Exchanged | UpstreamError], None]) -> None:
        """Refuse."""
        raise UpstreamError("", "not asked")

    def is_loop_probe(self, question: Question) -> bool:
        """No: a probe that comes back is seen when it is really asked."""
        return False


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What decides about a question of a client, at a moment.

    `matcher` is the filter of the policy; `answer` is an upstream's answer where one is at hand.
    """

    question: Question
    client: Client
    policy: Policy
    matcher: Matcher
    settings: Settings
    now: float
    answer: Answer | None = None

    def judged(self) -> Ready | Permit:
        """What stages 2 to 7 make of the question."""
        if self.question.name == HEALTH_NAME:
            made = SyntheticReply(n.Rcode.NOERROR)
            return made_here(self.question, self.policy, made, Outcome.LOCAL, "health check")
        traits = self.client.traits
        return judge(self.question, n.CLASS_IN, traits, self.policy, NoUpstreams())

    def settled(self) -> Ready | Permit:
        """What becomes of the question: with an answer at hand, that or what is given instead."""
        judged, answer, traits = self.judged(), self.answer, self.client.traits
        if isinstance(judged, Ready) or answer is None:
            return judged
        if not judged.leads_as(answer.targets, answer.links):  # it came by another way
            return judged
        ready, report = take(self.question, answer, judged, traits, self.policy, "")
        return judged if report.verdict.outcome is judged.outcome else ready

    def verdict(self) -> Verdict:
        """What becomes of the question, and why, as far as is known."""
        if not self.client.allowed:
            return NOT_ALLOWED.verdict
        settled = self.settled()
        return settled.report.verdict if isinstance(settled, Ready) else settled.forwarded("")

    def with_rules(self, rules: Filter) -> Inquiry:
        """The same under other rules."""
        return self.with_policy(group=replace(self.policy.group, filter=rules))

    def with_policy(self, **parts: Any) -> Inquiry:
        """The same with other parts of the policy."""
        return replace(self, policy=replace(self.policy, **parts))

    def changed(self, added: tuple[str, ...] = (), **options: Any) -> Inquiry:
        """The same with rules added or taken out; `options` are those of `AlteredRules`."""
        return self.with_rules(AlteredRules(self.matcher, added, own=OWN_RULES, **options))
