"""What the tests of lists over HTTP share: a list, and web servers on loopback that send it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from sinkhole.control.lists.destinations import HostAddresses

LIST = b"".join(b"||ads%d.example^\n" % number for number in range(500))
SIZE_LIMIT = 1 << 20


async def by_this_machine(host: str) -> HostAddresses:
    """What the operating system says of a host: enough for tests, where that is "localhost"."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return HostAddresses([str(address[0]) for *_, address in found])


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(**response: object) -> Handler:
    """A handler that always answers the same."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(**response)

    return handle


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """The address of a web server that answers everything with `handler`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    try:
        await web.SockSite(runner, listener).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await runner.cleanup()
