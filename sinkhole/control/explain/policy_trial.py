"""Other settings on trial: what applies to those of the log by the settings in force, and by the
others, and where that comes to something else."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from sinkhole.control.devices.book import packed_of
from sinkhole.control.explain.records import of_ready
from sinkhole.control.querylog.recent_queries import LoggedAsker
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.clients.identity import KnownClient, traits_of
from sinkhole.dns.clients.standing import StandingBy
from sinkhole.dns.filter.traits import NO_TRAITS, Criteria, Traits
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.pipeline.pipeline import decide_question
from sinkhole.dns.pipeline.replies import NOT_ALLOWED
from sinkhole.dns.policy.address_gate import Gate
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.snapshot import Policy, View
from sinkhole.dns.wire.question import Question
from sinkhole.model.record import Telling
from sinkhole.model.verdict import Cause, Outcome, Verdict

Becomes = Literal["blocked", "freed", "changed"]
"""What other settings make of a question: refused, refused no longer, or answered otherwise."""


class Sides(NamedTuple):
    """The Policies at a moment by the settings in force, and by those on trial.

    What is decided alike is of one generation on both sides, and at all moments of a trial.
    """

    before: Policy
    after: Policy


class PolicyTrial(Protocol):
    """Settings on trial beside those in force; pauses have no say in it."""

    notes: list[str]
    """What a person should know of what is not in it, a sentence each."""
    hides_clients: bool
    """Whether it is not to be told who asked."""
    zone: ZoneInfo | None
    """Of the settings on trial, None for this machine's."""

    def open_at(self, at_s: float) -> Hashable:
        """What is open at a moment, in seconds since 1970: moments of equal ones are alike."""

    def next_edge(self, after_s: float) -> float | None:
        """When something else is open the next time."""

    async def sides(self, at_s: float) -> Sides:
        """Both sides at a moment."""


# ---- what is said to a question ----------------------------------------------------------------


class Said(NamedTuple):
    """What becomes of a question, and who decides; `via` is the upstream set that is asked."""

    outcome: Outcome
    cause: Cause
    detail: str = ""
    via: str = ""


class Difference(NamedTuple):
    """What settings on trial make of a question, and what is said to it before and after."""

    becomes: Becomes
    before: Said
    after: Said


@dataclass(frozen=True, slots=True)
class Applying:
    """What applies to some, by a Policy: all that decides about their questions."""

    policy: Policy
    group: GroupPolicy
    traits: Traits = NO_TRAITS
    may_ask: bool = True

    @property
    def apart(self) -> tuple[int, Traits, bool]:
        """What tells it from what else applies to somebody in the same trial."""
        return self.group.generation, self.traits, self.may_ask

    def decided(self, question: Question) -> Ready | Permit | None:
        """What the stages of the pipeline make of a question; None for who may not ask at all."""
        if not self.may_ask:
            return None
        return decide_question(question, View(self.policy, self.group, self.traits))


def difference(question: Question, before: Applying, after: Applying) -> Difference | None:
    """What becomes of a question where that is something else than before."""
    was, then = before.decided(question), after.decided(question)
    said_before, said_after = _said(was), _said(then)
    was_refused, is_refused = said_before.outcome.is_block, said_after.outcome.is_block
    if was_refused != is_refused:
        return Difference("blocked" if is_refused else "freed", said_before, said_after)
    if _apart(was, said_before) == _apart(then, said_after) and _is_same(question, was, then):
        return None
    return Difference("changed", said_before, said_after)


def is_by_rules(before: Applying, after: Applying) -> bool:
    """Whether it is rules and reserved names alone that decide otherwise."""
    old, new = before.policy, after.policy
    was, then = before.group, after.group
    return (
        before.may_ask
        and after.may_ask
        and old.local is new.local
        and old.routes is new.routes
        and old.dns64 is new.dns64
        and (was.blocking, was.via, was.refused_types)
        == (then.blocking, then.via, then.refused_types)
    )


def is_ruled_alike(question: Question, before: Applying, after: Applying) -> bool:
    """Whether the same rule decides about a question before and after, where rules alone may decide
    otherwise: so nothing does, which is told in half the time of `difference`."""
    name, qtype = question.name, question.qtype
    was = before.group.filter.match(name, qtype, before.traits)
    if was != after.group.filter.match(name, qtype, after.traits):
        return False
    is_answered = was is not None and was.rewrite is not None  # perhaps by where that leads
    is_reserved = any(each.group.reserved.zone_of(name) for each in (before, after))
    return not (is_answered or is_reserved)


def _said(decided: Ready | Permit | None) -> Said:
    if isinstance(decided, Permit):
        return Said(decided.outcome, decided.cause, via=decided.via)
    verdict: Verdict = NOT_ALLOWED.verdict if decided is None else decided.report.verdict
    return Said(verdict.outcome, verdict.cause, verdict.detail)


def _apart(decided: Ready | Permit | None, said: Said) -> tuple[Any, ...]:
    """What tells two outcomes apart, as far as a person would. Whatever let a name pass, it is let
    pass; and one rule may stand on another line."""
    if isinstance(decided, Permit):
        front = [(each.rtype, each.rdata) for each in decided.front]
        return said.outcome, said.via, front
    cause = said.cause
    return said.outcome, cause.list_name, cause.rule or cause.line


def _is_same(question: Question, was: Ready | Permit | None, then: Ready | Permit | None) -> bool:
    """Whether what is answered here is the same, but for how long it may be kept."""
    if not (isinstance(was, Ready) and isinstance(then, Ready)):
        return True
    first, second = was.report, then.report
    if (first.rcode, first.answered) == (second.rcode, second.answered):
        return True
    return _records(was, question) == _records(then, question)


def _records(ready: Ready, question: Question) -> tuple[str, list[tuple[str, str, str]]]:
    told = of_ready(ready, question)
    return told["rcode"], [(each["name"], each["type"], each["data"]) for each in told["records"]]


# ---- who asks ----------------------------------------------------------------------------------


class Met(NamedTuple):
    """Somebody of the log as a Policy has them: the client of the settings, "" for none, its group,
    what may be told of it, and what applies to it."""

    name: str
    group: str
    telling: Telling
    applying: Applying


class Meeting:
    """Recognises those of the log as a Policy would, by what is known of addresses now.

    The MAC that a row has goes before the one that its address has now.
    """

    def __init__(self, policy: Policy) -> None:
        standing = policy.access.standing
        if not isinstance(standing, StandingBy):
            raise TypeError("clients can't be told apart by this Policy")
        self._policy = policy
        self._standing = standing
        self._gate = Gate(policy.access.allow, policy.access.deny)

    def of(self, asker: LoggedAsker) -> Met:
        """Who that is; some 10 µs."""
        standing, packed = self._standing, packed_of(asker.text)
        owner = self._owner(asker, packed)
        membership = standing.everybody
        if owner is not None:
            membership = standing.members.get(owner.name, membership)
        traits = _traits(membership.policy.filter.criteria, packed, asker.text, owner)
        may_ask = not packed or not self._gate.turns_away_by(packed)
        applying = Applying(self._policy, membership.policy, traits, may_ask)
        name = owner.name if owner else ""
        return Met(name, membership.group, membership.telling, applying)

    def _owner(self, asker: LoggedAsker, packed: bytes) -> KnownClient | None:
        facts, known = self._standing.facts, self._standing.known
        device = asker.device or (facts.mac(packed) if packed else "")
        hosts = facts.hosts_of(asker.text, device) if packed and known.asks_facts else ()
        return known.owner_called(asker.text, device, hosts)


def _traits(criteria: Criteria, packed: bytes, client_id: str, owner: KnownClient | None) -> Traits:
    if not criteria:
        return NO_TRAITS
    if packed:
        return traits_of(criteria, packed, "", owner)
    names = (owner.name, client_id) if owner else ()
    return criteria.traits(None, names, owner.tags if owner else ())
