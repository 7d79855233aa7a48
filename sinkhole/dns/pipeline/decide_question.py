"""What a policy says about a question, without asking anybody: a function for each stage.

In which order they are asked, and why, is said in `pipeline.STAGES`. Each says None where it has
no say, else what settles the question: a finished reply, or a Permit to ask an upstream.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.filter.match import Match, Rewritten
from sinkhole.dns.pipeline.permit import Permit, allowed_by, routed_to
from sinkhole.dns.pipeline.replies import (
    made_here,
    refusal_by_rule,
    refused_type,
    rewritten,
)
from sinkhole.dns.policy.blocking import SyntheticReply
from sinkhole.dns.policy.dns64 import DNS64
from sinkhole.dns.policy.snapshot import View
from sinkhole.dns.policy.special_use import TTL_S, Reserved, answer_special
from sinkhole.dns.upstream.probe_names import LOOP_ZONE
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import from_text, is_below
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import Record
from sinkhole.model.verdict import Cause, Outcome

HEALTH_NAME: Final = from_text("health.sinkhole.invalid")
"""What `sinkhole healthcheck` asks for: answered, empty, and not recorded."""

ROUTE: Final = "route"
"""The stage that only says who is asked; a rule that allows a name leaves that to it."""

Decide = Callable[[Question, View], Ready | Permit | None]


class Stage(NamedTuple):
    """One stage of a question: its name, what it decides, why it stands where it does, and what
    people are told of it where it has no say."""

    name: str
    decide: Decide
    reason: str
    silence: str


def special(question: Question, view: View) -> Ready | None:
    """The name that health checks ask for; other classes, transfers and ANY."""
    name, group = question.name, view.group
    if name == HEALTH_NAME:
        empty = SyntheticReply(n.Rcode.NOERROR)
        return made_here(question, group, empty, Outcome.LOCAL, "health check")
    decided = answer_special(name, question.qtype, view.qclass)
    if decided is None:
        return None
    outcome = Outcome.LOCAL if decided[0].answer else Outcome.REFUSED
    return made_here(question, group, decided[0], outcome, decided[1])


def refused(question: Question, view: View) -> Ready | None:
    """Types of records that a client is not to have."""
    if question.qtype not in view.group.refused_types:
        return None
    return refused_type(question, view.group)


def local(question: Question, view: View) -> Ready | Permit | None:
    """Names of the house: local records, and weaker than these the hosts file."""
    found = view.policy.local.answer(question.name, question.qtype)
    if found is None:
        return None
    if found.onward:
        return _lead_out(question, view, Outcome.LOCAL, found.cause, found.made.answer)
    return made_here(question, view.group, found.made, Outcome.LOCAL, cause=found.cause)


def translated(question: Question, view: View) -> Ready | Permit | None:
    """The name by which hosts learn DNS64's prefix, and reverse names of addresses it makes."""
    dns64 = view.policy.dns64
    if dns64 is None:
        return None
    name, qtype = question.name, question.qtype
    if (made := dns64.answer(name, qtype)) is not None:
        return made_here(question, view.group, made, Outcome.LOCAL, cause=DNS64)
    target = dns64.target(name, qtype)
    if not target:
        return None
    link = (Record(name, n.Type.CNAME, TTL_S, target),)
    return _lead(question, view, Outcome.LOCAL, DNS64, link)


def reserved(question: Question, view: View) -> Ready | None:
    """Names that must never leave the house, but for the probes of other sinkholes, and for those
    that a route leads to a server of the house.

    Such a probe has to reach our upstreams, to show where questions go round in circles.
    """
    if is_below(question.name, LOOP_ZONE):
        return None
    found = _reserved(question.name, question.qtype, view)
    return made_here(question, view.group, found[0], Outcome.LOCAL, found[1]) if found else None


def _reserved(name: bytes, qtype: int, view: View) -> tuple[SyntheticReply, str] | None:
    """What is said of a reserved name, unless a route leads to a server that may know it."""
    found = view.group.reserved.answer(name, qtype)
    if found and view.policy.routes.of(name, qtype).via and Reserved.may_be_routed(name):
        return None
    return found


def filtered(question: Question, view: View) -> Ready | Permit | None:
    """Block and allow lists, rewrites; and where these say nothing, what is built in."""
    match = view.group.filter.match(question.name, question.qtype, view.traits)
    if match is None:
        return None
    if match.rewrite is not None:
        return _rewrite(question, view, match, match.rewrite)
    if match.allowed:
        return allowed_by(match.cause, view.via(question.name, question.qtype))
    return refusal_by_rule(question, view.group, match)


def routed(question: Question, view: View) -> Permit | None:
    """Which upstreams are asked, where that are not the usual ones: those of a route, else those
    of the client's group."""
    via = view.via(question.name, question.qtype)
    return routed_to(via) if via else None


def _rewrite(question: Question, view: View, match: Match, rewrite: Rewritten) -> Ready | Permit:
    """What a rule wants answered instead: made here, or led to another name."""
    name, qtype, group = question.name, question.qtype, view.group
    blocking, cause = group.blocking, match.cause
    if not rewrite.cname:
        made = blocking.rewrite(name, rewrite.rcode, rewrite.records)
        return rewritten(question, group, cause, made)
    link = (Record(name, n.Type.CNAME, blocking.ttl_s, rewrite.cname),)
    if qtype == n.Type.CNAME:
        return rewritten(question, group, cause, SyntheticReply(n.Rcode.NOERROR, link))
    return _lead(question, view, Outcome.REWRITTEN, cause, link)


def _lead(
    question: Question, view: View, outcome: Outcome, cause: Cause, link: tuple[Record]
) -> Ready | Permit:
    """What a CNAME of ours leads to: a name of the house, or one outside."""
    found = view.policy.local.answer(link[0].rdata.lower(), question.qtype)
    if found is None:
        return _lead_out(question, view, outcome, cause, link)
    made = found.made._replace(answer=link + found.made.answer)
    if found.onward:
        return _lead_out(question, view, outcome, cause, made.answer)
    if outcome is Outcome.REWRITTEN:
        return rewritten(question, view.group, cause, made)
    return made_here(question, view.group, made, outcome, cause=cause)


def _lead_out(
    question: Question, view: View, outcome: Outcome, cause: Cause, links: tuple[Record, ...]
) -> Ready | Permit:
    """What CNAMEs of ours lead to outside the house, unless that may not be asked for either."""
    target, qtype = links[-1].rdata.lower(), question.qtype
    found = _reserved(target, qtype, view)
    if found is None:
        return Permit(cause, outcome=outcome, front=links, via=view.via(target, qtype))
    made = found[0]._replace(answer=links + found[0].answer)
    return made_here(question, view.group, made, outcome, found[1], cause)
