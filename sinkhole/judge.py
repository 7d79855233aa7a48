"""What a policy says about a question, without asking anybody: stages 4 to 7 of the pipeline.

Why they stand in this order is said there. They are gone through when a question comes that the
table does not know, and again when the policy changed while an upstream was asked.
"""

from __future__ import annotations

from sinkhole.cache.answer import Answer
from sinkhole.cache.ready import Ready
from sinkhole.policy.blocking import Refusal
from sinkhole.policy.reserved import answer_reserved
from sinkhole.policy.snapshot import Policy
from sinkhole.policy.special import answer_special
from sinkhole.reaction import Upstreams
from sinkhole.replies import (
    LOCAL_RECORDS,
    cached_report,
    made_here,
    refusal_by_hop,
    refusal_by_rule,
)
from sinkhole.upstream.prober import LOOP_ZONE
from sinkhole.verdict import Cause, Outcome
from sinkhole.wire import numbers as n
from sinkhole.wire.name import is_below
from sinkhole.wire.question import Question


def judge(
    question: Question, qclass: int, policy: Policy, upstreams: Upstreams
) -> tuple[Ready | None, Cause | None]:
    """The reply if it needs no upstream, else None and the rule that allows the name, if any.

    `upstreams` is only asked whether the question is one of its own, come back.
    """
    if ready := _answer_here(question, qclass, policy, upstreams):
        return ready, None
    match = policy.group.filter.match(question.name, question.qtype)
    if match is None or match.allowed:
        return None, match.cause if match else None
    return refusal_by_rule(question, policy, match.cause), None


def judge_again(
    question: Question,
    known: Ready,
    answer: Answer,
    allowed: Cause | None,
    policy: Policy,
    now: float,
) -> Ready:
    """Take over an answer that an older policy let pass, if this one does too, else refuse it.

    `known` is changed in place. `answer` is its answer, `allowed` the rule that allows the name.
    """
    if refused := policy.group.first_refused(answer.targets, question.qtype, allowed):
        return refusal_by_hop(question, policy, answer, refused, "")[0]
    known.report = cached_report(question, answer.rcode, allowed)
    known.generation = policy.generation
    known.age(now)
    return known


def _answer_here(
    question: Question, qclass: int, policy: Policy, upstreams: Upstreams
) -> Ready | None:
    """Stages 4 to 6: what needs neither lists nor upstreams."""
    name, qtype = question.name, question.qtype
    if special := answer_special(name, qtype, qclass):
        outcome = Outcome.LOCAL if special[0].answer else Outcome.REFUSED
        return made_here(question, policy, special[0], outcome, special[1])
    if local := policy.local.answer(name, qtype):
        return made_here(question, policy, local, Outcome.LOCAL, cause=LOCAL_RECORDS)
    if is_below(name, LOOP_ZONE):  # another sinkhole's probe must reach our upstreams
        if not upstreams.is_loop_probe(question):
            return None
        loop = Refusal(n.Rcode.NXDOMAIN)
        return made_here(question, policy, loop, Outcome.LOCAL, "forwarding loop")
    if policy.reserved_names and (reserved := answer_reserved(name, qtype)):
        return made_here(question, policy, reserved[0], Outcome.LOCAL, reserved[1])
    return None
