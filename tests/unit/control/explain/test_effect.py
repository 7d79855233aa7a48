"""What rules would have changed of what was asked lately is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from sinkhole.control.explain import effect as module
from sinkhole.control.explain.effect import effect
from sinkhole.control.explain.trial import trial_of_rules
from sinkhole.control.querylog.recent_names import AskedBy
from sinkhole.control.querylog.store import RecentName

MACS = {"2001:db8::1": "02:00:5e:10:00:01"}
"""The devices that the log knows."""


def by(client: str) -> AskedBy:
    """A client as the log has it."""
    return AskedBy(client, MACS.get(client, ""))


class Names:
    """What was asked, as the log would tell: (name, client, queries)."""

    def __init__(self, *asked: tuple[str, str, int]) -> None:
        self.numbers = {name: number for number, (name, _, _) in enumerate(asked)}
        self.asked = asked

    async def pages(self) -> AsyncIterator[list[RecentName]]:
        for name, _, queries in self.asked:
            yield [RecentName(self.numbers[name], name, queries)]

    async def counts(self, numbers: Sequence[int]) -> list[tuple[int, AskedBy, int]]:
        found = [(self.numbers[name], by(who), queries) for name, who, queries in self.asked]
        return sorted((each for each in found if each[0] in numbers), key=lambda each: -each[2])

    async def clients(self, numbers: Sequence[int]) -> dict[int, list[tuple[AskedBy, int]]]:
        told: dict[int, list[tuple[AskedBy, int]]] = {}
        for number, client, queries in await self.counts(numbers):
            told.setdefault(number, []).append((client, queries))
        return told

    async def askers(self) -> list[tuple[AskedBy, int]]:
        return [(by(who), queries) for _, who, queries in self.asked]


class Forgotten(Names):
    """The same, of which the log has no rows any more."""

    async def counts(self, numbers: Sequence[int]) -> list[tuple[int, AskedBy, int]]:
        return []


ASKED_BY = Names(
    ("a.example", "192.0.2.7", 5),
    ("a.example", "192.0.2.9", 2),
    ("a.example", "2001:db8::1", 3),
    ("c.example", "192.0.2.9", 4),
)

ASKED = Names(
    ("a.example", "192.0.2.7", 5),
    ("a.example", "192.0.2.9", 2),
    ("b.example", "192.0.2.7", 3),
    ("bad\\999name", "192.0.2.7", 1),
)


async def counted(house: Callable[..., Any], *added: str, **options: Any) -> module.Effect:
    built = house(block=["||b.example^"])
    trial = trial_of_rules(built.audience, added)
    return await effect(trial, ASKED, **options)


async def test_names_and_queries_are_counted(house: Callable[..., Any]) -> None:
    found = await counted(house, "||a.example^", "@@||b.example^")
    assert (found.names, found.queries, found.is_partial) == (3, 11, False)
    assert (found.names_blocked, found.queries_blocked) == (1, 7)
    assert (found.names_freed, found.queries_freed) == (1, 3)
    assert found.top[0].clients == [(by("192.0.2.7"), 5), (by("192.0.2.9"), 2)]


async def test_rules_for_a_client_count_what_it_asked(house: Callable[..., Any]) -> None:
    found = await counted(house, "||a.example^$client=192.0.2.9")
    assert (found.names_blocked, found.queries_blocked) == (1, 2)
    assert found.top[0].clients == [(by("192.0.2.9"), 2)]


async def test_of_one_client_only_its_queries_count(house: Callable[..., Any]) -> None:
    found = await counted(house, "||a.example^", whose=lambda asked: asked.text == "192.0.2.9")
    assert (found.queries, found.queries_blocked) == (2, 2)


async def test_more_names_than_are_looked_at_are_told(
    house: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_NAMES", 1)
    found = await counted(house, "||a.example^", "@@||b.example^")
    assert (found.names, found.names_freed, found.is_partial) == (1, 0, True)
    monkeypatch.setattr(module, "MOST_NAMES", 10)
    monkeypatch.setattr(module, "MOST_TOUCHED", 1)
    found = await counted(house, "||*^$client=192.0.2.7")
    assert found.is_partial


async def test_each_client_is_judged_by_its_own_rules(house: Callable[..., Any]) -> None:
    groups = [{"name": "kids", "allow_only": True}, {"name": "free", "filtering": False}]
    clients = [
        {"name": "Tablet", "addresses": ["192.0.2.9"], "group": "kids"},
        {"name": "Phone", "macs": ["02:00:5e:10:00:01"], "group": "free"},
    ]
    built = house(block=["||b.example^"], groups=groups, clients=clients)
    found = await effect(
        trial_of_rules(built.audience, ["||a.example^", "@@||c.example^"]), ASKED_BY
    )
    assert (found.names_blocked, found.queries_blocked) == (1, 5)
    assert (found.names_freed, found.queries_freed) == (1, 4)
    assert [each.clients for each in found.top] == [
        [(by("192.0.2.7"), 5)],
        [(by("192.0.2.9"), 4)],
    ]


async def test_what_is_the_same_for_all_needs_no_rows(house: Callable[..., Any]) -> None:
    built = house(block=["||b.example^"], groups=[{"name": "kids", "lists": []}])
    trial = trial_of_rules(built.audience, ["||a.example^"])
    assert (await effect(trial, Forgotten(("a.example", "192.0.2.7", 5)))).queries_blocked == 5
