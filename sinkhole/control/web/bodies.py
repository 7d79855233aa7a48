"""The body of a request, read in time and in bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from aiohttp import web

from sinkhole.control.web.connections import HttpConnection
from sinkhole.control.web.refusals import Refused

BODY_S: Final = 10.0
"""How long a client may take to send the body of a request."""


async def read_body(request: web.Request) -> bytes:
    """All of it, MOST_BODY_BYTES at most; Refused (408) for what takes long."""
    with waiting_for_body(request):
        try:
            async with asyncio.timeout(BODY_S):
                return await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None


async def read_json(request: web.Request) -> object:
    """The body read as JSON, `{}` for none."""
    body = await read_body(request)
    try:
        found: object = json.loads(body or b"{}", parse_constant=_no_number)
        if b"\\u" in body:
            json.dumps(found, ensure_ascii=False).encode()  # halves of a character are no text
    except (ValueError, RecursionError):
        raise Refused(400, "not_json", "the body is not JSON; send an object such as {}") from None
    return found


@contextmanager
def waiting_for_body(request: web.Request) -> Iterator[None]:
    """While this holds, the connection gives way as one that is idle."""
    connection = request.protocol
    assert isinstance(connection, HttpConnection)  # as our servers make them
    connection.body_since = asyncio.get_running_loop().time()
    try:
        yield
    finally:
        connection.body_since = None


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
