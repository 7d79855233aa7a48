"""Replies of each kind, with the report that says why: the vocabulary of the pipeline.

Pure functions: they decide nothing and keep nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

from sinkhole.cache.answer import Answer
from sinkhole.cache.ready import Ready, ready_answer
from sinkhole.policy.blocking import Refusal
from sinkhole.policy.snapshot import Policy
from sinkhole.record import Report
from sinkhole.verdict import NO_CAUSE, Cause, Outcome, Verdict
from sinkhole.wire import numbers as n
from sinkhole.wire.name import ROOT, to_text
from sinkhole.wire.question import Question
from sinkhole.wire.write import write_tail

LOCAL_RECORDS: Final = Cause("local records")

FAILURE_TTL_S: Final = 1
FAILURE_TTL_MAX_S: Final = 60
"""How long a failure is remembered, at first and at most (RFC 9520 §3.2)."""


def refusal_by_rule(question: Question, policy: Policy, cause: Cause) -> Ready:
    """A refusal, good until the policy changes; EDE 15 names list and line (RFC 8914 §4.16)."""
    verdict = Verdict(Outcome.BLOCKED, cause, group=policy.group.name)
    return _refusal(question, policy, verdict, _place(cause))


def refusal_by_hop(
    question: Question, policy: Policy, answer: Answer, refused: tuple[bytes, Cause], server: str
) -> tuple[Ready, Report]:
    """A refusal for what an answer leads to, and the report of this first time.

    `refused` is the CNAME target and the rule against it, `server` the upstream that named it.
    Good for as long as the answer: after that, the name may lead elsewhere.
    """
    hop, cause = to_text(refused[0]), refused[1]
    verdict = Verdict(Outcome.BLOCKED_ANSWER, cause, group=policy.group.name, hop=hop)
    ready = _refusal(question, policy, verdict, f"leads to {hop}: {_place(cause)}")
    ready.fresh_until = ready.expires = answer.expires
    first = Report(
        question.name, question.qtype, ready.report.rcode, replace(verdict, upstream=server)
    )
    return ready, first


def made_here(
    question: Question,
    policy: Policy,
    refusal: Refusal,
    outcome: Outcome,
    detail: str = "",
    cause: Cause = NO_CAUSE,
) -> Ready:
    """A local or reserved name, or a special question; good until the policy changes."""
    return _ready(question, policy, refusal, Verdict(outcome, cause, detail=detail))


def failure(
    question: Question, policy: Policy, cause: str, known: Ready | None, now: float
) -> Ready:
    """SERVFAIL with EDE 22 (RFC 8914 §4.23), good for FAILURE_TTL_S.

    With each further failure in a row, `known` being the one before, it is good for twice as
    long, up to FAILURE_TTL_MAX_S.
    """
    ready = _ready(
        question,
        policy,
        Refusal(n.Rcode.SERVFAIL),
        Verdict(Outcome.FAILED, detail=cause),
        ede=(n.Ede.NO_REACHABLE_AUTHORITY, "no upstream gave an answer"),
    )
    ready.failures = 1
    if known is not None and known.failures and now < known.fresh_until + FAILURE_TTL_MAX_S:
        ready.failures = known.failures + 1
    ttl_s = min(FAILURE_TTL_S * 2 ** (ready.failures - 1), FAILURE_TTL_MAX_S)
    ready.fresh_until = ready.expires = now + ttl_s
    return ready


def answered(
    question: Question, policy: Policy, answer: Answer, allowed: Cause | None, server: str
) -> tuple[Ready, Report]:
    """An upstream's answer, and the report of this first time; the Ready's own says "cached"."""
    verdict = _passed(Outcome.FORWARDED, allowed, server)
    ready = ready_answer(
        answer,
        cached_report(question, answer.rcode, allowed),
        policy.generation,
        do=question.do,
        cd=question.cd,
    )
    return ready, Report(question.name, question.qtype, answer.rcode, verdict)


def cached_report(question: Question, rcode: int, allowed: Cause | None) -> Report:
    """The report of an answer given again."""
    return Report(question.name, question.qtype, rcode, _passed(Outcome.CACHED, allowed))


@lru_cache(maxsize=1024)
def _passed(outcome: Outcome, allowed: Cause | None, server: str = "") -> Verdict:
    """The verdict on a name that was not refused; there are few different ones."""
    return Verdict(outcome, allowed or NO_CAUSE, allowed is not None, upstream=server)


def stale_report(before: Report, allowed: Cause | None, cause: str) -> Report:
    """The report of an expired answer given because no upstream could do better."""
    verdict = Verdict(Outcome.STALE, allowed or NO_CAUSE, allowed is not None, detail=cause)
    return Report(before.name, before.qtype, before.rcode, verdict)


def _place(cause: Cause) -> str:
    return f"{cause.list_name}, line {cause.line}" if cause.line else cause.list_name


def _refusal(question: Question, policy: Policy, verdict: Verdict, reason: str) -> Ready:
    refusal = policy.group.blocking.refuse(question.name, question.qtype)
    return _ready(question, policy, refusal, verdict, ede=(n.Ede.BLOCKED, reason))


def _ready(
    question: Question,
    policy: Policy,
    refusal: Refusal,
    verdict: Verdict,
    ede: tuple[int, str] | None = None,
) -> Ready:
    return Ready(
        Report(question.name, question.qtype, refusal.rcode, verdict),
        policy.generation,
        write_tail(question.name, refusal.answer, refusal.authority),
        rcode=refusal.rcode,
        do=question.do,
        cd=question.cd,
        ede=ede,
    )


def _shared_report(outcome: Outcome, rcode: int, detail: str) -> Report:
    """A report shared by all queries refused for one reason; their names are not looked at."""
    return Report(ROOT, 0, rcode, Verdict(outcome, detail=detail))


NOT_ALLOWED: Final = _shared_report(Outcome.REFUSED, n.Rcode.REFUSED, "client not in dns.allow")
TOO_MANY: Final = _shared_report(Outcome.REFUSED, n.Rcode.REFUSED, "over dns.rate_limit")
MALFORMED: Final[dict[int, Report]] = {
    n.Rcode.FORMERR: _shared_report(Outcome.MALFORMED, n.Rcode.FORMERR, "malformed query"),
    n.Rcode.NOTIMP: _shared_report(Outcome.MALFORMED, n.Rcode.NOTIMP, "unknown opcode"),
    n.Rcode.BADVERS: _shared_report(Outcome.MALFORMED, n.Rcode.BADVERS, "unknown EDNS version"),
}
