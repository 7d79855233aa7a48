"""Who goes away ends what he looked for, and interrupts no change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bare_house import bare_house

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Done, Download, Nothing, operation
from sinkhole.control.settings import Settings
from sinkhole.control.web import WebServer, create_app
from sinkhole.control.web.v1.route import ApiRoute
from sinkhole.model.actor import Actor, Permission

Serve = Callable[[ApiRoute], Any]


class Long:
    """Work that goes on until it is let go, or given up."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def work(self) -> None:
        self.begun.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.ended.set_result("given up")
            raise
        self.ended.set_result("done")


@pytest.fixture
async def long() -> Long:
    """What the operations of this file do."""
    return Long()


@pytest.fixture
def serve(tmp_path: Path, audit: Any) -> Serve:
    """Serves one route: the port."""

    @asynccontextmanager
    async def served(route: ApiRoute) -> AsyncIterator[int]:
        settings = Settings().model_copy(update={"data_dir": tmp_path})
        house = bare_house(
            settings=SimpleNamespace(settings=settings), state=SimpleNamespace(audit=audit)
        )
        server = WebServer(create_app(house, routes=[route]), "127.0.0.1", 0, patience_s=30.0)
        await server.start()
        try:
            yield server.port
        finally:
            await server.stop()

    return served


async def _asked(port: int, method: str) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    body = "{}" if method == "POST" else ""
    writer.write(
        f"{method} /api/v1/long HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Origin: http://127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    return writer


async def test_what_changes_nothing_ends_when_nobody_waits(serve: Serve, long: Long) -> None:
    @operation("long.find", Permission.LOG_READ)
    async def find(house: House, actor: Actor, given: Nothing) -> Done:
        """Look for something."""
        await long.work()
        return Done()

    async with serve(ApiRoute("POST", "/long", find)) as port:
        writer = await _asked(port, "POST")
        await long.begun.wait()
        writer.close()
        assert await long.ended == "given up"


async def test_a_file_ends_between_two_pieces_that_are_far_apart(serve: Serve, long: Long) -> None:
    async def chunks() -> AsyncGenerator[bytes, None]:
        yield b"x"
        await long.work()

    @operation("long.read", Permission.LOG_READ)
    async def read(house: House, actor: Actor, given: Nothing) -> Download:
        """Give a file."""
        return Download(media_type="text/plain", file_name="long.txt", chunks=chunks())

    async with serve(ApiRoute("GET", "/long", read)) as port:
        writer = await _asked(port, "GET")
        await long.begun.wait()
        writer.close()
        assert await long.ended == "given up"


async def test_a_change_goes_on_when_nobody_waits(serve: Serve, long: Long, audit: Any) -> None:
    @operation("long.change", Permission.LOG_WRITE, changes=True)
    async def change(house: House, actor: Actor, given: Nothing) -> Done:
        """Change something."""
        await long.work()
        return Done()

    async with serve(ApiRoute("POST", "/long", change)) as port:
        writer = await _asked(port, "POST")
        await long.begun.wait()
        writer.transport.abort()
        await writer.wait_closed()
        reader, second = await asyncio.open_connection("127.0.0.1", port)
        second.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert await reader.read()  # so the server has surely heard of the end of the first one
        second.close()
        long.go_on.set()
        assert await long.ended == "done"


async def test_a_connection_can_ask_on_after_what_changed_nothing(books: str) -> None:
    port = int(books.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"GET /api/v1/shelves/top/books HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" in await reader.readuntil(b"}")
    writer.close()
