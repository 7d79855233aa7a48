"""Everything about a question, put together."""

from __future__ import annotations

from dataclasses import replace
from typing import TypedDict

from sinkhole.control.explain import records
from sinkhole.control.explain.cached import entries_of, kept_answer, told_entry
from sinkhole.control.explain.changes import changes
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.explain.opinions import explain_rules
from sinkhole.control.explain.stages import PAUSED, stages
from sinkhole.control.explain.targets import leads
from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.cache.table import Table
from sinkhole.dns.pipeline.decide_answer import came_this_way
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.wire.name import to_text
from sinkhole.dns.wire.options import subnet_text
from sinkhole.model.explanation import (
    Asker,
    Decision,
    Lead,
    Place,
    QuestionExplained,
    ReplyText,
    RewriteText,
)
from sinkhole.model.verdict import Outcome, Verdict


def explain(
    inquiry: Inquiry, table: Table | None = None, heard: Answer | None = None
) -> QuestionExplained:
    """The explanation, with the table's part of it if there is a table.

    `heard` is an answer that an upstream gave just now; without it the one in the table counts,
    if there is one. Rules whose text is on the disk have "" for it: see `add_texts`. Takes
    0.3 to 1.5 ms with six lists of 520 000 names, most of it for trying changes.
    """
    entries = entries_of(inquiry, table) if table is not None else []
    kept, answer = kept_answer(entries, inquiry)
    inquiry = replace(inquiry, answer=heard or answer)
    question, client = inquiry.question, inquiry.client
    by_rules = explain_rules(
        inquiry.matcher, to_text(question.name), question.qtype, client.traits, from_disk=False
    )
    happens = _what_happens(inquiry)
    leads_to = leads_of(inquiry)
    if heard is None and kept is not None and kept.answer is None:
        _blur_targets(leads_to, by_rules["type"])
    verdict = inquiry.verdict()
    decision: Decision = by_rules
    if verdict.outcome is Outcome.LOCAL and happens["answer"] is not None:
        decision = _made_here(by_rules, verdict, happens["answer"])
    return {
        **decision,
        **happens,
        "opinions": by_rules["opinions"],
        "client": _asker(inquiry),
        "group": inquiry.client.who.group,
        "stages": stages(inquiry, by_rules["opinions"]),
        "cache": [told_entry(*each, inquiry) for each in entries] if table is not None else None,
        "heard": heard is not None,
        "leads_to": leads_to,
        "changes": changes(inquiry, leads_to),
    }


class _Happens(TypedDict):
    outcome: str
    detail: str
    hop: str | None
    decided_by: Place
    asks: str | None
    via: str | None
    subnet: str | None
    answer: ReplyText | None


def _what_happens(inquiry: Inquiry) -> _Happens:
    """The outcome, and what is answered at once or asked upstream."""
    verdict, decided, settled = inquiry.verdict(), inquiry.decided(), inquiry.settled()
    asks: str | None = None
    via = subnet = None
    answer: ReplyText | None = None
    if not inquiry.client.allowed:
        answer = {"rcode": "REFUSED", "records": []}
    else:
        if isinstance(decided, Permit):
            asks = to_text(decided.asked(inquiry.question).name)
            via = decided.via
            told = inquiry.view.subnet(inquiry.question, via)
            subnet = subnet_text(told) if told else None
        if isinstance(settled, Ready):
            answer = records.of_ready(settled, inquiry.question)
        elif settled.front:
            answer = records.of_records(inquiry.question, settled.front)
    return {
        "outcome": verdict.outcome.name.lower(),
        "detail": verdict.detail or _paused(inquiry, verdict),
        "hop": verdict.hop or None,
        "decided_by": records.place_of(verdict.cause),
        "asks": asks,
        "via": via,
        "subnet": subnet,
        "answer": answer,
    }


def _paused(inquiry: Inquiry, verdict: Verdict) -> str:
    """Why no rule has decided, where that is by somebody's wish."""
    is_free = verdict.outcome in (Outcome.FORWARDED, Outcome.CACHED)
    return PAUSED if is_free and inquiry.group.is_paused else ""


def _made_here(by_rules: Decision, verdict: Verdict, answer: ReplyText) -> Decision:
    """What stands in place of the lists' decision where the house has one of its own."""
    data = [each["data"] for each in answer["records"]]
    rtype = answer["records"][0]["type"] if data else by_rules["type"]
    rewrite: RewriteText = {"rcode": answer["rcode"], "answers": data, "type": rtype}
    return {
        "name": by_rules["name"],
        "type": by_rules["type"],
        "verdict": "rewrite",
        "list": verdict.cause.list_name or None,
        "line": None,
        "rule": None,
        "rewrite": rewrite,
    }


def leads_of(inquiry: Inquiry) -> list[Lead]:
    """Where the answer at hand leads, if there is one that came on this way."""
    decided, answer = inquiry.decided(), inquiry.answer
    if answer is None or isinstance(decided, Ready) or not inquiry.client.allowed:
        return []
    if not came_this_way(inquiry.question, inquiry.view, answer, decided):
        return []
    return leads(inquiry, answer, decided)


def _blur_targets(leads_to: list[Lead], qtype: str) -> None:
    """Of a refused answer the name is known that it led to, not by which type of record."""
    for each in leads_to if qtype in ("HTTPS", "SVCB") else ():
        if each["what"].endswith("target"):
            each["what"] = f"CNAME or {qtype} target"


def _asker(inquiry: Inquiry) -> Asker:
    client, (owner, by) = inquiry.client, inquiry.recognised
    return {
        "address": client.text,
        "name": owner.name if owner else "",
        "known_by": by,
        "tags": list(owner.tags) if owner else [],
        "traits": sorted(client.traits),
        "may_ask": client.allowed,
    }
