"""Several updates at once: nobody waits for a slow server, and nothing is done twice or undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from list_server import serving

from sinkhole.control.lists import versions
from sinkhole.control.lists.library import Library
from sinkhole.control.settings import FilteringSettings, ListSettings
from sinkhole.dns.filter.trie import CompiledList

PATIENCE_S = 30


OnChange = Callable[[Sequence[CompiledList]], None]


async def unheard(lists: Sequence[CompiledList]) -> None:
    """Nobody needs to know."""


def rules(count: int, name: str = "ads") -> bytes:
    return b"".join(b"||%s%d.example^\n" % (name.encode(), number) for number in range(count))


class SlowServer:
    """Answers at once, or, while `held`, only when it is let go; says when it was asked."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.held: set[str] = set()
        self.asked = asyncio.Semaphore(0)
        self.let_go = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        body = self.bodies[request.path]
        if request.path in self.held:
            self.asked.release()
            await asyncio.wait_for(self.let_go.wait(), PATIENCE_S)
        return web.Response(body=body)


class House:
    """A data folder with two lists of one server, and as many libraries as there are processes."""

    def __init__(self, folder: Path, url: str, server: SlowServer) -> None:
        self.folder = folder
        self.url = url
        self.server = server

    def process(self, on_change: OnChange = unheard) -> Library:
        lists = tuple(ListSettings(name=n, url=f"{self.url}/{n}") for n in ("slow", "quick"))
        mine = ListSettings(name="mine", url=f"file:{self.folder / 'mine.txt'}")
        settings = FilteringSettings(lists=(*lists, mine), private_sources=True)
        library = Library(settings, self.folder / "data", on_change=on_change, poll_s=0.01)
        library.load_now()
        return library

    @asynccontextmanager
    async def fetching(self, library: Library, *, force: bool = False) -> AsyncIterator[None]:
        """While `library` waits for the slow server; then it is let go and brings it to an end."""
        self.server.held = {"/slow"}
        update = asyncio.create_task(library.update(["slow"], force=force))
        await asyncio.wait_for(self.server.asked.acquire(), PATIENCE_S)
        yield
        assert not update.done()
        self.server.let_go.set()
        await asyncio.wait_for(update, PATIENCE_S)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    server = SlowServer()
    server.bodies = {"/slow": rules(500), "/quick": rules(500)}
    (tmp_path / "mine.txt").write_text("||mine.example^\n")
    async with serving(server.handle) as url:
        house = House(tmp_path, url, server)
        await house.process().update()
        yield house


def names(library: Library, name: str) -> int:
    return next(each["names"] for each in library.status() if each["name"] == name)


@pytest.mark.parametrize("other", [False, True], ids=["the-server", "a-command"])
async def test_nobody_waits_for_a_slow_server(house: House, other: bool) -> None:
    """Accepting, rolling back and updating go on while a list is fetched, in either process."""
    server = house.process()
    asking = house.process() if other else server
    house.server.bodies["/quick"] = rules(10)
    await asking.update(["quick"])
    async with house.fetching(server):
        await asking.accept("quick")
        assert names(asking, "quick") == 10
        await asking.roll_back("quick")
        assert names(asking, "quick") == 500
        house.server.bodies["/quick"] = rules(501)
        assert await asking.update(["quick"]) == 1
    assert names(asking, "quick") == 501


async def test_a_choice_made_while_the_list_is_fetched_is_not_undone(house: House) -> None:
    server, command = house.process(), house.process()
    house.server.bodies["/slow"] = rules(501)
    await server.update(["slow"])
    async with house.fetching(server):  # which brings what is in use already
        await command.roll_back("slow")
    assert names(server, "slow") == 500
    status = server.status()[0]
    assert status["quarantine"] is not None and "rolled back" in status["quarantine"]["reason"]


async def test_two_processes_that_fetch_the_same_compile_it_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    original = versions.compile_list

    async def counted(name: str, *rest: object) -> None:
        compiled.append(name)
        await original(name, *rest)

    monkeypatch.setattr(versions, "compile_list", counted)
    server, command = house.process(), house.process()
    house.server.bodies["/slow"] = rules(600)
    house.server.held = {"/slow"}
    updates = [asyncio.create_task(each.update(["slow"])) for each in (server, command)]
    for _ in updates:
        await asyncio.wait_for(house.server.asked.acquire(), PATIENCE_S)
    house.server.let_go.set()
    await asyncio.gather(*updates)
    assert compiled == ["slow"]
    assert (names(server, "slow"), names(command, "slow")) == (600, 600)
    assert server.status()[0]["error"] is None and command.status()[0]["error"] is None
    assert not list((house.folder / "data" / "lists").glob(".work-*"))


async def test_what_was_asked_for_earlier_does_not_replace_what_is_newer(house: House) -> None:
    server, command = house.process(), house.process()
    async with house.fetching(server, force=False):  # this one gets the 500 of before
        house.server.bodies["/slow"] = rules(700)
        house.server.held = set()
        assert await command.update(["slow"]) == 1
    assert names(server, "slow") == 700
    assert names(house.process(), "slow") == 700


async def test_files_that_another_process_is_fetching_are_not_swept(house: House) -> None:
    server, command = house.process(), house.process()
    house.server.bodies["/slow"] = rules(600)
    async with house.fetching(server):
        await command.update(["quick", "mine"])
        assert len(list((house.folder / "data" / "lists").glob(".work-*"))) == 1
    assert names(server, "slow") == 600


@pytest.mark.parametrize("due", ["slow-*.json", "*.json"], ids=["due-alone", "all-due-together"])
async def test_a_running_server_notices_everything_else_while_it_fetches(
    house: House, due: str
) -> None:
    news = asyncio.Event()
    for status in (house.folder / "data" / "lists").glob(due):
        status.unlink()  # so these are due at once
    house.server.held = {"/slow"}

    async def heard(lists: object) -> None:
        news.set()

    server = house.process(on_change=heard)
    running = asyncio.create_task(server.run())
    try:
        await asyncio.wait_for(house.server.asked.acquire(), PATIENCE_S)
        while names(server, "mine") != 1:
            news.clear()
            await asyncio.wait_for(news.wait(), PATIENCE_S)
        (house.folder / "mine.txt").write_text("||mine.example^\n||more.example^\n")
        while names(server, "mine") != 2:
            news.clear()
            await asyncio.wait_for(news.wait(), PATIENCE_S)
        assert names(server, "slow") == 0
    finally:
        house.server.let_go.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_files_of_this_machine_wait_for_no_server(house: House) -> None:
    slow = [ListSettings(name=f"slow{n}", url=f"{house.url}/slow?{n}") for n in range(4)]
    mine = ListSettings(name="mine", url=f"file:{house.folder / 'mine.txt'}")
    settings = FilteringSettings(lists=(*slow, mine), private_sources=True)
    library = Library(settings, house.folder / "other", poll_s=0.01)
    house.server.held = {"/slow"}
    update = asyncio.create_task(library.update())
    try:
        for _ in slow:
            await asyncio.wait_for(house.server.asked.acquire(), PATIENCE_S)
        async with asyncio.timeout(PATIENCE_S):
            while names(library, "mine") != 1:
                await asyncio.sleep(0.005)
    finally:
        house.server.let_go.set()
        await asyncio.wait_for(update, PATIENCE_S)
