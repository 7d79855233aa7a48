"""What each stage of the pipeline says to a question, in order, and which of them decides.

The order is the pipeline's own: whether the client may ask, then its `STAGES`. Stages behind the
one that decides are told as well, as what they would say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.explain.records import of_ready, of_records
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.pipeline.decide_question import Stage, filtered, reserved
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.pipeline.pipeline import STAGES
from sinkhole.dns.upstream.prober import LOOP_ZONE
from sinkhole.dns.wire.name import is_below
from sinkhole.model.explanation import RecordText, RuleOpinion, StageSaid
from sinkhole.model.verdict import Cause, Verdict


class _Said(NamedTuple):
    stage: str
    says: str
    decides: bool


def stages(inquiry: Inquiry, opinions: list[RuleOpinion]) -> list[StageSaid]:
    """All stages in order; `opinions` are those of all rules that match."""
    told: list[StageSaid] = []
    reached = True
    for said in _all_that_say(inquiry, opinions):
        decides = reached and said.decides
        told.append(
            {"stage": said.stage, "says": said.says, "decides": decides, "reached": reached}
        )
        reached = reached and not said.decides
    return told


def _all_that_say(inquiry: Inquiry, opinions: list[RuleOpinion]) -> Iterator[_Said]:
    yield _access(inquiry)
    for stage in STAGES:
        if stage.decide is filtered:  # two tiers, and every rule has its say in one of them
            yield _rules("lists", [each for each in opinions if not each["builtin"]])
            yield _rules("built-in", [each for each in opinions if each["builtin"]])
            continue
        decided = stage.decide(inquiry.question, inquiry.view)
        says = _silence(stage, inquiry) if decided is None else _says(decided, inquiry)
        yield _Said(stage.name, says, decided is not None)


def _access(inquiry: Inquiry) -> _Said:
    client, limit = inquiry.client, inquiry.policy.access.rate_limit
    if not client.allowed:
        return _Said("access", f"{client.text} may not ask: it is not in dns.allow", True)
    often = f", up to {limit} queries a second" if limit and client.gated else ""
    if often and client.network != client.packed:
        often += " together with all of its network"
    return _Said("access", f"{client.text} may ask{often}", False)


def _silence(stage: Stage, inquiry: Inquiry) -> str:
    if stage.decide is reserved and is_below(inquiry.question.name, LOOP_ZONE):
        return "a name by which servers find forwarding loops: let pass"
    return stage.silence


def _says(decided: Ready | Permit, inquiry: Inquiry) -> str:
    """What a stage says that answers a question here, or leads it to another name."""
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


def _alias(cause: Cause, links: list[RecordText]) -> str:
    return f"{cause.list_name} say: an alias of {links[-1]['data']}"


def _rules(stage: str, opinions: list[RuleOpinion]) -> _Said:
    deciding = next((each for each in opinions if each["decides"]), None)
    if deciding is not None:
        return _Said(stage, _effect(deciding), True)
    if not opinions:
        return _Said(stage, "no rule matches", False)
    if len(opinions) == 1:
        return _Said(stage, "one matching rule, which does not count", False)
    return _Said(stage, f"{len(opinions)} matching rules, none counts", False)


def _effect(opinion: RuleOpinion) -> str:
    if opinion["rewrite"] is not None:
        return "answered by a rule"
    return "allowed" if opinion["allowed"] else "blocked"
