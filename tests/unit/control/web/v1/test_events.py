"""Server-Sent Events: topics and their permissions, rows and what a slow reader missed, the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace, TracebackType
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession
from bare_house import KnownActors, bare_house

from sinkhole.control.state.pauses import Pause
from sinkhole.control.stats import Counters
from sinkhole.control.web import WebServer, create_app
from sinkhole.control.web.v1.subscribers import MOST_PER_ACTOR
from sinkhole.model.actor import Permission
from sinkhole.model.errors import RequestError
from sinkhole.model.stamp import Stamp
from sinkhole.model.status import Problem

ROW = {
    "client": "192.0.2.7", "device": "", "group": "default",
    "name": "ads.example.org", "outcome": "blocked", "blocked": True,
}  # fmt: skip


class Follower:
    """What the log gives to who follows it."""

    def __init__(self) -> None:
        self.missed = 0
        self.rows: list[dict[str, Any]] = []
        self.is_closed = False

    def __enter__(self) -> Follower:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_closed = True

    def waiting(self) -> list[dict[str, Any]]:
        rows, self.rows = self.rows, []
        return rows


class Happening:
    """A house in which something happens."""

    def __init__(self) -> None:
        self.identity = KnownActors(has_accounts=True)
        self.counters = Counters()
        self.problems: list[Problem] = []
        self.pauses: list[Pause] = []
        self.status: dict[str, Any] = {"upstreams": [], "lists": []}
        self.followers: list[Follower] = []
        self.looked = 0

    def tail(self) -> Follower:
        self.followers.append(Follower())
        return self.followers[-1]

    def told_problems(self) -> list[Problem]:
        self.looked += 1
        return self.problems

    def house(self) -> Any:
        return bare_house(
            identity=self.identity,
            counters=self.counters,
            problems=self.told_problems,
            protection=SimpleNamespace(pauses=self.pauses),
            status=lambda: self.status,
            query_log=lambda: SimpleNamespace(tail=self.tail),
            log_store=no_reader,
            client_name=lambda client, device: "Kids tablet" if client == "192.0.2.7" else "",
        )


def no_reader() -> Any:
    raise RequestError("unavailable", "log_unavailable", "there is no log")


@pytest.fixture
def happening() -> Happening:
    return Happening()


@pytest.fixture
async def url(happening: Happening) -> AsyncIterator[str]:
    server = WebServer(create_app(happening.house()), "127.0.0.1", 0)
    await server.start()
    yield f"{server.url}/api/v1/events"
    await server.stop()


@asynccontextmanager
async def listening(
    client: ClientSession, url: str, token: str, **parameters: str
) -> AsyncIterator[ClientResponse]:
    headers = {"Authorization": f"Bearer {token}"}
    async with client.get(url, params=parameters, headers=headers) as answer:
        yield answer


async def heard(answer: ClientResponse) -> tuple[str, Any]:
    """The next event: its name and its data."""
    name = ""
    while line := (await answer.content.readline()).decode():
        if line.startswith("event: "):
            name = line[7:].strip()
        elif line.startswith("data: "):
            return name, json.loads(line[6:])
    return "end", None


async def test_states_are_told_at_once_and_when_they_change(
    url: str, client: ClientSession, happening: Happening
) -> None:
    token = happening.identity.may(Permission.STATS_READ, Permission.STATUS_READ)
    async with listening(client, url, token) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        assert await heard(answer) == ("counters", {"queries": 0, "outcomes": {}})
        assert await heard(answer) == ("problems", {"problems": []})
        happening.counters.outcomes["blocked"] += 2
        assert await heard(answer) == ("counters", {"queries": 2, "outcomes": {"blocked": 2}})
        happening.problems = [Problem("disk.full", "error", "the disk is full", "make room")]
        name, data = await heard(answer)
    assert name == "problems"
    assert data["problems"][0]["code"] == "disk.full"


async def test_pauses_upstreams_and_lists_are_told_when_they_change_and_not_as_they_age(
    url: str, client: ClientSession, happening: Happening
) -> None:
    server = {"name": "tls://dns.example.org", "up": True, "connected_s": 1.0}
    a_list = dict.fromkeys(("state", "names", "changed", "error", "quarantine", "checked"))
    happening.status = {"upstreams": [server], "lists": [{"name": "Ads", **a_list}]}
    token = happening.identity.may(Permission.STATUS_READ, Permission.LISTS_READ)
    topics = "protection,upstreams,lists"
    async with listening(client, url, token, topics=topics) as answer:
        told = dict([await heard(answer) for _ in topics.split(",")])
        assert told["protection"] == {"enabled": True, "pauses": []}
        assert told["upstreams"] == {"upstreams": [{"name": server["name"], "up": True}]}
        assert told["lists"]["lists"][0]["name"] == "Ads"
        server["connected_s"] = 2.0
        happening.pauses.append(Pause("group", "kids", Stamp("boot", 5.0, 1e9), 60.0, "anna"))
        name, data = await heard(answer)
        assert (name, data["enabled"], data["pauses"][0]["name"]) == ("protection", True, "kids")
        server["up"] = False
        assert await heard(answer) == (
            "upstreams", {"upstreams": [{"name": server["name"], "up": False}]},
        )  # fmt: skip


async def test_rows_are_told_that_are_wanted_with_what_was_missed(
    url: str, client: ClientSession, happening: Happening
) -> None:
    token = happening.identity.may(Permission.LOG_READ)
    async with listening(client, url, token, topics="rows", name="ADS", blocked="true") as answer:
        while not happening.followers:
            await asyncio.sleep(0)
        (follower,) = happening.followers
        follower.rows = [ROW, {**ROW, "name": "www.example.org"}, {**ROW, "blocked": False}]
        assert await heard(answer) == ("rows", {"rows": [ROW], "missed": 0})
        follower.missed = 7
        assert await heard(answer) == ("rows", {"rows": [], "missed": 7})
        follower.rows, follower.missed = [ROW], 9
        assert await heard(answer) == ("rows", {"rows": [ROW], "missed": 2})
    while not follower.is_closed:
        await asyncio.sleep(0)


async def test_rows_are_chosen_as_a_search_chooses_them(
    url: str, client: ClientSession, happening: Happening
) -> None:
    headers = {"Authorization": f"Bearer {happening.identity.may(Permission.LOG_READ)}"}
    query = "topics=rows&clients=tablet&clients=198.51.100.0/24&name_match=below&names=example.org"
    rows = [
        ROW,
        {**ROW, "client": "198.51.100.9"},
        {**ROW, "client": "203.0.113.9"},
        {**ROW, "name": "ads.example.net"},
    ]
    async with client.get(f"{url}?{query}", headers=headers) as answer:
        while not happening.followers:
            await asyncio.sleep(0)
        happening.followers[0].rows = rows
        assert await heard(answer) == ("rows", {"rows": rows[:2], "missed": 0})
    for wrong in ("verdicts=nope", "types=nope", "clients=192.0.2.0/99"):
        async with client.get(f"{url}?topics=rows&{wrong}", headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, "search_invalid")


@pytest.mark.parametrize(
    ("topics", "permission"),
    [
        ("counters", Permission.STATS_READ),
        ("rows", Permission.LOG_READ),
        ("problems", Permission.STATUS_READ),
        ("protection", Permission.STATUS_READ),
        ("upstreams", Permission.STATUS_READ),
        ("lists", Permission.LISTS_READ),
    ],
)
async def test_each_topic_needs_its_permission(
    url: str, client: ClientSession, happening: Happening, topics: str, permission: Permission
) -> None:
    without = happening.identity.may(*(frozenset(Permission) - {permission}))
    async with listening(client, url, without, topics=topics) as answer:
        assert answer.status == 403
        assert (await answer.json())["permission"] == permission
    async with listening(client, url, happening.identity.may(permission), topics=topics) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "query",
    [
        *("topics=weather", "topics=", "colour=red", "blocked=maybe", "name=a&name=b"),
        *("view=1abc", "name_match=like"),
    ],
)
async def test_what_is_not_understood_is_named(
    url: str, client: ClientSession, happening: Happening, query: str
) -> None:
    headers = {"Authorization": f"Bearer {happening.identity.may(*Permission)}"}
    async with client.get(f"{url}?{query}", headers=headers) as answer:
        assert answer.status == 422
        assert (await answer.json())["errors"][0]["key"] == query.partition("=")[0]


async def test_a_stream_ends_with_the_token_that_it_was_asked_for_by(
    url: str, client: ClientSession, happening: Happening
) -> None:
    token = happening.identity.may(Permission.STATUS_READ)
    async with listening(client, url, token, topics="problems") as answer:
        assert (await heard(answer))[0] == "problems"
        happening.identity.tokens.clear()
        assert (await heard(answer))[0] == "end"


async def test_streams_are_few_and_nothing_is_looked_at_without_one(
    url: str, client: ClientSession, happening: Happening
) -> None:
    assert happening.looked == 0
    token = happening.identity.may(Permission.STATUS_READ)
    held = [listening(client, url, token, topics="problems") for _ in range(MOST_PER_ACTOR)]
    for each in held:
        assert (await each.__aenter__()).status == 200
    async with listening(client, url, token, topics="problems") as answer:
        assert answer.status == 429
        assert answer.headers["Retry-After"] == "5"
    for each in held:
        await each.__aexit__(None, None, None)


async def test_the_place_of_a_reader_who_goes_is_the_next_ones(
    url: str, client: ClientSession, happening: Happening
) -> None:
    token = happening.identity.may(Permission.STATUS_READ)
    held = [listening(client, url, token, topics="problems") for _ in range(MOST_PER_ACTOR)]
    for each in held:
        assert (await each.__aenter__()).status == 200
    one_more = listening(client, url, token, topics="problems")
    waiting = asyncio.ensure_future(one_more.__aenter__())
    left = held.pop()
    await left.__aexit__(None, None, None)
    assert (await waiting).status == 200
    for each in (*held, one_more):
        await each.__aexit__(None, None, None)
