"""What each stage of the pipeline says to a question, in order, and which of them decides.

The order is the pipeline's own: whether the client may ask, then its `STAGES`. Stages behind the
one that decides are told as well, as what they would say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.explain.records import of_ready, of_records
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.filter.precedence import ADMITS
from sinkhole.dns.filter.selection import AllowOnly
from sinkhole.dns.pipeline.decide_question import ROUTE, Stage, filtered, reserved, routed
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.pipeline.pipeline import STAGES
from sinkhole.dns.policy.dns64 import DNS64
from sinkhole.dns.policy.routes import UNQUALIFIED, Route, set_of_route
from sinkhole.dns.upstream.probe_names import LOOP_ZONE
from sinkhole.dns.wire.name import is_below
from sinkhole.model.explanation import RecordText, RuleOpinion, StageSaid
from sinkhole.model.verdict import Cause, Verdict

PAUSED: Final = "the filter is paused: of rules only the canaries have a say"

ONLY_ALLOWED: Final = "no rule allows it, and only what is allowed is answered"
ADMITTED: Final = "a rule allows it, so what is built in answers"


class _Said(NamedTuple):
    stage: str
    says: str
    decides: bool


def stages(inquiry: Inquiry, opinions: list[RuleOpinion]) -> list[StageSaid]:
    """All stages in order; `opinions` are those of all rules that match."""
    told: list[StageSaid] = []
    reached, decided = True, inquiry.decided()
    is_asked = isinstance(decided, Permit) and not decided.front and inquiry.client.allowed
    for said in _all_that_say(inquiry, opinions):
        decides = reached and said.decides
        is_reached = reached or (said.stage == ROUTE and is_asked)  # a rule that allows asks it too
        told.append(
            {"stage": said.stage, "says": said.says, "decides": decides, "reached": is_reached}
        )
        reached = reached and not said.decides
    return told


def _all_that_say(inquiry: Inquiry, opinions: list[RuleOpinion]) -> Iterator[_Said]:
    yield _access(inquiry)
    for stage in STAGES:
        if stage.decide is filtered:  # two tiers, and every rule has its say in one of them
            yield _lists(inquiry, opinions)
            yield _rules("built-in", [each for each in opinions if each["builtin"]])
            continue
        decided = stage.decide(inquiry.question, inquiry.view)
        says = _silence(stage, inquiry) if decided is None else _says(decided, inquiry)
        yield _Said(stage.name, says, decided is not None)


def _access(inquiry: Inquiry) -> _Said:
    client, limit = inquiry.client, inquiry.group.rate_limit
    if not client.allowed:
        return _Said("access", f"{client.text} may not ask: by dns.allow and dns.deny", True)
    often = f", up to {limit} queries a second" if limit and client.gated else ""
    if often and client.network != client.packed:
        often += " together with all of its network"
    return _Said("access", f"{client.text} may ask{often}", False)


def _silence(stage: Stage, inquiry: Inquiry) -> str:
    name, qtype, policy = inquiry.question.name, inquiry.question.qtype, inquiry.policy
    route = policy.routes.of(name, qtype)
    if stage.decide is reserved and is_below(name, LOOP_ZONE):
        return "a name by which servers find forwarding loops: let pass"
    if stage.decide is reserved and (zone := inquiry.group.reserved.zone_of(name)):
        return f"{zone[1]}, but {_of(route)} leads to a server that may know it: let pass"
    if stage.decide is routed and route.key:
        return f"{_of(route)} leads to the usual upstreams"
    return stage.silence


def _of(route: Route) -> str:
    key = f"{UNQUALIFIED} names" if route.key == UNQUALIFIED else route.key
    return f"the route of {key}"


def _says(decided: Ready | Permit, inquiry: Inquiry) -> str:
    """What a stage says that answers a question here, or leads it to another name."""
    if isinstance(decided, Permit) and not decided.front:
        return _route(inquiry)
    if isinstance(decided, Permit):
        return _alias(decided.cause, of_records(inquiry.question, decided.front)["records"])
    verdict: Verdict = decided.report.verdict
    if not verdict.cause.list_name:
        return verdict.detail
    records = of_ready(decided, inquiry.question)["records"]
    if verdict.detail:  # it leads to a name that may not be asked for
        return _alias(verdict.cause, [each for each in records if each["type"] == "CNAME"])
    counted = {0: "no record of this type", 1: "one record"}
    return f"{verdict.cause.list_name}: {counted.get(len(records), f'{len(records)} records')}"


def _route(inquiry: Inquiry) -> str:
    """Whom a route leads to, and what gives way for its names; or whom the client's group asks."""
    question, policy = inquiry.question, inquiry.policy
    route = policy.routes.of(question.name, question.qtype)
    if not route.key:
        return f"no route: for the upstreams {inquiry.group.via!r} of the client"
    said = f"{_of(route)} leads to upstreams of its own"
    if route.via != set_of_route(route.key):
        said = f"{_of(route)} leads to the upstreams {route.via!r}"
    inside = (
        "; answers may hold addresses of the house" if inquiry.group.rebinding is not None else ""
    )
    return said + inside


def _alias(cause: Cause, links: list[RecordText]) -> str:
    say = "says" if cause == DNS64 else "say"
    return f"{cause.list_name} {say}: an alias of {links[-1]['data']}"


def _rules(stage: str, opinions: list[RuleOpinion]) -> _Said:
    deciding = next((each for each in opinions if each["decides"]), None)
    if deciding is not None:
        return _Said(stage, _effect(deciding), True)
    if not opinions:
        return _Said(stage, "no rule matches", False)
    if len(opinions) == 1:
        return _Said(stage, "one matching rule, which does not count", False)
    return _Said(stage, f"{len(opinions)} matching rules, none counts", False)


def _lists(inquiry: Inquiry, opinions: list[RuleOpinion]) -> _Said:
    if inquiry.group.is_paused:
        return _Said("lists", PAUSED, False)
    of_lists = [each for each in opinions if not each["builtin"]]
    said = _rules("lists", of_lists)
    if said.decides or not isinstance(inquiry.matcher, AllowOnly):
        return said
    if not any(each["decides"] for each in opinions):
        return _Said("lists", ONLY_ALLOWED, True)
    is_admitted = any(each["note"] == ADMITS for each in of_lists)
    return _Said("lists", ADMITTED, False) if is_admitted else said


def _effect(opinion: RuleOpinion) -> str:
    if opinion["rewrite"] is not None:
        return "answered by a rule"
    return "allowed" if opinion["allowed"] else "blocked"
