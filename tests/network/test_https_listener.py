"""DNS over HTTPS over real sockets, HTTP/2 and HTTP/1.1: answers, refusals, ids, the log."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Network

import dnslib
import pytest
from https_house import (
    DNS,
    NAME,
    Response,
    as_parameter,
    h1_client,
    h2_client,
    listening,
    make_world,
)
from world import addresses, question

from sinkhole.dns.server.http2 import MAX_IGNORED

ADS = question("ads.example.org")


def parsed(response: Response) -> dnslib.DNSRecord:
    assert response.status == 200
    assert response.headers["content-type"] == "application/dns-message"
    assert response.headers["content-length"] == str(len(response.body))
    assert abs(parsedate_to_datetime(response.headers["date"]).timestamp() - time.time()) < 600
    return dnslib.DNSRecord.parse(response.body)


async def test_get_and_post_are_answered_and_the_log_says_how_it_came() -> None:
    world = make_world()
    async with listening(world) as served:
        async with h2_client(served.port) as client:
            posted = await client.post("/dns-query", question("example.org"))
            assert addresses(parsed(posted)) == ["192.0.2.1"]
            assert posted.headers["cache-control"] == "max-age=60"
            got = await client.get(f"/dns-query?dns={as_parameter(ADS)}")
            assert addresses(parsed(got)) == ["0.0.0.0"]
        async with h1_client(served.port) as old:
            old.send("POST", "/dns-query", body=ADS)
            assert addresses(parsed(await old.response())) == ["0.0.0.0"]
            old.send("GET", f"/dns-query?dns={as_parameter(ADS)}")
            assert addresses(parsed(await old.response())) == ["0.0.0.0"]
    assert {batch.channel for batch in world.buffer.drain(9)} == {"https"}


async def test_who_has_no_alpn_speaks_http1() -> None:
    async with listening(make_world()) as served, h1_client(served.port, ()) as client:
        client.send("POST", "/dns-query", body=ADS)
        assert addresses(parsed(await client.response())) == ["0.0.0.0"]


async def test_streams_are_answered_in_any_order() -> None:
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as served, h2_client(served.port) as client:
        slow = client.begin("POST", "/dns-query", DNS, body=question("example.org"))
        assert addresses(parsed(await client.post("/dns-query", ADS))) == ["0.0.0.0"]
        world.upstreams.gate.set()
        assert addresses(parsed(await client.response(slow))) == ["192.0.2.1"]


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    world = make_world()
    world.upstreams.gate = asyncio.Event()
    async with listening(world) as served, h1_client(served.port) as client:
        client.send("POST", "/dns-query", body=question("example.org"))
        for _ in range(40):  # more than wait at once
            client.send("POST", "/dns-query", body=ADS)
        world.upstreams.gate.set()
        assert addresses(parsed(await client.response())) == ["192.0.2.1"]
        for _ in range(40):
            assert addresses(parsed(await client.response())) == ["0.0.0.0"]


REFUSED = [
    ("GET", "/", (), None, 404),
    ("GET", "/favicon.ico", (), None, 404),
    ("POST", "/other", (DNS,), ADS, 404),
    ("GET", "/dns-query/a/b", (), None, 404),
    ("POST", "/dns-query/not_a_label", (DNS,), ADS, 404),
    ("POST", "/dns-query/" + 64 * "a", (DNS,), ADS, 404),
    ("GET", "/dns-query", (), None, 400),
    ("GET", "/dns-query?dns=", (), None, 400),
    ("GET", "/dns-query?dns=%20!", (), None, 400),
    ("GET", "/dns-query?dns=AAAAA", (), None, 400),
    ("GET", "/dns-query?dns=AAAA", (), None, 400),
    ("GET", "/dns-query?dns=" + 2000 * "A", (), None, 413),
    ("HEAD", "/dns-query", (), None, 405),
    ("PUT", "/dns-query", (DNS,), ADS, 405),
    ("POST", "/dns-query", (("content-type", "text/plain"),), ADS, 415),
    ("POST", "/dns-query", (), ADS, 415),
    ("POST", "/dns-query", (DNS,), b"", 400),
    ("POST", "/dns-query", (DNS,), b"too short", 400),
    ("POST", "/dns-query", (DNS,), ADS + bytes(1024), 413),
]
NAMES = [f"{method} {path[:40]} {status}" for method, path, *_, status in REFUSED]
"""Without the queries, whose ids differ from run to run."""


@pytest.mark.parametrize(("method", "path", "headers", "body", "status"), REFUSED, ids=NAMES)
async def test_what_is_refused_over_http2_is_told_and_is_not_the_end(
    method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes | None, status: int
) -> None:
    async with listening(make_world()) as served, h2_client(served.port) as client:
        stream = client.begin(method, path, *headers, body=body)
        response = await client.response(stream)
        assert response.status == status
        assert (response.body == b"") is (method == "HEAD")
        assert response.headers["cache-control"] == "no-store"
        assert addresses(parsed(await client.post("/dns-query", ADS))) == ["0.0.0.0"]


async def test_a_body_that_comes_behind_its_refusal_is_let_in_as_far_as_it_is_small() -> None:
    """Clients take a reset for the end of everything (curl among them), so there is none."""
    async with listening(make_world()) as served, h2_client(served.port) as client:
        stream = client.begin("POST", "/dns-query")
        response = await client.response(stream)
        assert (response.status, response.reset) == (415, None)
        client.http.send_data(stream, ADS, end_stream=True)
        client.flush()
        assert (await client.post("/dns-query", ADS)).status == 200
        stream = client.begin("POST", "/dns-query")
        assert (await client.response(stream)).status == 415
        client._done.pop(stream)
        for _ in range(3):
            client.http.send_data(stream, bytes(MAX_IGNORED // 2))
        client.flush()
        assert (await client.response(stream)).reset == 0
        assert (await client.post("/dns-query", ADS)).status == 200


@pytest.mark.parametrize(("method", "path", "headers", "body", "status"), REFUSED, ids=NAMES)
async def test_what_is_refused_over_http1_is_told(
    method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes | None, status: int
) -> None:
    async with listening(make_world()) as served, h1_client(served.port) as client:
        lines = [f"{name}: {value}" for name, value in headers]
        if body is not None:
            lines.append(f"content-length: {len(body)}")
        client.send(method, path, *lines)
        client.writer.write(body or b"")
        response = await client.response(is_head=method == "HEAD")
        assert response.status == status
        if "connection" not in response.headers:
            client.send("POST", "/dns-query", body=ADS)
            assert addresses(parsed(await client.response())) == ["0.0.0.0"]


async def test_methods_that_are_allowed_are_told() -> None:
    async with listening(make_world()) as served, h2_client(served.port) as client:
        response = await client.response(client.begin("PUT", "/dns-query", DNS, body=ADS))
        assert response.headers["allow"] == "GET, POST"


async def test_failures_are_not_to_be_kept() -> None:
    world = make_world()
    async with listening(world) as served, h2_client(served.port) as client:
        response = await client.post("/dns-query", question("nothing.example.net"))
        assert dnslib.RCODE.get(parsed(response).header.rcode) == "SERVFAIL"
        assert response.headers["cache-control"] == "max-age=0"


async def test_where_else_we_are_is_told_with_answers() -> None:
    async with listening(make_world()) as served:
        served.service.alt_svc = b'h3=":443"; ma=86400'
        async with h2_client(served.port) as client:
            for _ in range(3):
                response = await client.post("/dns-query", ADS)
                assert response.headers["alt-svc"] == 'h3=":443"; ma=86400'
        async with h1_client(served.port) as old:
            old.send("POST", "/dns-query", body=ADS)
            assert (await old.response()).headers["alt-svc"] == 'h3=":443"; ma=86400'


@pytest.mark.parametrize("path", ["/dns-query/kids-tablet", "/dns-query/Kids-Tablet/"])
async def test_a_client_is_known_by_its_path(path: str) -> None:
    world = make_world()
    async with listening(world) as served:
        ids: list[str] = []
        client_at = served.door.client_at

        def noting(packed: bytes, channel: object) -> object:
            ids.append(channel.client_id)  # type: ignore[attr-defined]  # a Channel
            return client_at(packed, channel)  # type: ignore[arg-type]  # a Channel

        served.door.client_at = noting  # type: ignore[assignment,method-assign]  # a spy
        async with h2_client(served.port) as client:
            await client.post(path, ADS)
        async with h1_client(served.port) as old:
            old.send("GET", f"{path}?x=y&dns={as_parameter(ADS)}")
            await old.response()
        async with h2_client(served.port, f"Sofa.{NAME}") as client:
            await client.post("/dns-query", ADS)
            assert ids[-1] == "sofa"
            await client.post(path, ADS)
        assert ids.count("kids-tablet") == 3, "the path counts for more than the name"


# -- proxies ---------------------------------------------------------------------------------

HOME = IPv4Network("127.0.0.0/8")


def clients_of(world: object) -> set[str]:
    """Whose queries are in the log."""
    batches = world.buffer.drain(99)  # type: ignore[attr-defined]  # a World
    return {client.text for batch in batches for _, client in batch.records}


async def ask_over_both(port: int, name: str, value: str) -> tuple[int, int]:
    """Ask with a header; the statuses."""
    async with h2_client(port) as client:
        first = await client.post("/dns-query", ADS, (name, value))
    async with h1_client(port) as old:
        old.send("POST", "/dns-query", f"{name}: {value}", body=ADS)
        return first.status, (await old.response()).status


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-forwarded-for", "192.0.2.77"),
        ("x-forwarded-for", "198.51.100.1, 192.0.2.77, 127.9.9.9"),
        ("forwarded", 'for="192.0.2.77:4711";proto=https, for=127.1.1.1'),
    ],
)
async def test_a_trusted_proxy_says_whose_request_it_is(name: str, value: str) -> None:
    world = make_world()
    async with listening(world, (HOME,)) as served:
        assert await ask_over_both(served.port, name, value) == (200, 200)
    assert clients_of(world) == {"192.0.2.77"}


async def test_nobody_else_is_believed() -> None:
    world = make_world()
    async with listening(world) as served:
        assert await ask_over_both(served.port, "x-forwarded-for", "192.0.2.77") == (200, 200)
    assert clients_of(world) == {"127.0.0.1"}


async def test_a_proxy_that_cannot_be_understood_is_refused() -> None:
    async with listening(make_world(), (HOME,)) as served:
        assert await ask_over_both(served.port, "x-forwarded-for", "unknown") == (400, 400)


# -- the page --------------------------------------------------------------------------------


class PretendPage(asyncio.Protocol):
    """Says what it was asked."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        line = data.split(b"\r\n")[0]
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(line)
        self.transport.write(head + line)


async def test_other_paths_are_the_pages_over_http1() -> None:
    async with listening(make_world()) as served:
        served.service.page = PretendPage
        async with h1_client(served.port) as client:
            client.send("POST", "/dns-query", body=ADS)
            client.send("GET", "/index.html")
            assert addresses(parsed(await client.response())) == ["0.0.0.0"]
            assert (await client.response()).body == b"GET /index.html HTTP/1.1"
            client.send("POST", "/api/login", "Transfer-Encoding: chunked")
            assert (await client.response()).body == b"POST /api/login HTTP/1.1"
            assert not served.door.encrypted.holders, "the page counts its connections itself"


async def test_over_http2_browsers_are_sent_to_http1_for_the_page() -> None:
    async with listening(make_world()) as served:
        served.service.page = PretendPage
        async with h2_client(served.port) as client:
            response = await client.get("/index.html")
            assert (response.status, response.reset) == (0, 0xD)  # HTTP_1_1_REQUIRED
            assert addresses(parsed(await client.post("/dns-query", ADS))) == ["0.0.0.0"]


class HeadOfRequest(PretendPage):
    """Says which head it was given."""

    def data_received(self, data: bytes) -> None:
        response = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(data)
        self.transport.write(response + data)


async def test_behind_a_proxy_the_page_has_a_connection_for_one_request_only() -> None:
    async with listening(make_world(), (HOME,)) as served:
        served.service.page = HeadOfRequest
        async with h1_client(served.port) as client:
            client.send("GET", "/index.html", "X-Forwarded-For: 192.0.2.77")
            line, told, *_ = (await client.response()).body.split(b"\r\n")
            assert (line, told) == (b"GET /index.html HTTP/1.1", b"Connection: close")
        served.service.page = PretendPage
        async with h1_client(served.port) as client:
            client.send("GET", "/index.html")
            assert (await client.response()).status == 200, "the proxy itself may look"


async def test_behind_a_proxy_who_may_not_ask_does_not_see_the_page_either() -> None:
    world = make_world()
    async with listening(world, (HOME,)) as served:
        served.service.page = PretendPage
        async with h1_client(served.port) as client:
            for stranger in ("198.51.100.7", "192.0.2.77, 198.51.100.7", "unknown"):
                client.send("GET", "/api/queries", f"X-Forwarded-For: {stranger}")
                assert (await client.response()).status == 404, stranger
            client.send("POST", "/dns-query", "X-Forwarded-For: 192.0.2.77", body=ADS)
            assert addresses(parsed(await client.response())) == ["0.0.0.0"]
    assert clients_of(world) == {"198.51.100.7", "192.0.2.77"}
