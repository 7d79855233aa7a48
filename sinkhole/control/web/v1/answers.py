"""From what an operation gives to a response: JSON with an ETag, gzip, the next page, or a file."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from contextlib import aclosing
from typing import Any, Final

from aiohttp import ETag, web
from pydantic import BaseModel

from sinkhole.control.operations.operation import Download
from sinkhole.control.web.streams import Stream
from sinkhole.control.web.v1.route import ApiRoute

GZIP_ABOVE: Final = 1024
"""Bytes of a body from which on it is compressed for who takes that."""
IN_THREAD_ABOVE: Final = 32 * 1024
"""Bytes from which on that is done in a thread: 32 KiB take a third of a millisecond."""
_QUICK: Final = 1
"""A tenth of the work for nine tenths of the gain."""
_NO_STORE: Final = {"Cache-Control": "no-store"}


async def answer(route: ApiRoute, request: web.Request, output: BaseModel) -> web.StreamResponse:
    """The response to who asked for an operation that is done."""
    if isinstance(output, Download):
        return await file_answer(request, output)
    data = output.model_dump(mode="json")
    body = encoded(data)
    response = await json_answer(request, body)
    if data.get("next"):
        following = request.rel_url.update_query(cursor=str(data["next"]))
        response.headers["Link"] = f'<?{following.raw_query_string}>; rel="next"'
    return response


async def json_answer(request: web.Request, body: bytes) -> web.Response:
    """JSON that no cache keeps; 304 to a GET for who has it already.

    The ETag is weak, as it is the same whether the body is compressed or not.
    """
    tag = ETag(hashlib.sha256(body).hexdigest()[:16], is_weak=True)
    if request.method in ("GET", "HEAD") and _has(request, tag):
        response = web.Response(status=304, headers=_NO_STORE)
    else:
        response = web.Response(
            body=body,
            content_type="application/json",
            headers={**_NO_STORE, "Vary": "Accept-Encoding"},
        )
        if len(body) > GZIP_ABOVE and "gzip" in request.headers.get("Accept-Encoding", ""):
            response.body = await _compressed(body)
            response.headers["Content-Encoding"] = "gzip"
    response.etag = tag
    return response


def encoded(data: Any) -> bytes:
    """As JSON. Non-ASCII is escaped, so any name is safe inside."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode("ascii")


async def _compressed(body: bytes) -> bytes:
    if len(body) <= IN_THREAD_ABOVE:
        return gzip.compress(body, _QUICK, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, _QUICK, mtime=0)


def _has(request: web.Request, tag: ETag) -> bool:
    """Whether If-None-Match names this very answer, or any ("*")."""
    asked = request.if_none_match or ()
    return any(each.value in ("*", tag.value) for each in asked)


async def file_answer(request: web.Request, output: Download) -> web.StreamResponse:
    """A file, bit by bit; cut off where it fails half-way."""
    stream = Stream(
        output.media_type,
        {"Content-Disposition": f'attachment; filename="{output.file_name}"'},
    )
    async with aclosing(output.chunks) as chunks:
        if request.method == "HEAD":
            return await stream.begin(request)
        first = await anext(chunks, b"")  # what fails before the first piece is still told as such
        await stream.begin(request)
        await stream.write(first)
        async for chunk in chunks:
            await stream.write(chunk)
    await stream.end()
    return stream.response
