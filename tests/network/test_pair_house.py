"""Two servers that are paired: by a code, followed, one away and back, taken over, ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, web
from house import LIMIT_S, NOBODY, ask, problems_of, rcode_of, running, until
from list_server import LIST, serving
from settings_file import write_settings

from sinkhole.app.app import App
from sinkhole.control.pairing import pairing as pairing_module
from sinkhole.control.pairing.pairing import Pairing
from sinkhole.model.actor import Actor, Permission

HTTP = {"scheme": "http", "port": 1}
GREETING = {"protocol": 1, "state": "", "term": 1}


class Box:
    """A server with a settings file, which can be stopped and begun anew."""

    def __init__(self, folder: Path, port: int, tree: dict[str, Any]) -> None:
        self.folder = folder
        self._tree = {
            "dns": {"listen": ["127.0.0.1:0"]},
            "web": {"listen": f"127.0.0.1:{port}"},
            "upstream": {"bootstrap": [NOBODY], "servers": [NOBODY]},
            "filtering": {"lists": [], "private_sources": True},
            "storage": {"node": folder.name},
            "data_dir": str(folder / "data"),
            **tree,
        }
        self._stack = AsyncExitStack()
        self.app: App

    async def begin(self) -> None:
        config = write_settings(self.folder / "sinkhole.yaml", self._tree)
        self.app = await self._stack.enter_async_context(
            running(app=await App.of(config, {}), lists=False)
        )

    async def stop(self) -> None:
        await self._stack.aclose()

    @property
    def pairing(self) -> Pairing:
        return self.app.front.pairing

    @property
    def url(self) -> str:
        return self.app.listening.url

    async def call(
        self, method: str, path: str, body: Any = None, token: str = ""
    ) -> tuple[int, Any]:
        """Ask its API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with (
            ClientSession(timeout=ClientTimeout(total=LIMIT_S)) as client,
            client.request(
                method,
                f"{self.url}/api/v1{path}",
                json=body if method != "GET" else None,
                headers=headers,
            ) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        status, told = await self.call(method, path, {} if body is None else body)
        assert status == 200, told
        return told

    async def is_refused(self, name: str) -> bool:
        reply = await ask(self.app.addresses[0], name)
        return rcode_of(reply) == "NOERROR"

    async def pair(self, first: Box) -> None:
        code = (await first.done("POST", "/pairing/offer"))["code"]
        await self.done("POST", "/pairing/join", {"url": first.url, "code": code})
        await until(lambda: self.pairing.is_reached and first.pairing.is_reached)


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@asynccontextmanager
async def boxes(folder: Path, **tree: Any) -> AsyncIterator[tuple[Box, Box]]:
    """Two that are not paired yet."""
    for name in ("attic", "cellar"):
        (folder / name).mkdir()
    attic, cellar = (Box(folder / name, free_port(), tree) for name in ("attic", "cellar"))
    try:
        await attic.begin()
        await cellar.begin()
        yield attic, cellar
    finally:
        await cellar.stop()
        await attic.stop()


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


async def test_a_token_that_was_removed_lets_nobody_in(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, cellar):
        await cellar.pair(attic)
        await attic.done("DELETE", "/tokens/paired with cellar")
        await until(lambda: any("does not let" in each for each in problems_of(cellar.app)))


async def test_a_code_lets_one_in_once(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, cellar):
        code = (await attic.done("POST", "/pairing/offer"))["code"]
        wrong = await cellar.call("POST", "/pairing/join", {"url": attic.url, "code": "AAAA-AAAA"})
        assert wrong[0] == 409 and "that is not the code" in wrong[1]["detail"]
        given = {"code": code, "protocol": 1, "name": "cellar", "scheme": "http", "port": 1}
        status, told = await attic.call("POST", "/pairing/accept", given)
        assert status == 200 and told["secret"].startswith("skh_")
        status, told = await attic.call("POST", "/pairing/accept", given)
        assert (status, told["code"]) == (409, "is_paired"), "replayed"
        await attic.done("POST", "/pairing/end")
        status, told = await attic.call("POST", "/pairing/accept", given)
        assert (status, told["code"]) == (401, "wrong_code"), "replayed later"


async def test_a_code_is_not_to_be_guessed(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, _):
        code = (await attic.done("POST", "/pairing/offer"))["code"]
        given = {"protocol": 1, "name": "cellar", "scheme": "http", "port": 1}
        statuses = [
            (await attic.call("POST", "/pairing/accept", {**given, "code": "AAAA-AAAA"}))[0]
            for _ in range(10)
        ]
        assert set(statuses) == {401, 429} and statuses[:5] == [401] * 5
        assert not attic.pairing.code.take(code), "nor does the right one count any more"


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


async def test_only_the_other_one_of_this_very_pair_is_one(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, cellar):
        await cellar.pair(attic)
        maker = Actor("socket", "root", frozenset(Permission))
        made = await attic.app.front.identity.tokens.add(
            "of an earlier pair", {Permission.PAIRING}, None, maker
        )
        for token in (made.secret, ""):
            for method, path, body in (
                ("GET", "/pairing/peer/state", None),
                ("GET", "/pairing/peer/news", None),
                ("POST", "/pairing/peer/end", {}),
                ("POST", "/pairing/peer/list", {"source": "a"}),
                ("POST", "/pairing/peer/follow", {**HTTP, "term": 9, "after": 0}),
                ("POST", "/pairing/peer/greet", {**HTTP, **GREETING}),
            ):
                status, told = await attic.call(method, path, body, token)
                assert (status, told["code"]) == (403, "not_the_peer"), path
        secret = attic.pairing.paired.secret
        assert (await attic.call("GET", "/settings", token=secret))[0] == 403
        assert attic.pairing.paired.is_first


async def test_a_backup_neither_ends_a_pair_nor_lets_one_in_that_has_ended(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, cellar):
        alone = (await attic.done("POST", "/backups"))["name"]
        await cellar.pair(attic)
        secret = attic.pairing.paired.secret
        paired = (await attic.done("POST", "/backups"))["name"]
        await attic.done("POST", f"/backups/{alone}/restore")
        status, _ = await attic.call("GET", "/pairing/peer/state", token=secret)
        assert status == 200
        await cellar.done("POST", "/pairing/end")
        await attic.done("POST", f"/backups/{paired}/restore")
        assert (await attic.call("POST", "/log/search", {}, secret))[0] == 401
        assert (await attic.done("GET", "/tokens"))["tokens"] == []


async def test_numbers_that_are_too_large_are_refused(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, cellar):
        await cellar.pair(attic)
        secret, large = attic.pairing.paired.secret, 1 << 63
        for method, path, body in (
            ("GET", f"/pairing/peer/state?after={large}", None),
            ("GET", f"/pairing/peer/news?after={large}", None),
            ("POST", "/pairing/peer/follow", {**HTTP, "term": large, "after": 0}),
            ("POST", "/pairing/peer/greet", {**HTTP, **GREETING, "pin": "ab"}),
        ):
            status, told = await attic.call(method, path, body, secret)
            assert status == 422, told


async def test_none_is_paired_with_itself(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, _):
        code = (await attic.done("POST", "/pairing/offer"))["code"]
        status, told = await attic.call("POST", "/pairing/join", {"url": attic.url, "code": code})
        assert (status, told["code"]) == (409, "own_code")
        assert attic.pairing.paired is None


async def test_the_audit_keeps_who_was_let_in_and_what_he_did(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, cellar):
        await cellar.pair(attic)
        await cellar.done("POST", "/pairing/take-over")
        await cellar.done("POST", "/pairing/end")
        entries = (await attic.done("GET", "/audit"))["entries"]
        assert [each["operation"] for each in entries if each["actor"] == "paired with cellar"] == [
            "pairing.ended",
            "pairing.follow",
            "pairing.accept",
        ]


@pytest.mark.parametrize(
    "change",
    [
        {"term": 1 << 70},
        {"name": "a\nb"},
        {"name": "a" * 200},
        {"secret": 5},
        {"secret": "skh_\r\nHost: a"},
        {"protocol": "one"},
        {"state": None},
    ],
)
async def test_an_answer_that_makes_no_sense_pairs_with_nobody(
    change: dict[str, Any], tmp_path: Path
) -> None:
    accepted = {"protocol": 1, "state": "ab", "term": 1, "name": "attic", "secret": "skh_a"}

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(accepted | change)

    async with serving(answer) as url, boxes(tmp_path) as (attic, _):
        status, told = await attic.call("POST", "/pairing/join", {"url": url, "code": "AAAA-AAAA"})
        assert status == 503, told
        assert "can't be read" in told["detail"]
        assert attic.pairing.paired is None


async def test_a_certificate_is_not_asked_for_where_none_is_shown(tmp_path: Path) -> None:
    async with boxes(tmp_path) as (attic, cellar):
        code = (await attic.done("POST", "/pairing/offer"))["code"]
        given = {"url": attic.url, "code": code, "fingerprint": "ab" * 32}
        status, told = await cellar.call("POST", "/pairing/join", given)
        assert (status, told["code"]) == (400, "no_certificate")
        assert cellar.pairing.paired is None and attic.pairing.paired is None
