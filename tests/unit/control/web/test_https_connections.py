"""The page by HTTPS: another certificate counts at once, and who speaks no TLS holds no place."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import certificates
import pytest
from bare_house import KnownActors, bare_house

from sinkhole.control.web import WebServer, create_app


class Shown:
    """The certificate that is shown now; None: there is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.context: ssl.SSLContext | None = None

    def show(self, certificate: certificates.Certificate) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.load_cert_chain(*certificate.write(self._folder))


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    made = Shown(tmp_path)
    made.show(certificates.self_signed("dns.example.org"))
    return made


@pytest.fixture
async def site(shown: Shown) -> AsyncIterator[WebServer]:
    house = bare_house(identity=KnownActors())
    server = WebServer(
        create_app(house), "127.0.0.1", 0,
        most_connections=4, patience_s=2.0, tls=lambda: shown.context,
    )  # fmt: skip
    await server.start()
    yield server
    await server.stop()


def trusting(certificate: certificates.Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=certificate.chain_pem.decode())
    context.check_hostname = False
    return context


async def me(site: WebServer, context: ssl.SSLContext) -> Any:
    connector = aiohttp.TCPConnector(ssl=context)
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.get(f"{site.url}/api/v1/me") as answer,
    ):
        assert answer.status == 200
        return await answer.json()


async def test_the_page_is_served_by_https_and_knows_it(site: WebServer) -> None:
    assert site.url.startswith("https://127.0.0.1:")
    told = await me(site, trusting(certificates.self_signed("dns.example.org")))
    assert (told["is_https"], told["kind"]) == (True, "loopback")


async def test_another_certificate_counts_from_the_next_connection_on(
    site: WebServer, shown: Shown
) -> None:
    other = certificates.self_signed("other.example.org")
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await me(site, trusting(other))
    shown.show(other)
    assert (await me(site, trusting(other)))["is_https"] is True


async def test_without_a_certificate_nothing_is_said(site: WebServer, shown: Shown) -> None:
    context, shown.context = shown.context, None
    with pytest.raises(aiohttp.ClientConnectionError):
        await me(site, trusting(certificates.self_signed("dns.example.org")))
    shown.context = context
    await me(site, trusting(certificates.self_signed("dns.example.org")))


async def test_who_speaks_no_tls_is_hung_up_on(site: WebServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    said = await reader.read()
    assert b"HTTP/1.1" not in said
    writer.close()


async def test_handshakes_that_never_come_give_way(site: WebServer) -> None:
    """More of them than there are places, all silent: a browser gets in all the same."""
    silent = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(6)]
    told = await me(site, trusting(certificates.self_signed("dns.example.org")))
    assert told["kind"] == "loopback"
    for reader, writer in silent:
        assert await reader.read() == b""
        writer.close()


async def test_what_is_read_by_tls_1_1_is_nothing(site: WebServer) -> None:
    context = trusting(certificates.self_signed("dns.example.org"))
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(aiohttp.ClientConnectionError):
        await me(site, context)
