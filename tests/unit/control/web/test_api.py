"""What the API answers, and how it refuses."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from sinkhole.control.database import Reader
from sinkhole.control.stats import SqliteCounts, Statistics
from sinkhole.control.web.api import MOST_TRIALS
from sinkhole.model.errors import StorageError
from sinkhole.model.statistics import ListHits

JSON = {"Content-Type": "application/json"}
STARTER = 'Starter "one"\n'
TRIAL = "/api/upstreams/test"


async def test_statistics_of_the_asked_period_and_of_a_day_without_one(
    serve: Any, client: ClientSession, house: Any
) -> None:
    site = await serve()
    async with client.get(f"{site.url}/api/stats?period=1h") as answer:
        assert (answer.status, (await answer.json())["period"]) == (200, "1h")
    async with client.get(f"{site.url}/api/stats") as answer:
        assert (await answer.json())["period"] == "24h"
    assert house.asked == [{"period": "1h"}, {"period": "24h"}]


async def test_every_filter_of_the_log_reaches_the_history_under_its_name(
    serve: Any, client: ClientSession, house: Any
) -> None:
    site = await serve()
    query = "limit=7&before=abc&client=192.0.2.1&name=ads&verdict=blocked&type=AAAA&transport=tls"
    async with client.get(f"{site.url}/api/queries?{query}") as answer:
        assert answer.status == 200
    assert house.asked == [
        {"limit": 7, "before": "abc", "client": "192.0.2.1", "name": "ads",
         "verdict": "blocked", "qtype": "AAAA", "transport": "tls"}
    ]  # fmt: skip


async def test_what_is_looked_for_is_given_up_when_the_client_has_gone(
    serve: Any, house: Any
) -> None:
    site = await serve()
    _, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"GET /api/queries?verdict=slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await house.history.asked_slowly.wait()
    writer.close()
    await house.history.given_up.wait()
    assert house.asked[0]["verdict"] == "slow"


async def test_an_empty_filter_is_no_filter(serve: Any, client: ClientSession, house: Any) -> None:
    site = await serve()
    async with client.get(f"{site.url}/api/queries?name=&verdict=") as answer:
        assert answer.status == 200
    assert (house.asked[0]["name"], house.asked[0]["verdict"]) == (None, None)
    assert house.asked[0]["limit"] == 100


async def test_hostile_names_travel_as_escaped_json_that_no_cache_keeps(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    async with client.get(f"{site.url}/api/queries") as answer:
        body = await answer.read()
        assert answer.content_type == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
    assert body.isascii()
    assert rb"\u202e<script>\ud800" in body


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/stats?period=2h", ["period", "'2h'", "1h, 24h"]),
        ("/api/stats?perod=1h", ["unknown parameter 'perod'", "accepted: period"]),
        ("/api/stats?period=1h&period=24h", ["period is given twice"]),
        ("/api/queries?limit=0", ["limit", "'0'", "from 1 to 200"]),
        ("/api/queries?limit=201", ["limit", "from 1 to 200"]),
        ("/api/queries?limit=%D9%A3", ["limit", "from 1 to 200"]),
        ("/api/queries?limit=-1", ["limit", "from 1 to 200"]),
        ("/api/queries?verdict=odd", ["verdict", "'odd'", "blocked, allowed"]),
        ("/api/status?x=1", ["unknown parameter 'x'", "accepted: no parameters"]),
        ("/api/lists?" + "x" * 500, ["unknown parameter"]),
    ],
)
async def test_a_wrong_parameter_gets_400_with_its_name_and_what_is_accepted(
    serve: Any, client: ClientSession, path: str, words: list[str]
) -> None:
    site = await serve()
    async with client.get(site.url + path) as answer:
        error = (await answer.json())["error"]
        assert answer.status == 400
    for word in words:
        assert word in error
    assert len(error) < 200


async def test_status_and_lists_are_passed_on_whole(serve: Any, client: ClientSession) -> None:
    site = await serve()
    async with client.get(f"{site.url}/api/status") as answer:
        status = await answer.json()
    async with client.get(f"{site.url}/api/lists") as answer:
        lists = await answer.json()
    assert lists["lists"] == [status["lists"][0] | {"hits_day": 12, "hits_week": 345}]
    assert lists["lists"][0]["names"] == 262


async def test_without_statistics_hits_are_null_and_a_list_without_any_has_0(
    serve: Any, client: ClientSession, tmp_path: Path
) -> None:
    class NoHits(Statistics):
        async def list_hits(self) -> dict[str, ListHits]:
            return {}

    for statistics, expected in ((NoHits, 0), (Statistics, None)):
        site = await serve(statistics=statistics(SqliteCounts(Reader(tmp_path / "none.db"))))
        async with client.get(f"{site.url}/api/lists") as answer:
            (row,) = (await answer.json())["lists"]
        assert (row["hits_day"], row["hits_week"]) == (expected, expected)


async def test_an_upstream_is_tried_and_told_of(
    serve: Any, house: Any, client: ClientSession
) -> None:
    site = await serve()
    url = "tls://dns.example.org"
    body = json.dumps({"url": url})
    async with client.post(f"{site.url}{TRIAL}", data=body, headers=JSON) as answer:
        assert answer.status == 200
        assert (await answer.json())["url"] == url
    assert house.asked == [{"upstream": url}]


@pytest.mark.parametrize("body", ["{}", "[]", '{"url": 5}', '{"url": "a", "x": 1}'])
async def test_trying_takes_a_url_and_nothing_else(
    serve: Any, house: Any, client: ClientSession, body: str
) -> None:
    site = await serve()
    async with client.post(f"{site.url}{TRIAL}", data=body, headers=JSON) as answer:
        assert answer.status == 400
        assert "say which upstream" in (await answer.json())["error"]
    assert house.asked == []


async def test_what_is_no_upstream_gets_400_with_what_to_write(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    body = json.dumps({"url": "nonsense"})
    async with client.post(f"{site.url}{TRIAL}", data=body, headers=JSON) as answer:
        assert answer.status == 400
        assert "write such as" in (await answer.json())["error"]


async def test_only_some_upstreams_are_tried_at_once(
    serve: Any, house: Any, client: ClientSession
) -> None:
    site = await serve()
    house.trial = asyncio.Event()
    where, body = f"{site.url}{TRIAL}", json.dumps({"url": "tls://dns.example.org"})

    async def tried() -> int:
        async with client.post(where, data=body, headers=JSON) as answer:
            return answer.status

    waiting = [asyncio.ensure_future(tried()) for _ in range(MOST_TRIALS)]
    while len(house.asked) < MOST_TRIALS:
        await asyncio.sleep(0)
    assert await tried() == 409
    house.trial.set()
    assert await asyncio.gather(*waiting) == [200] * MOST_TRIALS
    assert await tried() == 200


async def test_what_is_held_back_is_accepted_by_the_name_of_its_list(
    serve: Any, client: ClientSession, house: Any
) -> None:
    site = await serve()
    body = json.dumps({"name": STARTER}).encode()
    async with client.post(f"{site.url}/api/lists/accept", data=body, headers=JSON) as answer:
        assert answer.status == 200
        assert (await answer.json())["lists"][0]["name"] == STARTER
    assert house.asked == [{"accept": STARTER}]
    body = b'{"name": "Another"}'
    async with client.post(f"{site.url}/api/lists/accept", data=body, headers=JSON) as answer:
        assert answer.status == 409
        assert "nothing is held back" in (await answer.json())["error"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'"Starter"', b'{"name": 1}', b'{"name": "a", "more": 1}', b"{"],
    ids=["none", "empty", "list", "text", "number", "more", "cut"],
)
async def test_accepting_takes_a_name_and_nothing_else(
    serve: Any, client: ClientSession, house: Any, body: bytes
) -> None:
    site = await serve()
    async with client.post(f"{site.url}/api/lists/accept", data=body, headers=JSON) as answer:
        assert answer.status == 400
    assert house.asked == []


async def test_an_update_tells_how_many_lists_changed(serve: Any, client: ClientSession) -> None:
    site = await serve()
    async with client.post(f"{site.url}/api/lists/update", data=b"{}", headers=JSON) as answer:
        assert answer.status == 200
        assert (await answer.json())["updated"] == 1


async def test_a_second_update_is_refused_while_one_runs_and_works_afterwards(
    serve: Any, client: ClientSession
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> int:
        begun.set()
        await go_on.wait()
        return 3

    site = await serve(update=slowly)

    async def update() -> tuple[int, dict[str, object]]:
        async with client.post(f"{site.url}/api/lists/update", headers=JSON) as answer:
            return answer.status, await answer.json()

    first = asyncio.create_task(update())
    await begun.wait()
    assert (await update())[0] == 409
    go_on.set()
    status, answer = await first
    assert (status, answer["updated"]) == (200, 3)
    assert (await update())[0] == 200


async def test_a_failed_update_leaves_the_next_one_possible(
    serve: Any, client: ClientSession
) -> None:
    failures = [StorageError("the disk is full")]

    async def update_lists() -> int:
        if failures:
            raise failures.pop()
        return 2

    site = await serve(update=update_lists)
    async with client.post(f"{site.url}/api/lists/update", headers=JSON) as answer:
        assert answer.status == 503
        assert await answer.json() == {"error": "the disk is full"}
    async with client.post(f"{site.url}/api/lists/update", headers=JSON) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("body", [b"[", b'{"force": true}', b"[]", b"[" * 60_000, b"\xff"])
async def test_a_body_with_options_or_none_of_json_is_refused(
    serve: Any, client: ClientSession, body: bytes
) -> None:
    site = await serve()
    async with client.post(f"{site.url}/api/lists/update", data=body, headers=JSON) as answer:
        assert answer.status == 400
        assert "{}" in (await answer.json())["error"]


async def test_a_body_over_64_kib_gets_413_and_compression_does_not_get_round_it(
    serve: Any, client: ClientSession
) -> None:
    site = await serve()
    url = f"{site.url}/api/lists/update"
    async with client.post(url, data=b" " * 65_537, headers=JSON) as answer:
        assert answer.status == 413
        assert "64 KiB" in (await answer.json())["error"]
    bomb = b" " * 1_000_000
    async with client.post(url, data=bomb, headers=JSON, compress="deflate") as answer:
        assert answer.status == 400  # about 1 kB arrives, and is not unpacked


# Explanations


async def test_an_explanation_is_asked_for_with_all_that_was_given(
    serve: Any, client: ClientSession, house: Any
) -> None:
    site = await serve()
    for query in ("name=a.example", "name=a.example&type=HTTPS&client=192.0.2.7&ask=false"):
        async with client.get(f"{site.url}/api/explain?{query}") as answer:
            assert answer.status == 200
            body = await answer.read()
    assert rb"\u001b[31m\u202e\ud800" in body
    assert house.asked == [
        {"name": "a.example", "type": "A", "client": "", "ask": False},
        {"name": "a.example", "type": "HTTPS", "client": "192.0.2.7", "ask": False},
    ]


async def test_an_upstream_is_asked_by_post_only(
    serve: Any, client: ClientSession, house: Any
) -> None:
    site = await serve()
    url = f"{site.url}/api/explain"
    for method in ("GET", "HEAD"):
        async with client.request(method, f"{url}?name=a.example&ask=true") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
            assert method == "HEAD" or "POST /api/explain" in (await answer.json())["error"]
    assert house.asked == []
    for body in (
        {"name": "a.example", "type": "HTTPS", "client": "192.0.2.7", "ask": True},
        {"name": "a.example", "type": "", "client": ""},
    ):
        async with client.post(url, json=body) as answer:
            assert answer.status == 200
            assert (await answer.json())["name"] == "a.example"
    assert house.asked == [
        {"name": "a.example", "type": "HTTPS", "client": "192.0.2.7", "ask": True},
        {"name": "a.example", "type": "A", "client": "", "ask": False},
    ]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({}, 400, 'say which name: {"name": "example.org"}'),
        ([], 400, "say which name"),
        ({"name": ""}, 400, "say which name"),
        ({"name": ["a.example"]}, 400, "name has to be a text"),
        ({"name": "a.example", "type": 1}, 400, "type has to be a text"),
        ({"name": "a.example", "ask": "true"}, 400, "ask may be true or false"),
        ({"name": "a.example", "mood": "good"}, 400, "accepted: also, ask, at, client, name, type"),
        ({"name": "a.example", "client": "me"}, 400, "does not appear to be an IPv4 or IPv6"),
        ({"name": "dead.example", "ask": True}, 503, "every upstream: no answer"),
    ],
)
async def test_what_can_not_be_explained_by_post_is_told(
    serve: Any, client: ClientSession, body: Any, status: int, reason: str
) -> None:
    site = await serve()
    async with client.post(f"{site.url}/api/explain", json=body) as answer:
        assert answer.status == status
        assert reason in (await answer.json())["error"]


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("", 400, "say which name: /api/explain?name=example.org"),
        ("name=", 400, "say which name"),
        ("name=a.example&ask=yes", 400, "ask is 'yes'; it may be true or false"),
        ("name=a.example&mood=good", 400, "accepted: also, ask, at, client, name, type"),
        ("name=a.example&client=me", 400, "'me' does not appear to be an IPv4 or IPv6 address"),
        ("name=dead.example", 503, "every upstream: no answer"),
    ],
)
async def test_what_can_not_be_explained_is_told(
    serve: Any, client: ClientSession, query: str, status: int, reason: str
) -> None:
    site = await serve()
    async with client.get(f"{site.url}/api/explain?{query}") as answer:
        assert answer.status == status
        assert reason in (await answer.json())["error"]
