"""Whether the server is well, and whether it is ready: for whatever watches over it.

Anybody may ask. Only who is at this machine is told what names lists, addresses or files.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from sinkhole.control.operations.house import House
from sinkhole.control.web.gate import asked_by


class Healthiness:
    """The handlers of /healthz and /readyz."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def health(self, request: web.Request) -> web.StreamResponse:
        """GET /healthz: "ok", "degraded" or "failing" (503), then a line for each reason."""
        state, reasons, outline = self._house.health()
        told = reasons if _is_here(request) else outline
        return _lines([state, *told], 503 if state == "failing" else 200)

    async def readiness(self, request: web.Request) -> web.StreamResponse:
        """GET /readyz: "ready", or 503 and a line for each reason."""
        waits = self._house.ready()
        if not waits:
            return _lines(["ready"], 200)
        outline = "drained" if self._house.drain.is_on else "not ready yet"
        return _lines(waits if _is_here(request) else [outline], 503)


def _is_here(request: web.Request) -> bool:
    approach = asked_by(request)
    return approach.is_socket or approach.is_local


def _lines(lines: Iterable[str], status: int) -> web.Response:
    return web.Response(
        text="".join(f"{_one_line(line)}\n" for line in lines),
        status=status,
        headers={"Cache-Control": "no-store"},
    )


def _one_line(text: str) -> str:
    """`text` without line ends, terminal escapes and whatever else can't be seen."""
    return "".join(char if char.isprintable() else " " for char in text)
