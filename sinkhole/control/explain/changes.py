"""What would change the outcome.

Rules, built-ins and protections are tried on a copy of the policy before they are told; records of
the house and who may ask are settings that need no trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sinkhole.control.explain.by_rules import PROTECTIONS, change, ways_to_allow, ways_to_block
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
    if verdict.outcome in _FREE and inquiry.policy.group.is_paused:  # no rule would be asked
        return []
    if verdict.outcome in _FREE:
        return ways_to_block(inquiry, verdict)
    return [*without_builtin(inquiry, verdict), *ways_to_allow(inquiry, verdict, leads)]
