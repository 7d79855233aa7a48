"""A whole sinkhole tells clients of its encrypted listeners, as long as it has a certificate."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from certificates import leaf
from house import ask, house, running, until
from places import nobodys_place

from sinkhole.control.settings import Settings
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.text.rdata import rdata_to_text

NAME = "dns.example.org"


def encrypted(folder: Path, **more: Any) -> Settings:
    """A house with a listener for DNS over TLS."""
    chain, key = leaf(NAME).write(folder, "dns")
    host, port = nobodys_place()
    dns = {"dns__certificate": str(chain), "dns__certificate_key": str(key)}
    return house(folder, dns__tls=[f"{host}:{port}"], **dns, **more)


async def told(address: str) -> list[str]:
    """The services, as zone files write them."""
    reply = await ask(address, "_dns.resolver.arpa", "SVCB")
    return [rdata_to_text(Type.SVCB, bytes(record.rdata.data)) for record in reply.rr]


async def test_listeners_are_told_while_the_certificate_is_right(tmp_path: Path) -> None:
    settings = encrypted(tmp_path)
    (place,) = settings.dns.tls
    expected = [f"1 {NAME} alpn=dot port={place.port} ipv4hint={place.host}"]
    async with running(settings) as app:
        assert await told(app.addresses[0]) == expected
        await app.apply(settings)
        assert await told(app.addresses[0]) == expected


async def test_a_name_that_the_certificate_is_not_for_is_a_problem_and_not_told(
    tmp_path: Path,
) -> None:
    async with running(encrypted(tmp_path, dns__names=[NAME, "other.example.net"])) as app:
        assert {record.split()[1] for record in await told(app.addresses[0])} == {NAME}
        problem = "dns.names has other.example.net, which the certificate is not for"
        assert any(each.startswith(problem) for each in app.problems())


async def test_without_listeners_there_is_nothing_to_tell(tmp_path: Path) -> None:
    async with running(house(tmp_path)) as app:
        assert await told(app.addresses[0]) == []


async def test_a_handshake_that_comes_to_nothing_is_counted(tmp_path: Path) -> None:
    settings = encrypted(tmp_path)
    (place,) = settings.dns.tls
    async with running(settings) as app:
        assert app.status()["losses"]["handshakes_failed"] == 0
        socket.create_connection((place.host, place.port)).close()
        await until(lambda: app.status()["losses"]["handshakes_failed"] == 1)
