"""Replies of each kind, with the report that says why: the vocabulary of the pipeline.

Pure functions: they decide nothing and keep nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from math import inf
from typing import Final

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import STALE_TTL_S, Ready, ReadyAgain, ready_answer
from sinkhole.dns.filter.match import Match
from sinkhole.dns.pipeline.channel import Channel
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.policy.blocking import SyntheticReply
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.snapshot import View
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import ROOT
from sinkhole.dns.wire.question import Question, Shape
from sinkhole.dns.wire.reply import Record
from sinkhole.dns.wire.svcb import IPV4_HINT, IPV6_HINT
from sinkhole.dns.wire.write import Tail, without_rd, write_tail, write_truncated
from sinkhole.model.record import Report
from sinkhole.model.verdict import NO_CAUSE, Cause, Outcome, Verdict

FAILURE_TTL_S: Final = 1
FAILURE_TTL_MAX_S: Final = 60
"""How long a failure is remembered, at first and at most (RFC 9520 §3.2)."""

MOST_TOLD: Final = 4
"""Addresses that others were made of: no more are told."""

_SERVICE_TYPES: Final = frozenset({n.Type.HTTPS, n.Type.SVCB})
_HINTS: Final = {int(n.Type.A): IPV4_HINT, int(n.Type.AAAA): IPV6_HINT}
"""What services say of addresses that a client could ask for by these types."""

REFUSED_TYPES: Final = Cause("refused types")

NO_ANSWER: Final = "no upstream gave an answer"
CROWDED: Final = "too many questions are waiting"
"""What is told with a failure: it came of the name or of the upstreams, or of who asks too much."""


def refusal_by_rule(question: Question, group: GroupPolicy, match: Match) -> Ready:
    """A refusal, good until the policy changes; the extended error names list and line."""
    refusal = group.blocking.refuse(question.name, question.qtype, match.addresses)
    verdict = Verdict(Outcome.BLOCKED, match.cause)
    code = n.Ede.FILTERED if match.builtin else n.Ede.BLOCKED
    return _ready(question, group, refusal, verdict, [(code, list_and_line(match.cause))])


def refused_type(question: Question, group: GroupPolicy) -> Ready:
    """No record, to who is not to have any of this type; the extended error says so."""
    nothing = group.blocking.negative(question.name)
    verdict = Verdict(Outcome.BLOCKED, REFUSED_TYPES)
    told = f"{REFUSED_TYPES.list_name}: {n.type_name(question.qtype)}"
    return _ready(question, group, nothing, verdict, [(n.Ede.BLOCKED, told)])


def rewritten(
    question: Question, group: GroupPolicy, cause: Cause, instead: SyntheticReply
) -> Ready:
    """What a rule says instead, good until the policy changes (EDE 4, RFC 8914 §4.5)."""
    verdict = Verdict(Outcome.REWRITTEN, cause)
    errors = [(n.Ede.FORGED_ANSWER, list_and_line(cause))]
    return _ready(question, group, instead, verdict, errors)


def refused_answer(
    question: Question,
    group: GroupPolicy,
    answer: Answer,
    verdict: Verdict,
    instead: SyntheticReply,
    code: int,
) -> Ready:
    """What is given in place of an answer of an upstream, for where that leads (`verdict.hop`).

    `code` is the extended error's. Good for as long as the answer: after that, the name may lead
    elsewhere.
    """
    reason = f"leads to {verdict.hop}: {list_and_line(verdict.cause)}"
    errors, refused = [(code, reason)], answer.tail.data
    return _ready(question, group, instead, verdict, errors, until=answer.expires, refused=refused)


def made_here(
    question: Question,
    group: GroupPolicy,
    made: SyntheticReply,
    outcome: Outcome,
    detail: str = "",
    cause: Cause = NO_CAUSE,
) -> Ready:
    """A local or reserved name, or a special question; good until the policy changes."""
    return _ready(question, group, made, Verdict(outcome, cause, detail=detail))


def forwarding_loop(question: Question, group: GroupPolicy, proof: bytes) -> Ready:
    """The answer to a probe of our own, which an upstream sent back to us; with the text that
    proves it to the process that sent it."""
    text = Record(question.name, n.Type.TXT, 0, bytes((len(proof),)) + proof)
    loop = SyntheticReply(n.Rcode.NOERROR, (text,) if question.qtype == n.Type.TXT else ())
    return made_here(question, group, loop, Outcome.LOCAL, "forwarding loop")


def not_recursive(question: Question, group: GroupPolicy) -> Ready:
    """REFUSED to a query without RD that only an upstream could answer.

    Its sender wants what is known here, and would have to wait for somebody else's answer; with
    EDE 20, as RFC 8914 §4.21 has it.
    """
    verdict = Verdict(Outcome.REFUSED, detail="recursion not desired, and no answer is at hand")
    errors = [(n.Ede.NOT_AUTHORITATIVE, "recursion not desired")]
    return _ready(question, group, SyntheticReply(n.Rcode.REFUSED), verdict, errors)


def failure(
    question: Question,
    group: GroupPolicy,
    cause: str,
    known: Ready | None,
    now: float,
    told: str = NO_ANSWER,
    said: Sequence[tuple[int, str]] = (),
) -> Ready:
    """SERVFAIL with EDE 22 (RFC 8914 §4.23) and what is `told` with it, good for FAILURE_TTL_S.

    `said` are the extended errors that upstreams gave for it: they are passed on. With each
    further failure in a row, `known` being the one before, it is good for twice as long, up to
    FAILURE_TTL_MAX_S.
    """
    failures = 1
    if known is not None and known.failures and now < known.expires + FAILURE_TTL_MAX_S:
        failures = known.failures + 1
    ready = _ready(
        question,
        group,
        SyntheticReply(n.Rcode.SERVFAIL),
        Verdict(Outcome.FAILED, detail=cause),
        [(n.Ede.NO_REACHABLE_AUTHORITY, told), *said],
        until=now + _failure_ttl_s(failures),
        failures=failures,
    )
    ready.age(now)
    return ready


def failed_at(ready: Ready) -> float:
    """When the upstreams failed to give what a failure, or a revived answer, stands for."""
    return ready.expires - (_failure_ttl_s(ready.failures) if ready.failures else STALE_TTL_S)


def _failure_ttl_s(failures: int) -> float:
    return min(FAILURE_TTL_S * (1 << failures - 1), FAILURE_TTL_MAX_S)


def answered(
    question: Question, view: View, answer: Answer, permit: Permit, server: str
) -> tuple[Ready, Report]:
    """An upstream's answer, and the report of this first time; the Ready's own says "cached"."""
    group = view.group
    shown = _shown(question, group, answer) if group.refused_types else None
    ready = _answered(question, view, answer, permit, shown)
    return ready, answer_report(question, view, answer, permit.forwarded(server), shown)


def answered_whole(question: Question, view: View, answer: Answer, permit: Permit) -> Ready:
    """An upstream's answer with all that is in it, whoever may have that."""
    return _answered(question, view, answer, permit, None)


def _answered(
    question: Question, view: View, answer: Answer, permit: Permit, shown: Tail | None
) -> Ready:
    return ready_answer(
        answer,
        answer_report(question, view, answer, permit.cached, shown),
        view.group.generation,
        do=question.do,
        cd=question.cd,
        errors=_errors(answer, permit) if answer.errors or permit.front else (),
        shown=shown,
    )


def answered_again(
    question: Question, view: View, answer: Answer, permit: Permit, known: Ready
) -> Ready:
    """The reply to other clients that the answer of a Ready makes: as far as that is the same with
    the same bytes, and with the same report."""
    if known.shown is not None or not is_shown_whole(question, view.group):
        return answered(question, view, answer, permit, "")[0]
    report = known.report
    if report.verdict is not permit.cached:
        report = answer_report(question, view, answer, permit.cached)
    errors = _errors(answer, permit) if answer.errors or permit.front else ()
    return ReadyAgain(known, report, view.group.generation, do=question.do, errors=errors)


def _errors(answer: Answer, permit: Permit) -> list[tuple[int, str]]:
    errors: list[tuple[int, str]] = [*answer.errors]
    if permit.outcome is Outcome.REWRITTEN:
        errors.insert(0, (n.Ede.FORGED_ANSWER, list_and_line(permit.cause)))
    return errors


def answer_report(
    question: Question, view: View, answer: Answer, verdict: Verdict, shown: Tail | None = None
) -> Report:
    """The report of an upstream's answer; the verdict tells as well what that said of it, and of
    which addresses others were made."""
    dns64 = view.policy.dns64
    if answer.errors:
        verdict = replace(verdict, detail="; ".join(map(str, answer.errors)))
    elif answer.dns64 and dns64 is not None:
        found = [*filter(None, map(dns64.ipv4_in, answer.addresses(n.Type.AAAA)))]
        if found:
            told = ", ".join(str(IPv4Address(packed)) for packed in found[:MOST_TOLD])
            verdict = replace(verdict, detail=f"DNS64, made of {told}")
    data = (shown or answer.tail).data
    return Report(question.name, question.qtype, answer.rcode, verdict, data)


def is_shown_whole(question: Question, group: GroupPolicy) -> bool:
    """Whether all of an answer is given, and no addresses of services are left out."""
    refused = group.refused_types
    return not (refused and question.qtype in _SERVICE_TYPES and refused & _HINTS.keys())


def _shown(question: Question, group: GroupPolicy, answer: Answer) -> Tail | None:
    """What is given of an answer, None for all of it."""
    if is_shown_whole(question, group):
        return None
    hints = [hint for rtype, hint in _HINTS.items() if rtype in group.refused_types]
    return answer.without_hints(question, hints)


def stale_report(before: Report, permit: Permit, cause: str) -> Report:
    """The report of an expired answer given because no upstream could do better."""
    verdict = Verdict(Outcome.STALE, permit.cause, permit.allowed, detail=cause)
    return Report(before.name, before.qtype, before.rcode, verdict, before.answered)


def list_and_line(cause: Cause) -> str:
    """A list and the line in it, as they are told to clients."""
    return f"{cause.list_name}, line {cause.line}" if cause.line else cause.list_name


def fitted(ready: Ready, query: bytes, end: int, shape: Shape, channel: Channel) -> bytes:
    """The reply as this client can take it: truncated where it must be, RD as it was."""
    reply = ready.give(query, end, edns=shape.edns)
    if channel.truncates and len(reply) > shape.payload:
        return write_truncated(query, end + 4, edns=shape.edns, do=shape.do)
    return reply if shape.flags & n.RD else without_rd(reply)


def _ready(
    question: Question,
    group: GroupPolicy,
    made: SyntheticReply,
    verdict: Verdict,
    errors: Sequence[tuple[int, str]] = (),
    until: float = inf,
    failures: int = 0,
    refused: bytes = b"",
) -> Ready:
    tail = write_tail(question.name, made.answer, made.authority)
    return Ready(
        Report(question.name, question.qtype, made.rcode, verdict, tail.data, refused),
        group.generation,
        tail,
        rcode=made.rcode,
        do=question.do,
        cd=question.cd,
        errors=errors,
        until=until,
        failures=failures,
    )


def _shared_report(outcome: Outcome, rcode: int, detail: str) -> Report:
    """A report shared by all queries refused for one reason; their names are not looked at."""
    return Report(ROOT, 0, rcode, Verdict(outcome, detail=detail))


NOT_ALLOWED: Final = _shared_report(Outcome.REFUSED, n.Rcode.REFUSED, "client not in dns.allow")
BUG: Final = Verdict(Outcome.FAILED, detail="an error in sinkhole itself; its log has more")
TOO_MANY: Final = Verdict(Outcome.REFUSED, detail="over dns.rate_limit")
MALFORMED: Final[dict[int, Report]] = {
    n.Rcode.FORMERR: _shared_report(Outcome.MALFORMED, n.Rcode.FORMERR, "malformed query"),
    n.Rcode.NOTIMP: _shared_report(Outcome.MALFORMED, n.Rcode.NOTIMP, "unknown opcode"),
    n.Rcode.BADVERS: _shared_report(Outcome.MALFORMED, n.Rcode.BADVERS, "unknown EDNS version"),
}
