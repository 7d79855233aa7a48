"""Proxies on 127.0.0.1: HTTP CONNECT and SOCKS5, with a password where they want one.

Every name leads to 127.0.0.1, as nobody else here may look names up; `asked` are those that were
asked for.
"""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sinkhole.model.proxy_url import ProxyKind

USER, PASSWORD = "me", "secret"


class ProxyServer:
    """A proxy of one kind; `with_password` has it let nobody in but USER.

    Every server that it is asked for is at the address `reaches`.
    """

    def __init__(
        self, kind: ProxyKind, reaches: str = "127.0.0.1", *, with_password: bool = False
    ) -> None:
        self.kind = kind
        self.with_password = with_password
        self.asked: list[tuple[str, int]] = []
        self.port = 0
        self._reaches = reaches

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ProxyServer]:
        """Listen, and end all connections when the test is over."""
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: StreamReader, writer: StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
            writer.transport.abort()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        say_hello = self._http if self.kind == "http" else self._socks
        target = await say_hello(reader, writer)
        if target is None:
            return
        self.asked.append(target)
        there, back = await asyncio.open_connection(self._reaches, target[1])
        if self.kind == "http":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    async def _http(self, reader: StreamReader, writer: StreamWriter) -> tuple[str, int] | None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pair = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.with_password and f"Proxy-Authorization: Basic {pair}\r\n" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            await writer.drain()
            return None
        host, _, port = head.split(" ")[1].rpartition(":")
        return host, int(port)

    async def _socks(self, reader: StreamReader, writer: StreamWriter) -> tuple[str, int] | None:
        methods = await reader.readexactly((await reader.readexactly(2))[1])
        if not self.with_password:
            writer.write(b"\x05\x00")
        elif 2 not in methods:
            writer.write(b"\x05\xff")
            await writer.drain()
            return None
        else:
            writer.write(b"\x05\x02")
            user = await reader.readexactly((await reader.readexactly(2))[1])
            password = await reader.readexactly((await reader.readexactly(1))[0])
            if (user.decode(), password.decode()) != (USER, PASSWORD):
                writer.write(b"\x01\x01")
                await writer.drain()
                return None
            writer.write(b"\x01\x00")
        head = await reader.readexactly(4)
        assert head == b"\x05\x01\x00\x03", "a name, not looked up by whoever asks"
        name = await reader.readexactly((await reader.readexactly(1))[0])
        return name.decode(), int.from_bytes(await reader.readexactly(2), "big")


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.transport.abort()
