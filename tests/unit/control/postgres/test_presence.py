"""A node among others: what it knows of them, also while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from log_kit import until
from nodes_kit import a_report
from postgres_server import PostgresServer, running

from sinkhole.control.postgres.presence import Presence
from sinkhole.model.errors import StorageError
from sinkhole.model.nodes import Wish

LONG_S = 60


@pytest.fixture
def going() -> Iterator[PostgresServer]:
    """A server that may be stopped."""
    yield from running()


class Box:
    """A node with what it was asked for."""

    def __init__(self, url: str, name: str, number: int = 1) -> None:
        self.wishes: list[Wish] = []
        self.presence = Presence(
            url,
            name,
            lambda: a_report(drained=bool(self.wishes and self.wishes[-1].drained)),
            self._look,
            self.wishes.append,
        )
        self._number = number

    async def _look(self) -> int:
        return self._number

    @property
    def states(self) -> dict[str, str]:
        return {each.name: each.state for each in self.presence.nodes.nodes}


@asynccontextmanager
async def there(*boxes: Box) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(each.presence.run()) for each in boxes]
    try:
        yield
    finally:
        for each in boxes:
            each.presence.stop()
        await asyncio.gather(*tasks)


async def test_while_the_database_is_away_the_others_are_as_they_were_and_come_again(
    going: PostgresServer,
) -> None:
    url = going.new_database()
    attic, cellar = Box(url, "attic", 1), Box(url, "cellar", 2)
    assert attic.states == {"attic": "up"}
    assert attic.presence.nodes.known_s is None
    with pytest.raises(StorageError, match="being connected"):
        await attic.presence.ask("cellar", Wish(True, "anna"))
    async with there(attic, cellar):
        await until(lambda: attic.states == {"attic": "up", "cellar": "up"}, LONG_S)
        known_s = attic.presence.nodes.known_s
        assert known_s is not None and attic.presence.nodes.error == ""
        going.stop()
        await until(lambda: attic.states == {"attic": "up", "cellar": "unknown"}, LONG_S)
        assert "database" in attic.presence.nodes.error
        with pytest.raises(StorageError, match="database"):
            await attic.presence.forget("cellar")
        going.start()
        await until(lambda: attic.states == {"attic": "up", "cellar": "up"}, LONG_S)
        assert attic.presence.nodes.error == ""


async def test_what_another_asks_for_is_done_and_told(postgres_url: str) -> None:
    attic, cellar = Box(postgres_url, "attic", 1), Box(postgres_url, "cellar", 2)
    async with there(attic, cellar):
        await until(lambda: len(attic.states) == 2, LONG_S)
        assert await attic.presence.ask("cellar", Wish(True, "anna (attic)"))
        await until(lambda: cellar.wishes == [Wish(True, "anna (attic)")], LONG_S)
        await until(
            lambda: any(each.report["drained"] for each in attic.presence.nodes.nodes), LONG_S
        )
        assert not await attic.presence.ask("garage", Wish(True, "anna"))


async def test_two_boxes_of_one_name_know_it_and_one_that_begins_anew_does_not(
    postgres_url: str,
) -> None:
    one, other = Box(postgres_url, "attic", 1), Box(postgres_url, "attic", 2)
    async with there(one, other):
        await until(lambda: one.presence.problem and other.presence.problem, LONG_S)
        assert one.presence.problem == "another sinkhole calls itself 'attic'"
        assert all(each.has_twin for each in one.presence.nodes.nodes)
    alone, again = Box(postgres_url, "shed", 3), Box(postgres_url, "shed", 3)
    async with there(alone):
        await until(lambda: alone.presence.nodes.error == "", LONG_S)
    async with there(again):
        await until(lambda: again.presence.nodes.error == "", LONG_S)
        assert again.presence.problem == ""
        assert [each.name for each in again.presence.nodes.nodes].count("shed") == 1
    assert again.presence.is_of(postgres_url, "shed")
    assert not again.presence.is_of(postgres_url, "attic")
