"""What applies at a moment, to whom and why: now, or as it will be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, NamedTuple

from sinkhole.control.explain.inquiry import Inquiry, rules_of
from sinkhole.control.explain.records import place_of
from sinkhole.control.groups.household import Household
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.state.pauses import Pause
from sinkhole.dns.clients.clients import Client
from sinkhole.dns.clients.identity import KnownClient, traits_of
from sinkhole.dns.clients.standing import Membership, StandingBy
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.filter.traits import NO_TRAITS, Traits
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.model.explanation import Applied, ForOthers
from sinkhole.model.record import Who

MOST_OTHERS: Final = 50
"""Classes of other clients that are told what a name is for them."""


class Scene(NamedTuple):
    """What is in force at a moment, in seconds since 1970; with how long each pause goes on from
    then, None: until it is resumed."""

    at_s: float
    policy: Policy
    household: Household
    pauses: tuple[tuple[Pause, float | None], ...] = ()


SceneAt = Callable[[float | None], Awaitable[Scene]]
"""The scene at a moment; None is now."""


def applied(scene: Scene, client: str) -> Applied:
    """What applies to a client of the settings by its name, "" for nobody's, and why."""
    left = dict(scene.pauses)
    found = scene.household.applied(scene.at_s, tuple(left), client=client)
    return {
        "at": scene.at_s,
        "time_zone": scene.household.zone.key if scene.household.zone else "",
        "group": found.group,
        "layers": [
            {
                "kind": each.kind,
                "name": each.owner,
                "schedule": each.when,
                "says": {key: plain_of(value) for key, value in each.said.items()},
            }
            for each in found.layers
        ],
        "open": sorted(found.open),
        "until": scene.household.next_edge(scene.at_s, found.schedules),
        "pauses": [
            {"scope": each.scope, "name": each.name, "by": each.by, "left_s": left[each]}
            for each in found.pauses
        ],
    }


def with_layers(inquiry: Inquiry, scene: Scene) -> Inquiry:
    """A question with what the group and the client say in a scene."""
    owner = inquiry.recognised.owner
    found = scene.household.applied(scene.at_s, client=owner.name if owner else "")
    return replace(inquiry, layers=found.layers)


# ---- for others --------------------------------------------------------------------------------


class _Class(NamedTuple):
    """Clients that nothing tells apart; `members` are those of the settings."""

    group: str
    policy: GroupPolicy
    traits: Traits
    members: list[str]


def for_others(inquiry: Inquiry, policy: Policy) -> list[tuple[ForOthers, Selection]]:
    """What a question would come to for other clients, those who are alike together, with the rules
    that are asked for them; nothing where all are alike."""
    client = inquiry.client
    own = client.policy.number, client.traits
    found = [each for each in _classes(policy) if (each.policy.number, each.traits) != own]
    return [_judged(inquiry, each) for each in found[:MOST_OTHERS]]


def for_other(inquiry: Inquiry, other: Client, name: str) -> tuple[ForOthers, Selection]:
    """What a question would come to for one other client."""
    members = [name or other.text]
    return _judged(inquiry, _Class(other.who.group, other.policy, other.traits, members))


def _judged(inquiry: Inquiry, others: _Class) -> tuple[ForOthers, Selection]:
    asked = inquiry.client
    client = Client(asked.packed, Who(asked.text), asked.network, others.policy)
    client.allowed, client.traits = True, others.traits
    rules = rules_of(client)
    verdict = replace(inquiry, client=client, matcher=rules, altered=None).verdict()
    row: ForOthers = {
        "clients": others.members,
        "group": others.group,
        "outcome": verdict.outcome.name.lower(),
        "detail": verdict.detail,
        **place_of(verdict.cause),
    }
    return row, rules


def _classes(policy: Policy) -> list[_Class]:
    standing = policy.access.standing
    if not isinstance(standing, StandingBy):
        return []
    everybody = _class_of(standing.everybody, None)
    found = {(everybody.policy.number, everybody.traits): everybody}
    for owner in standing.known.all:
        its = _class_of(standing.members.get(owner.name, standing.everybody), owner)
        kept = found.setdefault((its.policy.number, its.traits), its)
        if kept is not everybody:
            kept.members.append(owner.name)
    return list(found.values())


def _class_of(membership: Membership, owner: KnownClient | None) -> _Class:
    policy = membership.policy
    return _Class(membership.group, policy, _traits(policy, owner), [])


def _traits(policy: GroupPolicy, owner: KnownClient | None) -> Traits:
    criteria = policy.filter.criteria
    if not criteria:
        return NO_TRAITS
    if owner is None:
        return criteria.traits(None, (), ())
    if owner.networks:
        address = owner.networks[0].network_address.packed
        return traits_of(criteria, address, next(iter(owner.ids), ""), owner)
    return criteria.traits(None, (owner.name, *owner.ids), owner.tags)
