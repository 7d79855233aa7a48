"""When a server says that it is to be asked, and when that others are: /readyz."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from house import answers, get_text, house, list_server, running, until
from places import nobodys_place

from sinkhole.app.app import App

RULES = {"filtering__rules": ["||ads.example^"]}
READY = (200, "ready\n")


async def readyz(app: App) -> tuple[int, str]:
    return await get_text(app.listening.url, "/readyz")


async def is_unready(app: App) -> bool:
    return (await readyz(app))[0] == 503


async def test_it_waits_for_the_lists_that_it_begins_with_and_for_none_that_comes_later(
    tmp_path: Path,
) -> None:
    async with list_server("||first.example^") as first, list_server("||later.example^") as later:
        first.gate, later.gate = asyncio.Event(), asyncio.Event()
        lists: list[Any] = [first.item("First")]
        async with running(house(tmp_path, filtering__lists=lists), lists=False) as app:
            await first.asked(1)
            status, text = await readyz(app)
            assert (status, text) == (503, "the list 'First' has neither come nor failed yet\n")
            first.gate.set()
            await until(lambda: not app.overview.readiness.waits(), "that it is ready")
            lists.append(later.item("Later"))
            await app.apply(house(tmp_path, filtering__lists=lists))
            await later.asked(1)
            assert {each["name"]: each["state"] for each in app.library.status()} == {
                "First": "ready",
                "Later": "missing",
            }
            assert await readyz(app) == READY


async def test_that_it_has_been_ready_is_known_whether_or_not_anybody_asked(
    tmp_path: Path,
) -> None:
    async with list_server("||ads.example^") as lists:
        lists.gate = asyncio.Event()
        async with running(house(tmp_path)) as app:
            await app.overview.readiness.settle()
            await app.apply(house(tmp_path, filtering__lists=[lists.item()]))
            await lists.asked(1)
            assert await readyz(app) == READY


async def test_lists_that_fail_keep_it_from_nothing(tmp_path: Path) -> None:
    async with list_server() as lists:
        lists.status = 503
        async with running(house(tmp_path, filtering__lists=[lists.item()]), lists=False) as app:
            await until(lambda: not app.overview.readiness.waits(), "that it is ready")
            assert await readyz(app) == READY


async def test_it_is_not_ready_while_it_is_drained_and_answers_all_the_same(
    tmp_path: Path,
) -> None:
    async with running(house(tmp_path, **RULES)) as app:
        assert await readyz(app) == READY
        app.drain.begin("anna")
        assert await readyz(app) == (503, "the server is drained, by anna\n")
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
        (told,) = [each for each in app.overview.problems() if each.code == "server.drained"]
        assert told.severity == "notice" and "by anna" in told.text
        assert "the server is drained, by anna" in app.health().reasons
        assert (await get_text(app.listening.url, "/healthz"))[0] == 200
        app.drain.end()
        assert await readyz(app) == READY
        assert not [each for each in app.overview.problems() if each.code == "server.drained"]


async def test_it_is_not_ready_while_dns_is_not_answered(tmp_path: Path) -> None:
    here = str(nobodys_place())
    async with running(house(tmp_path, dns__workers=2, dns__listen=[here], **RULES)) as app:
        assert await readyz(app) == READY
        crew = app.workers.crew
        assert crew is not None
        for each in crew:
            os.kill(each.pid, signal.SIGKILL)
        await until(lambda: not crew.ready, "their end")
        assert "no worker can answer" in app.overview.readiness.waits()
        assert app.health().state == "failing"
        await until(lambda: not app.overview.readiness.waits(), "that it is ready again")
        await until(lambda: len(crew.ready) == 2, "both")
        for each in crew:
            os.kill(each.pid, signal.SIGSTOP)
        await until(lambda: app.overview.readiness.waits(), "that nobody says anything")
        assert app.health().reasons[0] == "DNS is not being answered"
        await until(lambda: not app.overview.readiness.waits(), "those that follow")
        assert await answers(here, "ads.example") == ["0.0.0.0"]
