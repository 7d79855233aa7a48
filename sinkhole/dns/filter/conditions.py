"""Whether the conditions of a rule hold for a question."""

from __future__ import annotations

from sinkhole.dns.filter.language.line import ALWAYS, Conditions
from sinkhole.dns.wire.name import is_below

CLIENT = "another client"
TYPE = "another query type"
DENYALLOW = "the name is among those of $denyallow"


def obstacle(conditions: Conditions, name: bytes, qtype: int, traits: frozenset[str]) -> str:
    """Why a rule with these conditions does not count for a question, "" if it does.

    `name` is the lower-cased wire name, empty where an address in an answer is asked about.
    """
    if conditions is ALWAYS:
        return ""
    if not _admits(conditions, traits):
        return CLIENT
    if qtype in conditions.not_types or (conditions.types and qtype not in conditions.types):
        return TYPE
    if conditions.denyallow and (
        not name or any(is_below(name, each) for each in conditions.denyallow)
    ):
        return DENYALLOW
    return ""


def _admits(conditions: Conditions, traits: frozenset[str]) -> bool:
    if not traits.isdisjoint(conditions.not_clients) or not traits.isdisjoint(conditions.not_tags):
        return False
    return not (
        (conditions.clients and traits.isdisjoint(conditions.clients))
        or (conditions.tags and traits.isdisjoint(conditions.tags))
    )


def weight(conditions: Conditions) -> int:
    """How many modifiers the conditions were made of: of equally strong rules, more win."""
    return sum(
        map(
            bool,
            (
                conditions.clients or conditions.not_clients,
                conditions.tags or conditions.not_tags,
                conditions.types or conditions.not_types,
                conditions.denyallow,
            ),
        )
    )
