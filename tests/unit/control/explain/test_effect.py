"""What rules would have changed of what was asked lately is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from sinkhole.control.explain import effect as module
from sinkhole.control.explain.effect import effect
from sinkhole.control.explain.trial import trial_of_rules
from sinkhole.control.querylog.recent_names import RecentName


class Names:
    """What was asked, as the log would tell: (name, client, queries)."""

    def __init__(self, *asked: tuple[str, str, int]) -> None:
        self.numbers = {name: number for number, (name, _, _) in enumerate(asked)}
        self.asked = asked

    async def pages(self) -> AsyncIterator[list[RecentName]]:
        for name, _, queries in self.asked:
            yield [RecentName(self.numbers[name], name, queries)]

    async def counts(
        self, numbers: Sequence[int], client: str | None = None
    ) -> list[tuple[int, str, int]]:
        found = [(self.numbers[name], who, queries) for name, who, queries in self.asked]
        wanted = [each for each in found if each[0] in numbers and client in (None, each[1])]
        return sorted(wanted, key=lambda each: -each[2])

    async def clients(self, numbers: Sequence[int]) -> dict[int, list[tuple[str, int]]]:
        told: dict[int, list[tuple[str, int]]] = {}
        for number, client, queries in await self.counts(numbers):
            told.setdefault(number, []).append((client, queries))
        return told

    async def queries_of(self, client: str) -> int:
        return sum(queries for _, who, queries in self.asked if who == client)


ASKED = Names(
    ("a.example", "192.0.2.7", 5),
    ("a.example", "192.0.2.9", 2),
    ("b.example", "192.0.2.7", 3),
    ("bad\\999name", "192.0.2.7", 1),
)


async def counted(house: Callable[..., Any], *added: str, **options: Any) -> module.Effect:
    built = house(block=["||b.example^"])
    trial = trial_of_rules(built.matcher, built.settings, added)
    return await effect(trial, ASKED, **options)


async def test_names_and_queries_are_counted(house: Callable[..., Any]) -> None:
    found = await counted(house, "||a.example^", "@@||b.example^")
    assert (found.names, found.queries, found.is_partial) == (3, 11, False)
    assert (found.names_blocked, found.queries_blocked) == (1, 7)
    assert (found.names_freed, found.queries_freed) == (1, 3)
    assert found.top[0].clients == [("192.0.2.7", 5), ("192.0.2.9", 2)]


async def test_rules_for_a_client_count_what_it_asked(house: Callable[..., Any]) -> None:
    found = await counted(house, "||a.example^$client=192.0.2.9")
    assert (found.names_blocked, found.queries_blocked) == (1, 2)
    assert found.top[0].clients == [("192.0.2.9", 2)]


async def test_of_one_client_only_its_queries_count(house: Callable[..., Any]) -> None:
    found = await counted(house, "||a.example^", client="192.0.2.9")
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
