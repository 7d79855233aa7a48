"""A reverse proxy that shows another server below a path, as people put theirs behind one name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import ClientSession, DummyCookieJar, web

PREFIX: Final = "/house/dns"
_PASSED_ON: Final = (
    *("Host", "Origin", "Content-Type", "Sec-Fetch-Site", "Cookie", "X-Requested-With"),
    *("User-Agent",),
)
_PASSED_BACK: Final = ("Content-Type", "Content-Security-Policy", "Cache-Control", "Set-Cookie")


class SubPathProxy:
    """Passes what is below PREFIX on to `target`; the rest of its name is another's: 404.

    `told` are the headers that it adds.
    """

    def __init__(self, target: str, told: Mapping[str, str] | None = None) -> None:
        self._target = target
        self._told = dict(told or {})
        app = web.Application()
        app.router.add_route("*", f"{PREFIX}/{{rest:.*}}", self._pass_on)
        # Whoever is told of events never ends by itself.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)

    async def start(self) -> str:
        """Listen on a free port; the address of the page."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        return f"http://127.0.0.1:{port}{PREFIX}/"

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        headers |= self._told
        url = f"{self._target}/{request.match_info['rest']}"
        body = await request.read() or None
        async with (
            ClientSession(cookie_jar=DummyCookieJar()) as session,
            session.request(
                request.method, url, params=request.query, headers=headers, data=body
            ) as answer,
        ):
            response = web.StreamResponse(status=answer.status)
            for name, value in answer.headers.items():
                if name in _PASSED_BACK:
                    response.headers.add(name, value)
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response
