"""Two servers that are paired: by a code, followed, one away and back, taken over, ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from house import LIMIT_S, ask, problems_of, until
from list_server import LIST, serving
from pair_boxes import Box, boxes

from sinkhole.control.pairing import pairing as pairing_module
from sinkhole.control.state.schema import packed
from sinkhole.model.stamp import present


async def soon(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not await is_so():
            await asyncio.sleep(0.02)


async def add_rule(box: Box, rule: str) -> None:
    await box.done("POST", "/rules", {"rules": [rule]})


async def test_what_is_changed_on_either_counts_on_both(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, cellar):
        await add_rule(attic, "||before.example.org^")
        await add_rule(cellar, "||gone.example.org^")
        await cellar.pair(attic)
        await soon(lambda: cellar.is_refused("before.example.org"))
        assert not await cellar.is_refused("gone.example.org")
        await add_rule(attic, "||one.example.org^")
        await soon(lambda: cellar.is_refused("one.example.org"))
        await add_rule(cellar, "||two.example.org^")
        assert await cellar.is_refused("two.example.org")
        await soon(lambda: attic.is_refused("two.example.org"))
        told = await cellar.done("GET", "/pairing")
        assert (told["is_first"], told["name"], told["is_reached"]) == (False, "attic", True)
        told = await attic.done("GET", "/pairing")
        assert (told["is_first"], told["name"], told["url"]) == (True, "cellar", cellar.url)
        await until(lambda: not attic.pairing.is_behind)
        assert not problems_of(attic.app) and not problems_of(cellar.app)
        assert [each["name"] for each in (await cellar.done("GET", "/tokens"))["tokens"]] == [
            "paired with cellar"
        ]


async def test_a_first_that_is_killed_and_comes_back(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, cellar):
        await add_rule(attic, "||one.example.org^")
        await cellar.pair(attic)
        await soon(lambda: cellar.is_refused("one.example.org"))
        await attic.stop()
        await until(lambda: any("can't be reached" in each for each in problems_of(cellar.app)))
        assert await cellar.is_refused("one.example.org")
        status, told = await cellar.call("POST", "/rules", {"rules": ["||two.example.org^"]})
        assert status == 503 and "nothing can be changed now but pauses" in told["detail"]
        await cellar.done("POST", "/protection/pause", {"seconds": 600})
        await cellar.stop()
        await cellar.begin()
        await attic.begin()
        await soon(lambda: _not(attic.is_refused("one.example.org")))
        await until(lambda: not problems_of(cellar.app) or cellar.pairing.is_reached)
        await cellar.done("POST", "/protection/resume")
        await add_rule(cellar, "||two.example.org^")
        await soon(lambda: attic.is_refused("two.example.org"))


async def test_the_second_takes_over_and_the_first_follows_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairing_module, "AGAIN_S", 0.1)
    async with boxes(tmp_path) as (attic, cellar):
        await add_rule(attic, "||one.example.org^")
        await cellar.pair(attic)
        await soon(lambda: cellar.is_refused("one.example.org"))
        await attic.stop()
        await until(lambda: not cellar.pairing.is_reached)
        told = await cellar.done("POST", "/pairing/take-over")
        assert (told["is_first"], told["term"]) == (True, 2)
        await add_rule(cellar, "||two.example.org^")
        assert any("was not told yet" in each for each in problems_of(cellar.app))
        await attic.begin()
        await soon(lambda: attic.is_refused("two.example.org"))
        assert not attic.pairing.paired.is_first
        await until(lambda: cellar.pairing.is_reached)
        await add_rule(attic, "||three.example.org^")
        await soon(lambda: cellar.is_refused("three.example.org"))
        assert not problems_of(attic.app) and not problems_of(cellar.app)
        told = await attic.done("POST", "/pairing/take-over")  # and back, while both are there
        assert (told["is_first"], told["term"]) == (True, 3)
        await until(lambda: not cellar.pairing.paired.is_first and cellar.pairing.is_reached)
        await add_rule(cellar, "||four.example.org^")
        await soon(lambda: attic.is_refused("four.example.org"))


async def test_when_it_has_ended_both_go_on_with_what_they_have(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, cellar):
        await add_rule(attic, "||one.example.org^")
        await cellar.pair(attic)
        await soon(lambda: cellar.is_refused("one.example.org"))
        secret = cellar.pairing.paired.secret
        await cellar.done("POST", "/pairing/end")
        assert attic.pairing.paired is None
        for box in (attic, cellar):
            assert not (await box.done("GET", "/pairing"))["is_paired"]
            assert (await box.call("GET", "/pairing/peer/state", token=secret))[0] == 401
            assert (await box.done("GET", "/tokens"))["tokens"] == []
        await add_rule(attic, "||two.example.org^")
        assert not await cellar.is_refused("two.example.org")
        await add_rule(cellar, "||three.example.org^")
        await cellar.pair(attic)
        await soon(lambda: cellar.is_refused("two.example.org"))


async def test_the_log_of_each_can_be_read_from_the_other(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (first, second):
        await second.pair(first)
        for box, name in ((first, "first.example.org"), (second, "second.example.org")):
            await ask(box.app.addresses[0], name)
            log = box.app.front.house.query_log()
            await until(lambda log=log: log.status()["rows"] == 1)
        for box, other, name in (
            (first, "cellar", "second.example.org"),
            (second, "attic", "first.example.org"),
        ):
            told = await box.done("POST", "/log/search", {"nodes": [other], "limit": 5})
            assert [(row["name"], row["node"]) for row in told["rows"]] == [(name, other)]
            wanted = {"nodes": [other], "names": ["nothing.example.net"]}
            assert (await box.done("POST", "/log/search", wanted))["rows"] == []
            wanted = {"nodes": [other], "since": "yesterday"}
            status, told = await box.call("POST", "/log/search", wanted)
            assert status >= 400 and told["code"] == "search_invalid", told
        await second.stop()
        status, told = await first.call("POST", "/log/search", {"nodes": ["cellar"]})
        assert status == 503 and "can't be reached" in told["detail"], told


async def test_versions_that_are_too_far_apart_are_told_so(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, _):
        given = {"name": "cellar", "scheme": "http", "port": 1, "protocol": 3}
        code = (await attic.done("POST", "/pairing/offer"))["code"]
        status, told = await attic.call("POST", "/pairing/accept", {**given, "code": code})
        assert (status, told["code"]) == (409, "pairing_protocol")
        assert "bring this one up to date" in told["detail"]
        status, _ = await attic.call(
            "POST", "/pairing/accept", {**given, "protocol": 2, "code": code}
        )
        assert status == 200, "the code was not used up by that"


async def test_the_second_takes_lists_from_the_first(tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=LIST)

    async with serving(answer) as url, boxes(tmp_path) as (attic, cellar):
        await cellar.pair(attic)
        await attic.done("POST", "/lists", {"source": f"{url}/ads.txt", "name": "Ads"})
        for box in (attic, cellar):
            await until(lambda box=box: _names(box) == 500)
        assert asked == ["/ads.txt"]
        assert cellar.app.library.status()[-1]["taken_from"] == "attic"
        await attic.stop()
        await until(lambda: not cellar.pairing.is_reached)
        await cellar.app.library.update()
        assert asked == ["/ads.txt"] * 2 and _names(cellar) == 500


def _names(box: Box) -> int:
    return sum(each["names"] for each in box.app.library.status() if each["name"] == "Ads")


async def _not(asked: Awaitable[bool]) -> bool:
    return not await asked


async def test_what_the_first_tells_when_another_takes_over_is_in_force(tmp_path: Path) -> None:
    rule = [
        "rule",
        packed(["||late.example.org^"]),
        packed({"began": packed(present()), "seconds": 600.0, "by": "otto", "note": ""}),
    ]
    nothing = {"revision": 5, "entries": [], "is_whole": True}
    answers = {
        "accept": {"protocol": 1, "state": "ab", "term": 1, "name": "attic", "secret": "skh_a"},
        "greet": {"protocol": 1, "term": 1, "is_first": True},
        "state": nothing,
        "follow": {"revision": 6, "entries": [rule], "is_whole": False},
    }
    is_over = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if (what := request.path.rpartition("/")[2]) == "news":
            await is_over.wait()
        if request.method == "POST" and what == "state":
            return web.json_response({"revision": 5, "before": 5})
        return web.json_response(answers.get(what, {}))

    async with serving(answer) as url, boxes(tmp_path) as (_, cellar):
        try:
            await cellar.done("POST", "/pairing/join", {"url": url, "code": "AAAA-AAAA"})
            await until(lambda: cellar.pairing.is_reached)
            assert not await cellar.is_refused("late.example.org")
            await cellar.done("POST", "/pairing/take-over")
            assert await cellar.is_refused("late.example.org")
        finally:
            is_over.set()
