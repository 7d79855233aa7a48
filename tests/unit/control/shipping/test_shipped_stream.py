"""Items over TCP, one behind the other, as syslog with lengths in front is sent."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from sinkhole.control.settings.targets import Target
from sinkhole.control.shipping.carrier import NotSentError
from sinkhole.control.shipping.stream import Stream

ITEMS: Final = [b"3 one", b"3 two"]


async def test_items_arrive_as_they_are_and_a_new_server_gets_a_new_connection() -> None:
    heard: list[bytes] = []
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        heard.append(b"")
        number = len(heard) - 1
        while data := await reader.read(1000):
            heard[number] += data
        writer.close()

    async def has(*told: bytes) -> None:
        async with asyncio.timeout(20):
            while heard != list(told):
                await asyncio.sleep(0.01)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    carrier = Stream(Target("tcp", "", "127.0.0.1", port))
    await carrier.send(ITEMS)
    await carrier.send(ITEMS)
    await has(b"3 one3 two3 one3 two")
    writers[0].transport.abort()
    await asyncio.sleep(0.05)
    await carrier.send(ITEMS)
    await has(b"3 one3 two3 one3 two", b"3 one3 two")
    await carrier.close()
    server.close()
    await server.wait_closed()
    with pytest.raises(NotSentError, match="refused"):
        await carrier.send(ITEMS)
    await carrier.close()
