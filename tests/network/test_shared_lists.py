"""Two servers with one database: each list is fetched once, and both have it."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from fake_upstream import FakeUpstream
from house import house, problems_of, running, until
from list_server import LIST, serving
from postgres_server import PostgresServer

from sinkhole.app.app import App
from sinkhole.control.lists.status import ListStatus


class Counting:
    """A web server that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.Response(body=LIST)


def lists_of(app: App) -> dict[str, ListStatus]:
    return {each["name"]: each for each in app.library.status()}


def has_all(app: App) -> bool:
    return all(each["state"] == "ready" for each in lists_of(app).values())


async def test_two_servers_fetch_each_list_once(tmp_path: Path, postgres_url: str) -> None:
    counting = Counting()
    async with FakeUpstream() as upstream, serving(counting.answer) as url:
        names = [f"list{number}" for number in range(6)]
        lists = [{"name": name, "url": f"{url}/{name}"} for name in names]
        attic, cellar = (
            house(
                tmp_path / name,
                upstream,
                storage={"url": postgres_url, "node": name},
                filtering={"lists": lists, "private_sources": True},
            )
            for name in ("attic", "cellar")
        )
        async with running(attic, lists=False) as one, running(cellar, lists=False) as other:
            await until(lambda: has_all(one) and has_all(other))
            assert sorted(counting.asked) == [f"/{name}" for name in names]
            for name in names:
                who = {lists_of(one)[name]["taken_from"], lists_of(other)[name]["taken_from"]}
                assert who in ({"", "attic"}, {"", "cellar"})
            assert {each["names"] for each in lists_of(one).values()} == {500}


async def test_a_database_that_is_away_keeps_no_list_away(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    counting, away = Counting(), postgres.new_database() + "-away"
    async with FakeUpstream() as upstream, serving(counting.answer) as url:
        lists = [{"name": "one", "url": f"{url}/one"}]
        alone = house(
            tmp_path,
            upstream,
            storage={"url": away},
            filtering={"lists": lists, "private_sources": True},
        )
        async with running(alone, lists=False) as app:
            await until(lambda: has_all(app))
            await until(lambda: any("database" in each for each in problems_of(app)))
    assert counting.asked == ["/one"]
