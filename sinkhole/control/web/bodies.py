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
_MOST_SHOWN: Final = 40


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
        found: object = json.loads(
            body or b"{}", parse_constant=_no_number, object_pairs_hook=_members_once
        )
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


def _members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; Refused (400) where two of its members have one name, as readers differ in which
    of them counts."""
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(400, "repeated", f"{twice[:_MOST_SHOWN]!r} is given more than once")
    return members


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
