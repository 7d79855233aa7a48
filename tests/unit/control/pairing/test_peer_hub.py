"""The state of the first of a pair as the second gets it, from a real HTTP server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from sinkhole.control.pairing.peer import Peer
from sinkhole.control.pairing.peer_hub import PeerHub
from sinkhole.control.replication.hub import Entry, HubAwayError, Pushed
from sinkhole.control.state.file import BehindError
from sinkhole.control.state.schema import packed
from sinkhole.model.errors import StorageError
from sinkhole.model.stamp import Stamp

HOUR_S = 3600
NOW_S = 1_800_000_000.0
BEGAN = Stamp("boot", 50.0, NOW_S - 60)
KIDS = Entry("setting", packed(["groups", "kids"]), packed({"position": 1, "value": "{}"}))


def pause(began: Stamp) -> Entry:
    """One for everybody, for ten minutes."""
    value = packed({"began": packed(began), "seconds": 600.0, "by": "otto"})
    return Entry("pause", packed(["all", ""]), value)


class First:
    """What answers as the first of a pair does; its clock is ahead by so much."""

    def __init__(self, ahead_s: int = 0) -> None:
        self.ahead_s = ahead_s
        self.pulled: Any = {"revision": 7, "entries": [list(KIDS)], "is_whole": True}
        self.pushed: list[Any] = []
        self.refusal: tuple[int, str] | None = None
        self.says = "it says no"
        self.accepted: Any = {"revision": 9, "before": 7}

    async def answer(self, request: web.Request) -> web.Response:
        headers = {"Date": formatdate(NOW_S + self.ahead_s, usegmt=True)}
        if self.refusal is not None:
            status, code = self.refusal
            problem = {"code": code, "detail": self.says}
            return web.json_response(problem, status=status, headers=headers)
        if request.method == "GET":
            return web.json_response(self.pulled, headers=headers)
        self.pushed.append((dict(request.query), json.loads(await request.read())))
        return web.json_response(self.accepted, headers=headers)


@asynccontextmanager
async def following(first: First) -> AsyncIterator[PeerHub]:
    """The hub that is asked there, by a clock that shows NOW_S."""
    app = web.Application()
    app.router.add_route("*", "/api/v1/pairing/peer/{what}", first.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    peer = Peer(f"http://{host}:{port}", "secret", clock=lambda: NOW_S)
    try:
        yield PeerHub(peer, "state", lambda: None)
    finally:
        await peer.close()
        await runner.cleanup()


async def test_what_changed_comes_and_what_is_changed_goes_there() -> None:
    async with following(first := First()) as hub:
        pulled = await hub.pull(0)
        assert (pulled.revision, pulled.entries, pulled.is_whole) == (7, [KIDS], True)
        assert await hub.push(7, [KIDS]) == Pushed(9, 7)
        await hub.push(None, [KIDS._replace(value=None)])
        assert first.pushed == [
            ({"base": "7"}, [list(KIDS)]),
            ({}, [[KIDS.kind, KIDS.key, None]]),
        ]


@pytest.mark.parametrize("ahead_s", [HOUR_S, -HOUR_S, 2, 0])
async def test_a_moment_is_told_by_the_clock_of_who_reads_it(ahead_s: int) -> None:
    first = First(ahead_s)
    told_s = ahead_s if abs(ahead_s) == HOUR_S else 0  # so little is no difference
    there = pause(BEGAN._replace(wall_s=BEGAN.wall_s + told_s))
    first.pulled["entries"] = [list(there), list(KIDS)]
    async with following(first) as hub:
        assert (await hub.pull(0)).entries == [pause(BEGAN), KIDS]
        await hub.push(7, [pause(BEGAN)])
        assert first.pushed[-1][1] == [list(there)]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (409, "behind", BehindError),
        (409, "pair_ended", HubAwayError),
        (503, "unavailable", HubAwayError),
        (401, "unauthenticated", StorageError),
    ],
)
async def test_what_it_refuses_can_be_asked_again(
    status: int, code: str, error: type[StorageError]
) -> None:
    first = First()
    first.refusal = status, code
    async with following(first) as hub:
        with pytest.raises(error):
            await hub.push(7, [KIDS])


@pytest.mark.parametrize("told", [None, [], {"revision": 1}, {"revision": 1, "entries": [["a"]]}])
async def test_what_makes_no_sense_is_refused(told: Any) -> None:
    first = First()
    first.pulled = told
    async with following(first) as hub:
        with pytest.raises(StorageError):
            await hub.pull(0)


@pytest.mark.parametrize("told", [None, {}, {"revision": 1 << 70, "before": 1}, {"revision": "a"}])
async def test_an_answer_to_a_change_that_makes_no_sense_is_refused(told: Any) -> None:
    first = First()
    first.accepted = told
    async with following(first) as hub:
        with pytest.raises(StorageError):
            await hub.push(7, [KIDS])


@pytest.mark.parametrize("revision", [1 << 70, -1])
async def test_a_revision_that_can_be_none_is_refused(revision: int) -> None:
    first = First()
    first.pulled["revision"] = revision
    async with following(first) as hub:
        with pytest.raises(StorageError):
            await hub.pull(0)


async def test_what_it_says_when_it_refuses_is_one_short_line() -> None:
    first = First()
    first.refusal = 409, "behold"
    first.says = "no\n\x1b[31mWARNING root: all is lost " * 100
    async with following(first) as hub:
        with pytest.raises(StorageError) as raised:
            await hub.pull(0)
        assert len(str(raised.value)) < 600 and str(raised.value).isprintable()
