"""Connections are bounded in number and in how long they may keep us waiting."""

from __future__ import annotations

import asyncio
from typing import Any

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"


async def _closes(reader: asyncio.StreamReader) -> bytes:
    """What arrives until the server closes; the test fails if it does not."""
    async with asyncio.timeout(20):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def test_a_connection_that_says_nothing_is_closed(serve: Any) -> None:
    site = await serve(patience_s=0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    assert await _closes(reader) == b""
    writer.close()


async def test_headers_a_byte_at_a_time_do_not_prolong_the_patience(serve: Any) -> None:
    site = await serve(patience_s=0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    closed = asyncio.create_task(_closes(reader))
    for byte in REQUEST * 1000:
        if closed.done():
            break
        writer.write(bytes([byte]))
        await asyncio.wait([closed], timeout=0.02)
    assert await closed == b""
    writer.close()


async def test_a_connection_is_used_again_and_closed_when_idle_too_long(serve: Any) -> None:
    site = await serve(patience_s=0.5)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    for _ in range(3):
        writer.write(REQUEST + b"\r\n")
        assert b"200 OK" in await reader.readuntil(b"ok\n")
    assert await _closes(reader) == b""
    writer.close()


async def test_a_slow_handler_does_not_use_up_the_clients_patience(serve: Any) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow:
        async def summary(self, period: str = "24h") -> dict[str, object]:
            begun.set()
            await go_on.wait()
            return {"period": period}

    site = await serve(patience_s=0.1, statistics=Slow())
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"GET /api/stats HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await begun.wait()
    silent, silent_writer = await asyncio.open_connection("127.0.0.1", site.port)
    await _closes(silent)  # so the patience of this server has surely run out once
    go_on.set()
    assert b"200 OK" in await reader.readuntil(b"}")
    writer.close()
    silent_writer.close()


async def test_a_client_that_never_reads_its_answer_is_cut_off(serve: Any) -> None:
    huge = {"version": "x" * 30_000_000}
    site = await serve(patience_s=0.2, status=lambda: huge)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port, limit=1024)
    writer.write(b"GET /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")  # the answer has begun; now read nothing for a while
    waiting, waiting_writer = await asyncio.open_connection("127.0.0.1", site.port)
    await _closes(waiting)
    assert len(await _closes(reader)) < 30_000_000
    writer.close()
    waiting_writer.close()


async def test_more_connections_than_allowed_are_told_503_and_room_comes_back(serve: Any) -> None:
    site = await serve(most_connections=2)
    held = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(2)]
    for reader, writer in held:  # both surely are in the server's hands once they are answered
        writer.write(REQUEST + b"\r\n")
        await reader.readuntil(b"ok\n")
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    answer = await _closes(reader)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After" in answer
    writer.close()
    for _, held_writer in held:
        held_writer.close()
    async with asyncio.timeout(20):
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
            writer.write(REQUEST + b"Connection: close\r\n\r\n")
            answer = await _closes(reader)
            writer.close()
            if b"200 OK" in answer:
                break


async def test_bytes_that_are_not_http_get_400_with_safe_headers(serve: Any) -> None:
    site = await serve()
    for nonsense in (
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nBad Header: <script>\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 100 + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(nonsense)
        answer = await _closes(reader)
        writer.close()
        assert answer.split(b" ", 2)[1] == b"400", nonsense[:60]
        assert b"Server: sinkhole\r\n" in answer
        assert b"nosniff" in answer
        assert b"<script>" not in answer
        assert b"aiohttp" not in answer.lower()


async def test_a_request_without_host_or_with_two_is_refused(serve: Any) -> None:
    site = await serve()
    for head in (
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example.com\r\n"
        b"Connection: close\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(head)
        assert (await _closes(reader)).split(b" ", 2)[1] == b"400"
        writer.close()
