"""What a policy says about a question, without asking anybody: stages 4 to 7 of the pipeline.

Why they stand in this order is said there. They are gone through when a question comes that the
table does not know, and again when the policy changed while an upstream was asked. What they say
is a finished reply, or a Permit to ask.
"""

from __future__ import annotations

from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.filter.match import Match, Rewritten
from sinkhole.dns.filter.traits import Traits
from sinkhole.dns.pipeline.permit import FREELY, Permit, allowed_by
from sinkhole.dns.pipeline.reaction import Upstreams
from sinkhole.dns.pipeline.replies import made_here, refusal_by_rule, rewritten
from sinkhole.dns.policy.blocking import SyntheticReply
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.policy.special_use import answer_special
from sinkhole.dns.upstream.prober import LOOP_ZONE
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import is_below
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record
from sinkhole.model.verdict import Cause, Outcome


def judge(
    question: Question, qclass: int, traits: Traits, policy: Policy, upstreams: Upstreams
) -> Ready | Permit:
    """The reply, if it needs no upstream, or the permit to ask one.

    `traits` are those of the client. `upstreams` is only asked whether the question is one of its
    own, come back.
    """
    if here := _answer_here(question, qclass, policy, upstreams):
        return here
    match = policy.group.filter.match(question.name, question.qtype, traits)
    if match is None:
        return FREELY
    if match.rewrite is not None:
        return _rewrite(question, policy, match, match.rewrite)
    return allowed_by(match.cause) if match.allowed else refusal_by_rule(question, policy, match)


def _answer_here(
    question: Question, qclass: int, policy: Policy, upstreams: Upstreams
) -> Ready | Permit | None:
    """Stages 4 to 6: what needs no lists, and an upstream for what a local CNAME leads to."""
    name, qtype = question.name, question.qtype
    if special := answer_special(name, qtype, qclass):
        outcome = Outcome.LOCAL if special[0].answer else Outcome.REFUSED
        return made_here(question, policy, special[0], outcome, special[1])
    if local := policy.local.answer(name, qtype):
        if local.onward:
            return _lead_out(question, policy, Outcome.LOCAL, local.cause, local.made.answer)
        return made_here(question, policy, local.made, Outcome.LOCAL, cause=local.cause)
    if is_below(name, LOOP_ZONE):  # another sinkhole's probe must reach our upstreams
        if not upstreams.is_loop_probe(question):
            return None
        loop = SyntheticReply(n.Rcode.NXDOMAIN)
        return made_here(question, policy, loop, Outcome.LOCAL, "forwarding loop")
    if reserved := policy.reserved.answer(name, qtype):
        return made_here(question, policy, reserved[0], Outcome.LOCAL, reserved[1])
    return None


def _rewrite(
    question: Question, policy: Policy, match: Match, rewrite: Rewritten
) -> Ready | Permit:
    """What a rule wants answered instead: made here, or led to another name."""
    name, qtype = question.name, question.qtype
    blocking, cause = policy.group.blocking, match.cause
    if not rewrite.cname:
        made = blocking.rewrite(name, rewrite.rcode, rewrite.records)
        return rewritten(question, policy, cause, made)
    link = (Record(name, n.Type.CNAME, blocking.ttl_s, rewrite.cname),)
    if qtype == n.Type.CNAME:
        return rewritten(question, policy, cause, SyntheticReply(n.Rcode.NOERROR, link))
    local = policy.local.answer(rewrite.cname, qtype)
    if local is None:
        return _lead_out(question, policy, Outcome.REWRITTEN, cause, link)
    made = local.made._replace(answer=link + local.made.answer)
    if local.onward:
        return _lead_out(question, policy, Outcome.REWRITTEN, cause, made.answer)
    return rewritten(question, policy, cause, made)


def _lead_out(
    question: Question, policy: Policy, outcome: Outcome, cause: Cause, links: tuple[Record, ...]
) -> Ready | Permit:
    """What CNAMEs of ours lead to outside the house, unless that may not be asked for either."""
    reserved = policy.reserved.answer(links[-1].rdata, question.qtype)
    if reserved is None:
        return Permit(cause, outcome=outcome, front=links)
    made = reserved[0]._replace(answer=links + reserved[0].answer)
    return made_here(question, policy, made, outcome, reserved[1], cause)
