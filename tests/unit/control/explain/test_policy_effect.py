"""What settings on trial would have changed is counted for each client, within bounds."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from ipaddress import ip_network
from typing import Any

import pytest

from sinkhole.control.explain import policy_effect as module
from sinkhole.control.explain import tried_queries
from sinkhole.control.explain.policy_effect import PolicyEffect, policy_effect
from sinkhole.control.explain.policy_trial import Sides
from sinkhole.control.querylog.recent_queries import Asked, LoggedAsker
from sinkhole.dns.clients.standing import Membership, StandingBy
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.access import Access
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.snapshot import Policy

HOUR_S = 3600.0
LOCAL = LocalNames()


def policy(generation: int, *rules: str) -> Policy:
    """What applies to everybody."""
    matcher = Matcher([CompiledList.from_rules("Mine", "block", rules)])
    group = GroupPolicy(generation, filter=matcher)
    standing = StandingBy(Membership(group))
    return Policy(group, LOCAL, Access((ip_network("192.0.2.0/24"),), standing))


class Trial:
    """Rules for everybody, others in every second hour if it is told so."""

    notes: list[str] = []
    hides_clients = False
    zone = None

    def __init__(self, *rules: str, hourly: bool = False) -> None:
        self.before, self.after = policy(1, "||b.example^"), policy(2, *rules)
        self.hourly = hourly

    def open_at(self, at_s: float) -> Hashable:
        return int(at_s // HOUR_S) if self.hourly else 0

    def next_edge(self, after_s: float) -> float | None:
        return (after_s // HOUR_S + 1) * HOUR_S if self.hourly else None

    async def sides(self, at_s: float) -> Sides:
        return Sides(self.before, self.after)


class Log:
    """Queries by hour of the day: (hour, client, name, queries)."""

    def __init__(self, *rows: tuple[int, str, str, int]) -> None:
        self.rows = rows
        self.start_s, self.end_s = 0.0, 24 * HOUR_S
        self.clients = sorted({row[1] for row in rows})
        self.names = sorted({row[2] for row in rows})

    async def askers(self) -> list[LoggedAsker]:
        return [LoggedAsker(number, text, "") for number, text in enumerate(self.clients)]

    async def asked(
        self, first_s: float, end_s: float, askers: Sequence[int] | None = None
    ) -> list[Asked]:
        return [
            (self.clients.index(client), self.names.index(name) + 1, 1, queries)
            for hour, client, name, queries in self.rows
            if first_s <= hour * HOUR_S < end_s
        ]

    async def texts(self, names: Sequence[int]) -> dict[int, str]:
        return {number: self.names[number - 1] for number in names}


LOG = Log(
    (1, "192.0.2.7", "a.example", 5),
    (9, "192.0.2.9", "a.example", 2),
    (17, "192.0.2.7", "b.example", 3),
    (23, "192.0.2.7", "bad\\999name", 1),
)


async def tried(trial: Trial, at_s: float | None = None) -> PolicyEffect:
    given: Any = LOG
    return await policy_effect(trial, given, at_s)


async def test_queries_are_counted_by_client() -> None:
    found = await tried(Trial("||a.example^"))
    assert (found.queries, found.blocked, found.freed, found.changed) == (11, 7, 3, 0)
    assert [(each.text, each.blocked, each.freed) for each in found.clients] == [
        ("192.0.2.7", 5, 3),
        ("192.0.2.9", 2, 0),
    ]
    first, second = found.clients[0].top
    assert (first.name, first.difference.becomes, first.rule_after) == (
        *("a.example", "blocked"),
        "||a.example^",
    )
    assert (second.name, second.rule_before, second.rule_after) == ("b.example", "||b.example^", "")
    assert (found.since_s, found.is_partial, found.more) == (0.0, False, 0)


async def test_the_same_rule_on_another_line_is_the_same() -> None:
    found = await tried(Trial("! here", "||b.example^"))
    assert (found.queries, found.blocked, found.freed, found.changed) == (11, 0, 0, 0)
    found = await tried(Trial("||b.example^$important"))
    assert (found.changed, found.clients[0].top[0].difference.becomes) == (3, "changed")


async def test_what_is_beyond_a_bound_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial("||a.example^")
    with monkeypatch.context() as patch:
        patch.setattr(tried_queries, "MOST_ASKED", 2)
        found = await tried(trial)
        assert (found.is_partial, found.since_s, found.blocked) == (True, 12 * HOUR_S, 0)
        assert found.freed == 3  # the latest queries are those that are looked at
    with monkeypatch.context() as patch:
        patch.setattr(tried_queries, "MOST_MOMENTS", 20)
        found = await tried(Trial("||a.example^", hourly=True))
        assert (found.is_partial, found.blocked, found.freed) == (True, 2, 3)
        found = await tried(Trial("||a.example^", hourly=True), at_s=0.0)
        assert (found.is_partial, found.blocked) == (False, 7)
    with monkeypatch.context() as patch:
        patch.setattr(module, "MOST_CLIENTS", 1)
        patch.setattr(module, "MOST_NAMES", 1)
        found = await tried(trial)
        assert ([each.text for each in found.clients], found.more) == (["192.0.2.7"], 1)
        assert [each.name for each in found.clients[0].top] == ["a.example"]
    with monkeypatch.context() as patch:
        patch.setattr(module, "MOST_S", 0.0)
        found = await tried(trial)
        assert (found.is_partial, found.queries, found.clients) == (True, 0, [])
