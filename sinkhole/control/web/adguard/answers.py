"""What goes back to who asks at /control: JSON, a word, or nothing at all."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from sinkhole.control.web.v1.answers import encoded, json_answer

_NO_STORE: Final = {"Cache-Control": "no-store"}


class Nothing:
    """An empty 200, as most changes are answered there."""


class Text(str):
    """A word in plain text, such as "OK"."""

    __slots__ = ()


NOTHING: Final = Nothing()
OK: Final = Text("OK")


async def respond(request: web.Request, given: Any) -> web.StreamResponse:
    """The response to what a handler gives: NOTHING, a Text, a response, or data for JSON."""
    if isinstance(given, web.StreamResponse):
        return given
    if isinstance(given, Nothing):
        return web.Response(body=b"", headers=_NO_STORE)
    if isinstance(given, Text):
        return web.Response(text=f"{given}\n", headers=_NO_STORE)
    return await json_answer(request, encoded(given))
