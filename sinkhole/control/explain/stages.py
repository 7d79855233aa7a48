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
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.pipeline.pipeline import STAGES
from sinkhole.dns.upstream.prober import LOOP_ZONE
from sinkhole.dns.wire.name import is_below
from sinkhole.model.explanation import RuleOpinion, StageSaid
from sinkhole.model.verdict import Verdict

_SILENT: Final = {
    "special": "an ordinary question",
    "local": "no name of the house",
    "reserved": "not reserved",
}
"""What is told of a stage that has no say."""


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
        if stage.name == "filter":  # two tiers, and every rule has its say in one of them
            yield _rules("lists", [each for each in opinions if not each["builtin"]])
            yield _rules("built-in", [each for each in opinions if each["builtin"]])
            continue
        decided = stage.decide(inquiry.question, inquiry.view)
        says = _silence(stage.name, inquiry) if decided is None else _says(decided, inquiry)
        yield _Said(stage.name, says, decided is not None)


def _access(inquiry: Inquiry) -> _Said:
    client, limit = inquiry.client, inquiry.policy.access.rate_limit
    if not client.allowed:
        return _Said("access", f"{client.text} may not ask: it is not in dns.allow", True)
    often = f", up to {limit} queries a second" if limit and client.gated else ""
    return _Said("access", f"{client.text} may ask{often}", False)


def _silence(stage: str, inquiry: Inquiry) -> str:
    if stage == "reserved" and is_below(inquiry.question.name, LOOP_ZONE):
        return "a name by which servers find forwarding loops: let pass"
    return _SILENT[stage]


def _says(decided: Ready | Permit, inquiry: Inquiry) -> str:
    """What a stage says that answers a question here, or leads it to another name."""
    if isinstance(decided, Permit):
        target = of_records(inquiry.question, decided.front)["records"][-1]
        return f"{decided.cause.list_name} say: an alias of {target['data']}"
    verdict: Verdict = decided.report.verdict
    if not verdict.cause.list_name:
        return verdict.detail
    records = len(of_ready(decided, inquiry.question)["records"])
    counted = {0: "no record of this type", 1: "one record"}
    return f"{verdict.cause.list_name}: {counted.get(records, f'{records} records')}"


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
