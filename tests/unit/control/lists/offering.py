"""A list at a web server, a place where it is offered, and boxes that have both."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp import web
from shelf import PATIENCE_S

from sinkhole.control.lists.destinations import HostAddresses
from sinkhole.control.lists.library import Library
from sinkhole.control.lists.offers import ListOffers, Offer, Packed
from sinkhole.control.lists.status import ListStatus
from sinkhole.control.settings import FilteringSettings, ListSettings
from sinkhole.model.errors import StorageError


def rules(count: int) -> bytes:
    return b"".join(b"||ads%d.example^\n" % number for number in range(count))


class Place:
    """Where lists are offered, in memory; it may be away, or say nothing at all."""

    def __init__(self, house: House) -> None:
        self.offers: dict[str, tuple[Offer, float]] = {}
        self.contents: dict[str, bytes] = {}
        self.claims: dict[str, str] = {}
        self.taken = self.asked = 0
        self.is_away = self.is_silent = False
        self._house = house

    async def reached(self) -> None:
        if self.is_silent:
            await asyncio.Event().wait()
        if self.is_away:
            raise StorageError("it is away")

    def age_s(self, since: float) -> float:
        return self._house.now - since

    @property
    def now(self) -> float:
        return self._house.now


class Seat:
    """A ListOffers: the place, for one box."""

    def __init__(self, place: Place, node: str) -> None:
        self.asked = 0
        self._place = place
        self._node = node

    async def claim(self, source: str) -> bool:
        self.asked += 1
        self._place.asked += 1
        await self._place.reached()
        return self._place.claims.setdefault(source, self._node) == self._node

    async def release(self, source: str) -> None:
        await self._place.reached()
        if self._place.claims.get(source) == self._node:
            del self._place.claims[source]

    async def offered(self, source: str) -> Offer | None:
        if source not in self._place.offers:
            return None
        offer, since = self._place.offers[source]
        return replace(offer, age_s=self._place.age_s(since))

    async def take(self, content_hash: str) -> AsyncGenerator[bytes, None]:
        self._place.taken += 1
        packed = self._place.contents[content_hash]
        if not packed:
            raise StorageError("it is not there any more")
        for start in range(0, len(packed), 1000):
            yield packed[start : start + 1000]

    async def offer(self, source: str, offer: Offer, packed: Packed) -> None:
        await self._place.reached()
        if offer.content_hash not in self._place.contents:
            self._place.contents[offer.content_hash] = (await packed()).read_bytes()
        self._place.offers[source] = replace(offer, node=self._node), self._place.now
        self._place.claims.pop(source, None)


class Box:
    """A library of one list, in a data folder of its own."""

    def __init__(self, house: House, name: str, url: str) -> None:
        lists = (ListSettings(name="Ads", url=url),)
        self.place = Seat(house.place, name)
        self.library = Library(
            FilteringSettings(lists=lists, private_sources=True, max_list_size="1MiB"),
            house.folder / name,
            resolve=_resolve,
            now=lambda: house.now,
            poll_s=0.01,
        )
        self.library.offers = self._offers
        self.library.load_now()

    async def _offers(self) -> ListOffers:
        return self.place

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        work = asyncio.ensure_future(self.library.run())
        try:
            yield
            assert not work.done()
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    @property
    def status(self) -> ListStatus:
        return self.library.status()[0]

    @property
    def names(self) -> int:
        return self.status["names"]


class House:
    """The server of a list, with a clock; `held` is whether it answers only once let go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.body, self.status = rules(500), 200
        self.served: list[int] = []
        self.held, self.waiting, self.let_go = False, 0, asyncio.Event()
        self.now = 1_000_000.0
        self.place = Place(self)

    def box(self, name: str, url: str = "") -> Box:
        return Box(self, name, url or f"{self.url}/ads.txt")

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[House]:
        house = cls(folder)
        app = web.Application()
        app.router.add_get("/ads.txt", house._handle)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        listener = socket.create_server(("127.0.0.1", 0))
        try:
            await web.SockSite(runner, listener).start()
            house.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            yield house
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        if self.held:
            self.waiting += 1
            await asyncio.wait_for(self.let_go.wait(), PATIENCE_S)
        etag = f'"{len(self.body)}"'
        unchanged = self.status == 200 and request.headers.get("If-None-Match") == etag
        self.served.append(304 if unchanged else self.status)
        body = b"" if unchanged else self.body
        return web.Response(status=self.served[-1], body=body, headers={"ETag": etag})


async def _resolve(host: str) -> HostAddresses:
    return HostAddresses([host])
