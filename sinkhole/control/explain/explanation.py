"""The whole story of a question in JSON's types; `docs/api.md` says what the keys mean."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from sinkhole.control.explain import records
from sinkhole.control.explain.cached import answer_at_hand, entries_of, told_entry
from sinkhole.control.explain.changes import changes
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.explain.opinions import explain
from sinkhole.control.explain.stages import stages
from sinkhole.control.explain.targets import leads
from sinkhole.dns.cache.answer import Answer
from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.cache.table import Table
from sinkhole.dns.pipeline.permit import Permit
from sinkhole.dns.wire.name import to_text
from sinkhole.model.verdict import Outcome, Verdict


def tell(
    inquiry: Inquiry, table: Table | None = None, heard: Answer | None = None
) -> dict[str, Any]:
    """The story, with the table's part of it if there is a table.

    `heard` is an answer that an upstream gave just now; without it the one in the table counts,
    if there is one. Rules whose text is on the disk have "" for it: see `add_texts`. Takes
    0.3 to 1.5 ms with six lists of 520 000 names, most of it for trying changes.
    """
    entries = entries_of(inquiry, table) if table is not None else []
    at_hand = ((ready, answer_at_hand(ready, inquiry)) for _, ready in entries)
    kept, answer = next((each for each in at_hand if each[1] is not None), (None, None))
    inquiry = replace(inquiry, answer=heard or answer)
    told = _decision(inquiry)
    told["stages"] = stages(inquiry, told["opinions"])
    told |= _what_happens(inquiry, told)
    told["cache"] = [told_entry(*each, inquiry) for each in entries] if table is not None else None
    told["heard"] = heard is not None
    told["leads_to"] = _leads(inquiry)
    if heard is None and kept is not None and kept.answer is None:
        _blur_targets(told["leads_to"], told["type"])
    told["changes"] = changes(inquiry, told["leads_to"])
    return told


def _leads(inquiry: Inquiry) -> list[dict[str, Any]]:
    decided, answer = inquiry.decided(), inquiry.answer
    if answer is None or isinstance(decided, Ready) or not inquiry.client.allowed:
        return []
    if not decided.leads_as(answer.targets, answer.links):  # it came by another way
        return []
    return leads(inquiry, answer, decided)


def _blur_targets(leads_to: list[dict[str, Any]], qtype: str) -> None:
    """Of a refused answer the name is known that it led to, not by which type of record."""
    for each in leads_to if qtype in ("HTTPS", "SVCB") else ():
        if each["what"].endswith("target"):
            each["what"] = f"CNAME or {qtype} target"


def _decision(inquiry: Inquiry) -> dict[str, Any]:
    question, client = inquiry.question, inquiry.client
    name = to_text(question.name)
    told = explain(inquiry.matcher, name, question.qtype, client.traits, from_disk=False)
    known = _known_client(inquiry)
    told["client"] = {
        "address": client.text,
        "name": known.name if known else "",
        "tags": list(known.tags) if known else [],
        "traits": sorted(client.traits),
        "may_ask": client.allowed,
    }
    told["group"] = inquiry.policy.group.name
    return told


def _known_client(inquiry: Inquiry) -> Any:
    address = ip_address(inquiry.client.packed)
    found = [
        (network.prefixlen, position)
        for position, known in enumerate(inquiry.settings.clients)
        for network in known.addresses
        if network.version == address.version and address in network
    ]
    return inquiry.settings.clients[max(found)[1]] if found else None


def _what_happens(inquiry: Inquiry, told: dict[str, Any]) -> dict[str, Any]:
    """The outcome, and what is answered at once or asked upstream."""
    verdict = inquiry.verdict()
    happens: dict[str, Any] = {
        "outcome": verdict.outcome.name.lower(),
        "detail": verdict.detail,
        "hop": verdict.hop or None,
        "decided_by": records.place_of(verdict.cause),
        "asks": None,
        "answer": None,
    }
    settled = inquiry.settled()
    if not inquiry.client.allowed:
        happens["answer"] = {"rcode": "REFUSED", "records": []}
        return happens
    decided = inquiry.decided()
    if isinstance(decided, Permit):
        happens["asks"] = to_text(decided.asked(inquiry.question).name)
    if isinstance(settled, Ready):
        happens["answer"] = records.of_ready(settled, inquiry.question)._asdict()
    elif settled.front:
        happens["answer"] = records.of_records(inquiry.question, settled.front)._asdict()
    if verdict.outcome is Outcome.LOCAL:
        happens |= _made_here(verdict, happens["answer"], told["type"])
    return happens


def _made_here(verdict: Verdict, answer: dict[str, Any], qtype: str) -> dict[str, Any]:
    """What stands in place of the lists' decision where the house has one of its own."""
    data = [each["data"] for each in answer["records"]]
    rtype = answer["records"][0]["type"] if data else qtype
    return {
        "verdict": "rewrite",
        "list": verdict.cause.list_name or None,
        "line": None,
        "rule": None,
        "rewrite": {"rcode": answer["rcode"], "answers": data, "type": rtype},
    }
