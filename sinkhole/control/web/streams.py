"""Responses that come bit by bit, to readers that may be slow, stall, or go away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import web

LIMIT: Final = web.RequestKey("limit", asyncio.Timeout)
"""What a request holds its deadline under: a stream has one of its own for each piece."""
BEGUN: Final = web.RequestKey("begun", web.StreamResponse)
"""And the response of which a part is sent: what goes wrong from then on can only cut it off."""
STALL_S: Final = 30.0
"""How long a reader may take nothing of a stream; then it is cut off."""


class Stream:
    """A response of `content_type` that is written piece by piece."""

    def __init__(self, content_type: str, headers: Mapping[str, str]) -> None:
        self.response = web.StreamResponse(headers={"Cache-Control": "no-store", **headers})
        self.response.content_type = content_type

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Send the head: from now on nothing can be refused any more."""
        request[LIMIT].reschedule(None)
        request[BEGUN] = self.response
        await self.response.prepare(request)
        return self.response

    async def write(self, piece: bytes) -> None:
        """Send a piece, as fast as the reader takes it; ConnectionError where it does not."""
        if not piece:
            return
        try:
            async with asyncio.timeout(STALL_S):
                await self.response.write(piece)
        except TimeoutError:
            raise ConnectionAbortedError("the reader has stalled") from None

    async def end(self) -> None:
        """Say that this was all."""
        await self.response.write_eof()
