"""Connections are bounded in number and in how long they may keep us waiting."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import pytest

from sinkhole.control.web import connections

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


async def test_a_connection_that_ends_before_it_is_taken_is_no_error(serve: Any) -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    site = await serve()
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", site.port)) as client:  # the server waits
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(REQUEST + b"\r\n")
    assert b"200 OK" in await reader.readuntil(b"ok\n")
    writer.close()
    assert told == []


async def test_a_connection_is_used_again_and_closed_when_idle_too_long(serve: Any) -> None:
    site = await serve(patience_s=2.0)
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

    site = await serve(patience_s=1.0, statistics=Slow())
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
    site = await serve(patience_s=1.0, status=lambda: huge)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port, limit=1024)
    writer.write(b"GET /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")  # the answer has begun; now read nothing for a while
    waiting, waiting_writer = await asyncio.open_connection("127.0.0.1", site.port)
    await _closes(waiting)
    assert len(await _closes(reader)) < 30_000_000
    writer.close()
    waiting_writer.close()


class Slow:
    """Statistics that take until the test lets go of them."""

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = asyncio.Event()

    async def summary(self, period: str = "24h") -> dict[str, object]:
        self.begun += 1
        await self.go_on.wait()
        return {"period": period}


class Clients:
    """Connections to one server, from any address of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def idle(self, address: str = "127.0.0.1") -> asyncio.StreamReader:
        """One that was answered, or told that there is no room, and now says nothing."""
        reader = await self.send(b"GET /healthz HTTP/1.1\r\n", address)
        async with asyncio.timeout(20):
            self.told = await reader.readline()
            while (await reader.readline()).strip():
                pass
        return reader

    async def busy(self, slow: Slow, address: str = "127.0.0.1") -> asyncio.StreamReader:
        """One whose request is being worked on."""
        before = slow.begun
        reader = await self.send(b"GET /api/stats HTTP/1.1\r\n", address)
        async with asyncio.timeout(20):
            while slow.begun == before:
                await asyncio.sleep(0.005)
        return reader

    async def is_served(self, address: str = "127.0.0.1") -> bool:
        """Whether one more gets its answer."""
        await self.idle(address)
        return b" 200 " in self.told

    async def send(self, line: bytes, address: str) -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=(address, 0)
        )
        self._writers.append(writer)
        writer.write(line + b"Host: 127.0.0.1\r\n\r\n")
        return reader

    def close(self) -> None:
        """Close what is open."""
        for writer in self._writers:
            writer.close()


async def test_this_machine_is_known_by_the_address_it_calls_too(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_is_loopback", lambda address: address == "::1")
    slow = Slow()
    site = await serve(most_per_client=1, statistics=slow)  # as if 127.0.0.1 were 192.0.2.1
    clients = Clients(site.port)
    for _ in range(3):
        await clients.busy(slow)
    assert await clients.is_served()
    slow.go_on.set()
    clients.close()


@pytest.fixture
def only_one_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all loopback addresses, the server's own 127.0.0.1 alone counts as this machine's."""
    monkeypatch.setattr(connections, "_is_loopback", lambda address: address == "::1")


async def test_more_connections_than_allowed_are_told_503_and_room_comes_back(serve: Any) -> None:
    slow = Slow()
    site = await serve(most_connections=2, statistics=slow)
    clients = Clients(site.port)
    held = [await clients.busy(slow) for _ in range(2)]
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    answer = await _closes(reader)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After" in answer
    writer.close()
    slow.go_on.set()
    for each in held:
        assert b"200 OK" in await each.readuntil(b"}")
    assert await clients.is_served(), "those that have their answer are idle and make room"
    clients.close()


async def test_the_connection_that_is_idle_longest_makes_room_for_a_new_one(serve: Any) -> None:
    slow = Slow()
    site = await serve(most_connections=3, statistics=slow)
    clients = Clients(site.port)
    busy = await clients.busy(slow)
    first, second = await clients.idle(), await clients.idle()
    assert await clients.is_served()
    assert await _closes(first) == b"ok\n"
    await second.readexactly(len(b"ok\n"))
    slow.go_on.set()
    assert b"200 OK" in await busy.readuntil(b"}"), "one at work is never closed for another"
    assert not second.at_eof()
    clients.close()


@pytest.mark.usefixtures("only_one_is_here")
async def test_one_client_can_not_shut_out_the_others(serve: Any) -> None:
    slow = Slow()
    site = await serve(most_per_client=8, statistics=slow)
    clients = Clients(site.port)
    for _ in range(8):
        await clients.busy(slow, "127.0.0.2")
    assert not await clients.is_served("127.0.0.2")
    assert await clients.is_served("127.0.0.3")
    for _ in range(32):
        await clients.idle("127.0.0.4")
    assert await clients.is_served("127.0.0.4"), "its own idle ones make room"
    slow.go_on.set()
    clients.close()


@pytest.mark.usefixtures("only_one_is_here")
async def test_some_places_are_for_this_machine_alone(serve: Any) -> None:
    slow = Slow()
    site = await serve(most_connections=12, statistics=slow)
    clients = Clients(site.port)
    for number in range(8):
        await clients.busy(slow, f"127.0.0.{2 + number}")
    assert not await clients.is_served("127.0.0.20")
    assert await clients.is_served()
    for _ in range(4):
        await clients.busy(slow)
    assert not await clients.is_served()
    slow.go_on.set()
    clients.close()


async def test_a_proxy_on_this_machine_may_have_more_connections_than_a_client(serve: Any) -> None:
    slow = Slow()
    site = await serve(most_per_client=2, statistics=slow)
    clients = Clients(site.port)
    for _ in range(20):
        await clients.busy(slow)
    assert await clients.is_served()
    slow.go_on.set()
    clients.close()


@pytest.mark.parametrize(
    ("address", "is_here"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.1", False),
     ("fe80::1%eth0", False), ("", False)],
)  # fmt: skip
def test_this_machine_is_known_by_its_loopback_addresses(address: str, is_here: bool) -> None:
    assert connections._is_loopback(address) == is_here


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


async def test_whoever_withholds_the_rest_of_a_request_makes_room(serve: Any) -> None:
    site = await serve(most_connections=2)
    begun = (
        b"POST /api/explain HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 50\r\nExpect: 100-continue\r\n\r\n"
    )
    held = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(2)]
    for reader, writer in held:
        writer.write(begun)
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")  # its body is waited for
    clients = Clients(site.port)
    assert await clients.is_served()
    clients.close()
    for _, writer in held:
        writer.close()


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:7:8::9", "2001:db8:0:7::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::1"),
    ],
)
async def test_the_addresses_of_one_network_are_one_client(peer: str, client: str) -> None:
    class Told(asyncio.Transport):
        def get_extra_info(self, name: str, default: Any = None) -> Any:
            return (peer if name == "peername" else "192.0.2.1", 1)

    assert connections._client_of(Told()) == client
