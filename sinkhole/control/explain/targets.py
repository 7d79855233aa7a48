"""Where an answer leads: each target and address in it, and who refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.explain.records import place_of
from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.filter.match import Match
from sinkhole.dns.pipeline.decide_answer import BOGUS, REBINDING, may_lead_inside
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.policy.refused_addresses import is_private
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import to_text
from sinkhole.dns.wire.svcb import read_service
from sinkhole.model.explanation import Lead
from sinkhole.model.verdict import NO_CAUSE, Cause

HERE = "not checked, as a CNAME made here led to this answer"
MADE = "address, for which DNS64 made another"
ALLOWED = "the name asked for is allowed, so its answer may lead here"


def leads(inquiry: Inquiry, answer: Answer, permit: Permit) -> list[Lead]:
    """Each CNAME target, service target, hint and address of an answer.

    Keys: `what`, `value`, and of the rule that blocks it, or another protection, `list`, `line`,
    `rule` (None without any); `refused`, and `note` for why a rule does not count.
    """
    found = [_target(inquiry, permit, *each) for each in _targets(inquiry, answer)]
    qtype = inquiry.question.qtype
    for what, packed in _addresses(inquiry, answer):
        rtype = n.Type.A if what == MADE else qtype
        match = inquiry.group.filter.match_address(packed, rtype, inquiry.client.traits)
        told = _target(inquiry, permit, what, str(ip_address(packed)), match)
        protection = _protection(inquiry, packed)
        if protection is not None and not told["refused"]:
            told = _entry(what, told["value"], protection, HERE if permit.front else "")
        found.append(told)
    return found


def _targets(inquiry: Inquiry, answer: Answer) -> Iterator[tuple[str, str, Match | None]]:
    rules, traits = inquiry.group.filter, inquiry.client.traits
    qtype = inquiry.question.qtype
    for target in answer.targets:
        yield "CNAME target", to_text(target), rules.match(target, n.Type.CNAME, traits)
    for target in _service_targets(answer, qtype):
        yield f"{n.type_name(qtype)} target", to_text(target), rules.match(target, qtype, traits)


def _service_targets(answer: Answer, qtype: int) -> list[bytes]:
    if qtype not in (n.Type.HTTPS, n.Type.SVCB):
        return []
    services = map(read_service, answer.rdatas(qtype))
    return [service.target for service in services if service.target]


def _addresses(inquiry: Inquiry, answer: Answer) -> list[tuple[str, bytes]]:
    qtype, dns64 = inquiry.question.qtype, inquiry.policy.dns64
    if answer.dns64 and dns64 is not None:
        found = [(dns64.ipv4_in(packed), packed) for packed in answer.addresses(qtype)]
        return [(MADE, ipv4) if ipv4 else ("address", packed) for ipv4, packed in found]
    if qtype in (n.Type.A, n.Type.AAAA):
        return [("address", packed) for packed in answer.addresses(qtype)]
    if qtype in (n.Type.HTTPS, n.Type.SVCB):
        services = map(read_service, answer.rdatas(qtype))
        return [("hint", packed) for service in services for packed in service.hints]
    return []


def _target(inquiry: Inquiry, permit: Permit, what: str, value: str, match: Match | None) -> Lead:
    if match is None or match.allowed or match.rewrite is not None:
        return _entry(what, value, None)
    note = HERE if permit.front else ALLOWED if permit.allowed else ""
    return _entry(what, value, match.cause, note)


def _protection(inquiry: Inquiry, packed: bytes) -> Cause | None:
    bogus = inquiry.group.bogus
    if bogus is not None and packed in bogus:
        return BOGUS
    if not is_private(packed) or may_lead_inside(inquiry.question, inquiry.view):
        return None
    return REBINDING


def _entry(what: str, value: str, cause: Cause | None, note: str = "") -> Lead:
    return {
        "what": what,
        "value": value,
        "refused": cause is not None and not note,
        **place_of(cause or NO_CAUSE),
        "note": note,
    }
