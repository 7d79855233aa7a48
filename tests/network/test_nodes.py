"""Several servers that share a database, and know of each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fake_upstream import FakeUpstream
from house import ask, get, house, post, problems_of, running, until

from sinkhole.app.app import App
from sinkhole.control.postgres.server import Server

AWAY = "UPDATE member SET seen = now() - interval '1 minute' WHERE name = 'cellar'"


async def nodes(app: App) -> dict[str, dict[str, Any]]:
    told = await get(app.listening.url, "/api/v1/nodes")
    return {each["name"]: each for each in told["nodes"]}


async def has_all(app: App, *names: str) -> bool:
    found = await nodes(app)
    return [*found] == [*names] and {each["state"] for each in found.values()} == {"up"}


async def logged(app: App, times: int) -> None:
    """Ask something so often, and wait until all of it is in the database."""
    for number in range(times):
        await ask(app.addresses[0], f"n{number}.example.org")
    log = app.front.house.query_log()
    await until(lambda: app.counters.queries == times and not log.outbox.waiting_rows)


async def searched(app: App, *names: str) -> tuple[int, Any]:
    return await post(app.listening.url, "/api/v1/log/search", nodes=names)


async def counted(app: App, node: str) -> int:
    told = await get(app.listening.url, f"/api/v1/statistics?node={node}")
    return int(told["totals"]["queries"])


async def test_each_tells_of_all_how_they_do(tmp_path: Path, postgres_url: str) -> None:
    async with FakeUpstream() as upstream:
        attic, cellar, shed = (
            house(tmp_path / name, upstream, storage={"url": postgres_url, "node": name})
            for name in ("attic", "cellar", "shed")
        )
        async with running(attic) as one, running(cellar) as other, running(shed) as third:
            for app in (one, other, third):
                await until(lambda app=app: has_all(app, "attic", "cellar", "shed"))
            await logged(one, 3)
            await logged(other, 2)

            async def is_told() -> bool:
                found = await nodes(third)
                return (found["attic"]["queries"], found["cellar"]["queries"]) == (3, 2)

            await until(is_told)
            found = (await nodes(third))["cellar"]
            assert found["web"] == other.listening.url and found["dns"] == other.addresses
            assert (found["own"], found["workers"], found["waiting"]) == (False, 1, 0)
            assert found["median_ms"] is not None and found["health"] != "failing"
            for app in (one, other, third):
                status, page = await searched(app, "cellar")
                assert status == 200 and {row["node"] for row in page["rows"]} == {"cellar"}
                assert len(page["rows"]) == 2
                assert [await counted(app, each) for each in ("", "attic", "shed")] == [5, 3, 0]
            status, refused = await searched(one, "garage")
            assert status == 404 and "attic, cellar, shed" in refused["detail"]


async def test_another_node_is_drained_and_asked_again(tmp_path: Path, postgres_url: str) -> None:
    async with FakeUpstream() as upstream:
        attic, cellar = (
            house(tmp_path / name, upstream, storage={"url": postgres_url, "node": name})
            for name in ("attic", "cellar")
        )
        async with running(attic) as one, running(cellar) as other:
            await until(lambda: has_all(one, "attic", "cellar"))
            status, told = await post(one.listening.url, "/api/v1/nodes/cellar/drain")
            asked = {each["name"]: each["wants_drain"] for each in told["nodes"]}
            assert status == 200 and asked["cellar"] in (True, None) and asked["attic"] is None

            async def is_drained(name: str, wanted: bool) -> bool:
                return (await nodes(one))[name]["drained"] == wanted

            await until(lambda: is_drained("cellar", True))
            assert (await nodes(other))["cellar"]["drained"]
            assert await is_drained("attic", False)
            await ask(other.addresses[0], "www.example.org")
            await post(one.listening.url, "/api/v1/nodes/cellar/drain", drained=False)
            await until(lambda: is_drained("cellar", False))
            await post(one.listening.url, "/api/v1/nodes/attic/drain")
            assert await is_drained("attic", True), "itself at once"
            status, refused = await post(one.listening.url, "/api/v1/nodes/garage/drain")
            assert status == 404 and refused["code"] == "node_unknown"


async def test_one_that_is_away_is_told_and_forgotten_and_comes_again(
    tmp_path: Path, postgres_url: str
) -> None:
    async with FakeUpstream() as upstream:
        attic, cellar = (
            house(tmp_path / name, upstream, storage={"url": postgres_url, "node": name})
            for name in ("attic", "cellar")
        )
        async with running(attic) as one:
            async with running(cellar):
                await until(lambda: has_all(one, "attic", "cellar"))
                status, refused = await _forget(one, "cellar")
                assert (status, refused["code"]) == (409, "node_not_away")
            server = await Server.connect(postgres_url)
            await server.rows(AWAY)
            await server.close()

            async def is_away() -> bool:
                return (await nodes(one))["cellar"]["state"] == "away"

            await until(is_away)
            status, refused = await post(one.listening.url, "/api/v1/nodes/cellar/drain")
            assert (status, refused["code"]) == (409, "node_away")
            assert (await _forget(one, "cellar"))[0] == 200
            assert [*await nodes(one)] == ["attic"]
            async with running(cellar) as again:
                for app in (one, again):
                    await until(lambda app=app: has_all(app, "attic", "cellar"))
                assert not problems_of(again), "its own row of before is no other's"


async def test_two_of_one_name_both_say_so(tmp_path: Path, postgres_url: str) -> None:
    async with FakeUpstream() as upstream:
        first, second = (
            house(tmp_path / name, upstream, storage={"url": postgres_url, "node": "attic"})
            for name in ("one", "two")
        )
        said = "another sinkhole calls itself 'attic': set storage.node"
        async with running(first) as one, running(second) as other:
            for app in (one, other):
                await until(lambda app=app: any(said in each for each in problems_of(app)))


async def test_without_a_database_there_is_one_node(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        alone = house(tmp_path, upstream, storage={"node": "attic"})
        async with running(alone) as app:
            await ask(app.addresses[0], "www.example.org")
            await until(lambda: app.front.house.query_log().status()["rows"])
            told = await get(app.listening.url, "/api/v1/nodes")
            assert (told["shared"], told["error"]) == (False, "")
            assert [each["name"] for each in told["nodes"]] == ["attic"]
            assert [await counted(app, each) for each in ("", "attic")] == [1, 1]
            status, page = await searched(app, "attic")
            assert status == 200 and len(page["rows"]) == 1
            assert (await searched(app, "cellar"))[0] == 404


async def _forget(app: App, name: str) -> tuple[int, Any]:
    from aiohttp import ClientSession

    headers = {"Content-Type": "application/json"}
    async with (
        ClientSession() as session,
        session.delete(f"{app.listening.url}/api/v1/nodes/{name}", headers=headers) as response,
    ):
        return response.status, json.loads(await response.text() or "{}")
