"""What each stage of the pipeline says to a question, in order, and which of them decides.

Stages behind the one that decides are told as well, as what they would say.
"""

from __future__ import annotations

from typing import Any

from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.dns.pipeline.pipeline import HEALTH_NAME
from sinkhole.dns.policy.special_use import answer_special
from sinkhole.dns.upstream.prober import LOOP_ZONE
from sinkhole.dns.wire import numbers as n
from sinkhole.dns.wire.name import is_below, to_text


def stages(inquiry: Inquiry, opinions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The stages as `stage`, `says`, `decides`, `reached`; `opinions` are those of `explain`."""
    said = [
        ("access", *_access(inquiry)),
        ("special", *_special(inquiry)),
        ("local", *_local(inquiry)),
        ("reserved", *_reserved(inquiry)),
        ("lists", *_rules(opinions, builtin=False)),
        ("built-in", *_rules(opinions, builtin=True)),
    ]
    told, reached = [], True
    for stage, says, decides in said:
        told.append(
            {"stage": stage, "says": says, "decides": reached and decides, "reached": reached}
        )
        reached = reached and not decides
    return told


def _access(inquiry: Inquiry) -> tuple[str, bool]:
    client, limit = inquiry.client, inquiry.policy.access.rate_limit
    if not client.allowed:
        return f"{client.text} may not ask: it is not in dns.allow", True
    often = f", up to {limit} queries a second" if limit and client.gated else ""
    return f"{client.text} may ask{often}", False


def _special(inquiry: Inquiry) -> tuple[str, bool]:
    name, qtype = inquiry.question.name, inquiry.question.qtype
    if name == HEALTH_NAME:
        return "what health checks ask for", True
    special = answer_special(name, qtype, n.CLASS_IN)
    return (special[1], True) if special else ("an ordinary question", False)


def _local(inquiry: Inquiry) -> tuple[str, bool]:
    local = inquiry.policy.local.answer(inquiry.question.name, inquiry.question.qtype)
    if local is None:
        return "no name of the house", False
    source = local.cause.list_name
    if local.onward:
        return f"{source} say: an alias of {to_text(local.onward)}", True
    told = f"{len(local.made.answer)} records" if local.made.answer else "no record of this type"
    return f"{source}: {told if len(local.made.answer) != 1 else 'one record'}", True


def _reserved(inquiry: Inquiry) -> tuple[str, bool]:
    name, qtype = inquiry.question.name, inquiry.question.qtype
    if is_below(name, LOOP_ZONE):
        return "a name by which servers find forwarding loops: let pass", False
    reserved = inquiry.policy.reserved.answer(name, qtype)
    return (reserved[1], True) if reserved else ("not reserved", False)


def _rules(opinions: list[dict[str, Any]], *, builtin: bool) -> tuple[str, bool]:
    found = [each for each in opinions if each["builtin"] is builtin]
    deciding = next((each for each in found if each["decides"]), None)
    if deciding is not None:
        return _effect(deciding), True
    if not found:
        return "no rule matches", False
    return f"{len(found)} matching rules, none counts" if len(found) > 1 else (
        "one matching rule, which does not count"
    ), False


def _effect(opinion: dict[str, Any]) -> str:
    if opinion["rewrite"] is not None:
        return "answered by a rule"
    return "allowed" if opinion["allowed"] else "blocked"
