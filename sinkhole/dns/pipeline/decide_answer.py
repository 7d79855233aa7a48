"""What a policy says about an answer, when it comes and when it is given under a newer policy.

An answer is refused for what it leads to, whatever the name asked for was:

 1. its CNAME targets, the targets of HTTPS and SVCB records, its addresses and theirs (hints),
    each by the rules of the lists, with the type of the record they stand in
 2. addresses that stand for "no such name" (`BogusAddresses`)
 3. addresses of the house, if the name may not lead there (`Rebinding`, `Routes`)

Of addresses that DNS64 made, the IPv4 addresses they stand for are judged.

A name that a rule explicitly allows may lead anywhere in the first respect. Where CNAMEs made
here lead (local records, rewrites) is the household's own wish, and not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.filter.match import Match
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.pipeline.replies import (
    answer_report,
    answered,
    answered_again,
    is_shown_whole,
    refused_answer,
)
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.refused_addresses import SUSPICIOUS, is_private
from sinkhole.dns.policy.routes import USUAL
from sinkhole.dns.policy.snapshot import View
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import to_text
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.svcb import read_service
from sinkhole.model.record import Report
from sinkhole.model.verdict import Cause, Outcome, Verdict

REBINDING: Final = Cause("rebinding protection")
BOGUS: Final = Cause("bogus addresses")

_ADDRESS_TYPES: Final = frozenset({n.Type.A, n.Type.AAAA})
_IPV4_SIZE: Final = 4
_SERVICE_TYPES: Final = frozenset({n.Type.HTTPS, n.Type.SVCB})


def decide_answer(
    question: Question, view: View, answer: Answer, permit: Permit, server: str
) -> tuple[Ready, Report]:
    """The reply that an answer which just came makes, and the report of this first time."""
    ready = None if permit.front else _refused(question, view, answer, permit)
    if ready is None:
        return answered(question, view, answer, permit, server)
    kept = ready.report
    verdict = replace(kept.verdict, upstream=server)
    first = Report(kept.name, kept.qtype, kept.rcode, verdict, kept.answered, kept.refused)
    return ready, first


def decide_answer_again(
    question: Question, view: View, known: Ready, permit: Permit, now: float, *, own: bool = True
) -> Ready | None:
    """The reply that a kept answer makes under another policy: `known` itself, renewed, if it may
    and is the client's own, kept for its class alone; else another one of the same answer.

    None where the answer did not come the way that the permit leads: somebody must be asked anew.
    """
    answer = known.answer
    if answer is None or not came_this_way(question, view, answer, permit):
        return None
    ready = None if permit.front else _refused(question, view, answer, permit)
    if ready is not None:
        return ready
    if own and known.shown is None and is_shown_whole(question, view.group):
        known.renew(
            now, view.group.generation, answer_report(question, view, answer, permit.cached)
        )
        return known
    ready = answered_again(question, view, answer, permit, known)
    ready.age(now)
    return ready


def came_this_way(question: Question, view: View, answer: Answer, permit: Permit) -> bool:
    """Whether an answer came the way we would now ask: of the same upstream set, behind the same
    CNAMEs of ours, with the same DNS64 (a name that does not exist has no addresses either way),
    and for everybody or for where the client is."""
    if not permit.fits(answer):
        return False
    if answer.subnet and answer.subnet != view.subnet(question, permit.via):
        return False
    dns64 = view.policy.dns64_for(question)
    settings = b"" if dns64 is None else dns64.settings
    return answer.dns64 == settings or answer.rcode == n.Rcode.NXDOMAIN


def decide_from_memory(
    question: Question,
    view: View,
    own: Ready | None,
    others: Iterable[Ready],
    missing: Ready | None,
    permit: Permit,
    now: float,
) -> Ready | None:
    """The reply that is made of what upstreams said before, if they said what is of use now.

    `own` was kept for the client's class and judged under another policy, `others` were kept for
    others; all are still in their time. `missing` is NXDOMAIN about the name, heard for any type of
    it; where CNAMEs made here lead to another name, or a route to other upstreams, that says
    nothing.
    """
    if own is not None and (ready := decide_answer_again(question, view, own, permit, now)):
        return ready
    for each in others:
        ready = decide_answer_again(question, view, each, permit, now, own=False)
        if ready is not None:
            each.used = True  # or it would go before those that share its answer
            return ready
    if missing is None or missing.answer is None:
        return None
    if not came_this_way(question, view, missing.answer, permit):
        return None
    ready, _ = decide_answer(question, view, missing.answer, permit, "")
    ready.age(now)
    return ready


def _refused(question: Question, view: View, answer: Answer, permit: Permit) -> Ready | None:
    """What to give in place of an answer, or None if it may be given."""
    group, traits, dns64 = view.group, view.traits, view.policy.dns64
    qtype, rules = question.qtype, group.filter
    if answer.targets and not permit.allowed:
        for name in answer.targets:
            match = rules.match(name, n.Type.CNAME, traits)
            if match is not None and _blocks(match):
                return _by_rule(question, answer, group, match, to_text(name))
    addresses: list[bytes] = []
    if qtype in _ADDRESS_TYPES:
        if not (rules.checks_addresses or group.bogus or _may_be_private(answer) or answer.dns64):
            return None  # nearly every answer
        addresses = answer.addresses(qtype)
        if answer.dns64 and dns64 is not None:
            addresses = [dns64.ipv4_in(packed) or packed for packed in addresses]
    elif qtype in _SERVICE_TYPES:
        for service in map(read_service, answer.rdatas(qtype)):
            match = rules.match(service.target, qtype, traits) if service.target else None
            if match is not None and _blocks(match) and not permit.allowed:
                return _by_rule(question, answer, group, match, to_text(service.target))
            addresses += service.hints
    return _refused_for(addresses, question, view, answer, permit)


def _may_be_private(answer: Answer) -> bool:
    """Whether rdata begins as private addresses do; False is certain."""
    data = answer.tail.data
    for at in answer.tail.ttl_offsets:  # noqa: SIM110  # any() takes twice as long
        if data[at + 6 : at + 8] in SUSPICIOUS:
            return True
    return False


def _refused_for(
    addresses: list[bytes], question: Question, view: View, answer: Answer, permit: Permit
) -> Ready | None:
    """What to give in place of an answer for the addresses in it."""
    group, traits, qtype = view.group, view.traits, question.qtype
    rules = group.filter
    if rules.checks_addresses and not permit.allowed:
        for packed in addresses:
            rtype = n.Type.A if len(packed) == _IPV4_SIZE and qtype == n.Type.AAAA else qtype
            match = rules.match_address(packed, rtype, traits)
            if match is not None and _blocks(match):
                return _by_rule(question, answer, group, match, str(ip_address(packed)))
    if group.bogus is not None:
        for packed in addresses:
            if packed in group.bogus:
                return _as_no_name(question, answer, group, packed)
    for packed in addresses if group.rebinding is not None else ():
        if is_private(packed):
            if may_lead_inside(question, view):
                break
            return _as_rebinding(question, answer, group, packed)
    return None


def may_lead_inside(question: Question, view: View) -> bool:
    """Whether a name may lead to addresses of the house: by the settings, or as a route leads to
    upstreams that are trusted with it."""
    rebinding = view.group.rebinding
    if rebinding is None or rebinding.allows(question.name):
        return True
    return view.policy.routes.of(question.name, question.qtype).via != USUAL


def _blocks(match: Match) -> bool:
    return not match.allowed and match.rewrite is None


def _by_rule(
    question: Question, answer: Answer, group: GroupPolicy, match: Match, hop: str
) -> Ready:
    instead = group.blocking.refuse(question.name, question.qtype, match.addresses)
    code = n.Ede.FILTERED if match.builtin else n.Ede.BLOCKED
    verdict = Verdict(Outcome.BLOCKED_ANSWER, match.cause, hop=hop)
    return refused_answer(question, group, answer, verdict, instead, code)


def _as_no_name(question: Question, answer: Answer, group: GroupPolicy, packed: bytes) -> Ready:
    instead = group.blocking.negative(question.name, n.Rcode.NXDOMAIN)
    verdict = Verdict(Outcome.REWRITTEN, BOGUS, hop=str(ip_address(packed)))
    return refused_answer(question, group, answer, verdict, instead, n.Ede.FORGED_ANSWER)


def _as_rebinding(question: Question, answer: Answer, group: GroupPolicy, packed: bytes) -> Ready:
    # Not the null address, as for a block: that is the client's own machine, or leads back to it.
    instead = group.blocking.negative(question.name)
    verdict = Verdict(Outcome.BLOCKED_ANSWER, REBINDING, hop=str(ip_address(packed)))
    return refused_answer(question, group, answer, verdict, instead, n.Ede.BLOCKED)
