"""Requests of HTTP/3 to the real listener, by a client that may also ask for too much."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode

import dnslib
import pytest
from http3_client import Http3Client
from quic_asking import until
from quic_serving import make_world, serving
from world import addresses, question

from sinkhole.dns.server import http3

DNS = "application/dns-message"
QUERY = question("ads.example.org")


def by_get(query: bytes = QUERY) -> bytes:
    return b"/dns-query?dns=" + urlsafe_b64encode(query).rstrip(b"=")


async def test_get_and_post() -> None:
    async with serving(make_world(), "h3") as served:
        client = await Http3Client(served.place).connected()
        for response in (
            await client.ask(b"GET", by_get()),
            await client.ask(b"GET", b"/dns-query/tablet" + by_get()[10:]),
            await client.ask(b"POST", b"/dns-query", QUERY, content_type=DNS),
            await client.ask(b"POST", b"/dns-query/tablet", QUERY, content_type=DNS),
        ):
            assert response.status == 200
            assert addresses(dnslib.DNSRecord.parse(response.body)) == ["0.0.0.0"]
            assert response.headers[b"content-type"] == DNS.encode()
            assert response.headers[b"content-length"] == b"%d" % len(response.body)
            assert response.headers[b"cache-control"].startswith(b"max-age=")
        client.close()


async def test_what_is_refused() -> None:
    async with serving(make_world(), "h3") as served:
        client = await Http3Client(served.place).connected()
        ask = client.ask
        assert (await ask(b"GET", b"/")).status == 404
        assert (await ask(b"GET", b"/dns-query")).status == 400
        assert (await ask(b"PUT", b"/dns-query", QUERY, content_type=DNS)).status == 405
        assert (await ask(b"POST", b"/dns-query", QUERY, content_type="text/plain")).status == 415
        assert (await ask(b"POST", b"/dns-query", b"junk", content_type=DNS)).status == 400
        assert (await ask(b"POST", b"/dns-query", bytes(2000), content_type=DNS)).status == 413
        assert (await ask(b"HEAD", b"/dns-query")).body == b""
        assert (await ask(b"GET", by_get())).status == 200  # and it goes on
        client.close()


async def test_a_refusal_does_not_wait_for_the_body() -> None:
    async with serving(make_world(), "h3") as served:
        client = await Http3Client(served.place).connected()
        stream = client.send(b"POST", b"/dns-query", bytes(2000), end=False, content_type=DNS)
        await until(lambda: stream in client.complete)
        assert client.heads[stream][b":status"] == b"413"
        client.http.send_data(stream, bytes(30_000), True)
        client.transport.flush_soon()
        assert (await client.ask(b"GET", by_get())).status == 200
        client.close()


async def test_requests_that_are_too_long_are_reset() -> None:
    async with serving(make_world(), "h3") as served:
        client = await Http3Client(served.place).connected()
        long = {f"x_long{number}": "~" * 3000 for number in range(5)}
        response = await client.ask(b"GET", by_get(), **long)
        assert response.status == 0
        assert (await client.ask(b"GET", by_get())).status == 200
        client.close()


async def test_too_much_besides_requests_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http3, "MAX_CONTROL", 2000)
    async with serving(make_world(), "h3") as served:
        client = await Http3Client(served.place).connected()
        await client.ask(b"GET", by_get())
        control = client.http._local_control_stream_id
        client.native.send_stream_data(control, b"\x21\x80\0\xff\xff" + bytes(5000))
        client.transport.flush_soon()
        await until(lambda: client.ended_by)
        assert client.ended_by is not None
        assert client.ended_by.reason == "too much besides requests"


async def test_whose_requests_a_proxy_brings() -> None:
    world = make_world()
    async with serving(world, "h3", proxies=["127.0.0.0/8"]) as served:
        client = await Http3Client(served.place).connected()
        for name in ("192.0.2.9", "198.51.100.7"):
            await client.ask(b"GET", by_get(), x_forwarded_for=name)
        assert (await client.ask(b"GET", by_get(), x_forwarded_for="who")).status == 400
        client.close()
    records = [record for batch in world.buffer.drain(100) for record in batch.records]
    assert [client.text for _, client in records] == ["192.0.2.9", "198.51.100.7"]


async def test_a_client_that_gives_up_gets_no_answer() -> None:
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with serving(world, "h3") as served:
        client = await Http3Client(served.place).connected()
        stream = client.send(b"GET", by_get(question("example.org")))
        await until(lambda: served.door.room.waiting)
        client.transport.connection.abandon(stream, 0x10C)
        client.transport.flush_soon()
        assert (await client.ask(b"GET", by_get())).status == 200
        world.upstreams.gate.set()
        await until(lambda: not served.door.room.waiting)
        assert (await client.ask(b"GET", by_get())).status == 200
        assert stream not in client.heads
        client.close()
