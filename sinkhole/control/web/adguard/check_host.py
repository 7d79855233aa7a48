"""Who would decide about a name, in the form of that server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from sinkhole.control.lists.builtin import SERVICES
from sinkhole.control.operations.explain import Explained, ExplainInput
from sinkhole.control.operations.explain import explain as explain_operation
from sinkhole.control.web.adguard.asked import Asked, bad_request, unprocessable
from sinkhole.control.web.adguard.reasons import ListKinds, RuleThere, reason
from sinkhole.control.web.adguard.services import names_to_ids
from sinkhole.dns.wire.numbers import type_number


async def check(asked: Asked) -> dict[str, Any]:
    """GET filtering/check_host?name&client&qtype: asks nobody."""
    query = asked.request.query
    name, qtype = query.get("name", ""), query.get("qtype", "") or "A"
    if not name:
        raise bad_request('query parameter "name" is required')
    try:
        type_number(qtype.upper())
    except ValueError:
        raise unprocessable(f'bad qtype query parameter: "{qtype[:40]}"') from None
    given = ExplainInput(name=name, type=qtype.upper(), client=query.get("client", ""))
    found = await asked.do(explain_operation, given)
    kinds = await asyncio.to_thread(ListKinds.of, asked.settings)
    is_service = found.decided_by.list == SERVICES
    ids = await asyncio.to_thread(names_to_ids) if is_service else {}
    return told(found, kinds, ids)


def told(found: Explained, kinds: ListKinds, services: Mapping[str, str]) -> dict[str, Any]:
    """What decides, as there; `services` are the ids of services by their names."""
    decided = found.decided_by
    is_blocked = found.outcome in ("blocked", "blocked_answer")
    why = reason(found.outcome, decided.list or "", kinds, is_blocked=is_blocked)
    if found.verdict == "allow":
        why = "NotFilteredWhiteList"
    rule, owner = RuleThere.of(decided.rule or "", decided.list or "")
    number = kinds.number(decided.list or "")
    answers = found.rewrite.answers if found.rewrite is not None else []
    kind = found.rewrite.type if found.rewrite is not None else ""
    return {
        "reason": why,
        "rule": rule,
        "filter_id": number if rule else 0,
        "rules": [{"text": rule, "filter_list_id": number}] if rule else [],
        "service_name": services.get(owner, ""),
        "cname": answers[0].rstrip(".") if answers and kind == "CNAME" else "",
        "ip_addrs": answers if answers and kind in ("A", "AAAA") else None,
    }
