"""What would change the outcome.

Rules, built-ins and protections are tried on a copy of the policy before they are told; records of
the house and who may ask are settings that need no trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sinkhole.control.explain.by_layers import (
    rules_of_decider,
    with_filtering,
    without_category,
    without_refused_type,
    without_restriction,
)
from sinkhole.control.explain.by_rules import (
    HOUSEHOLD,
    PROTECTIONS,
    change,
    ways_to_allow,
    ways_to_block,
)
from sinkhole.control.explain.by_settings import other_protection, without_builtin, without_house
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.model.explanation import Change, Lead
from sinkhole.model.verdict import Outcome

_FREE: Final = (Outcome.FORWARDED, Outcome.CACHED)


def changes(inquiry: Inquiry, leads: Sequence[Lead]) -> list[Change]:
    """Every change worth telling, the mildest first; `leads` are those of the answer at hand."""
    verdict = inquiry.verdict()
    if not inquiry.client.allowed:
        return [change("serve", "add", "dns.allow", [inquiry.client.text])]
    if verdict.outcome is Outcome.REFUSED:  # what nobody gets
        return []
    if verdict.outcome is Outcome.LOCAL:
        return without_house(inquiry, verdict)
    if verdict.cause in PROTECTIONS:
        return other_protection(inquiry, verdict)
    if verdict.outcome in _FREE and inquiry.group.is_paused:  # no rule would be asked
        return []
    place = rules_of_decider(inquiry, verdict.cause) or HOUSEHOLD
    if verdict.outcome in _FREE:
        off = with_filtering(inquiry)
        return ways_to_block(inquiry, verdict, place) if off is None else off
    of_type = without_refused_type(inquiry, verdict)
    if of_type is not None:
        return of_type
    return [
        *without_builtin(inquiry, verdict),
        *ways_to_allow(inquiry, verdict, leads, place),
        *without_category(inquiry, verdict),
        *without_restriction(inquiry, verdict),
    ]
