"""Two servers with one state: what somebody does on one is felt by whoever asks the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from control_house import ControlHouse, control_house
from house import LIMIT_S, problems_of, until
from postgres_server import PostgresServer

WEEK = 7 * 24 * 3600


@asynccontextmanager
async def two_houses(folder: Path, url: str) -> AsyncIterator[tuple[ControlHouse, ControlHouse]]:
    """Two that share a database, once both have the state that is there."""
    async with (
        control_house(folder / "attic", storage={"url": url, "node": "attic"}) as attic,
        control_house(
            folder / "cellar", has_account=False, storage={"url": url, "node": "cellar"}
        ) as cellar,
    ):
        for house in (attic, cellar):
            await until(lambda house=house: _has_joined(house))
        await until(lambda: bool(cellar.app.front.house.state.people.accounts))
        yield attic, cellar


def _has_joined(house: ControlHouse) -> bool:
    status = house.app.front.sharing.state.status
    return status is not None and status.is_reached


async def soon(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what must come, by asking."""
    async with asyncio.timeout(LIMIT_S):
        while not await is_so():
            await asyncio.sleep(0.01)


async def v1(house: ControlHouse, method: str, path: str, body: Any = None) -> Any:
    """Ask one of them by the API."""
    url = f"{house.app.listening.url}/api/v1/{path}"
    told = await house.call(method, url, {} if body is None and method != "GET" else body)
    assert told.status in (200, 201, 202, 204), told
    return told


async def test_rules_pauses_accounts_and_tokens_of_one_are_those_of_both(
    tmp_path: Path, postgres_url: str
) -> None:
    async with two_houses(tmp_path, postgres_url) as (attic, cellar):

        async def is_refused(house: ControlHouse) -> bool:
            return (await house.answers("ads.example.org")) == ["0.0.0.0"]

        assert not await is_refused(cellar)
        await attic.done("POST", "filtering/set_rules", {"rules": ["||ads.example.org^"]})
        began = time.monotonic()
        await soon(lambda: is_refused(cellar))
        felt_s = time.monotonic() - began
        assert await is_refused(attic)
        await cellar.done("POST", "protection", {"enabled": False, "duration": 60_000})
        await soon(lambda: _not(is_refused(attic)))
        await attic.done("POST", "protection", {"enabled": True})
        await soon(lambda: is_refused(cellar))
        print(f"a rule was in force on the other after {felt_s:.3f} s")
        for house in (attic, cellar):
            assert not problems_of(house.app)


async def test_while_the_database_is_away_both_answer_and_say_what_waits(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    async with two_houses(tmp_path, postgres_url) as (attic, cellar):
        await attic.done("POST", "filtering/set_rules", {"rules": ["||ads.example.org^"]})
        await soon(lambda: _refuses(cellar, "ads.example.org"))
        postgres.stop()
        try:
            told = await attic.post("filtering/set_rules", {"rules": ["||example.net^"]})
            assert told.status == 503 and "nothing can be changed now but pauses" in told.text
            assert await _refuses(attic, "ads.example.org")
            await attic.done("POST", "protection", {"enabled": False, "duration": 60_000})
            assert not await _refuses(attic, "ads.example.org")
            await until(lambda: any("can't be changed" in each for each in problems_of(cellar.app)))
            assert await _refuses(cellar, "ads.example.org")
        finally:
            postgres.start()
        await soon(lambda: _not(_refuses(cellar, "ads.example.org")))
        await until(lambda: not problems_of(cellar.app) and not problems_of(attic.app))
        await cellar.done("POST", "filtering/set_rules", {"rules": ["||example.net^"]})
        await attic.done("POST", "protection", {"enabled": True})
        await soon(lambda: _refuses(attic, "example.net"))


async def _refuses(house: ControlHouse, name: str) -> bool:
    return (await house.answers(name)) == ["0.0.0.0"]


async def _not(asked: Awaitable[bool]) -> bool:
    return not await asked
