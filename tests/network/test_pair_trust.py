"""Who is let in as the other one of a pair, for how long, and what is believed of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from house import problems_of, until
from list_server import serving
from pair_boxes import boxes

from sinkhole.model.actor import Actor, Permission

HTTP = {"scheme": "http", "port": 1}
GREETING = {"protocol": 1, "state": "", "term": 1}


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
