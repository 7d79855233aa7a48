"""How devices find the server is told to who may set it up, and to nobody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from houses import ADMIN, OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.devices.house_addresses import Gateway
from sinkhole.control.machine.own_addresses import OwnAddress
from sinkhole.control.operations import setup
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.control.settings import Endpoint
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]


async def test_what_is_wanted_is_compared_with_what_is_open(build: Build) -> None:
    built = await build({"dns": {"listen": ["127.0.0.1:53", "[::1]:53", "192.0.2.2:5353"]}})
    built.told = {"listen": ["127.0.0.1:53", "192.0.2.2:5353"]}
    told = await perform(setup.show, built.house, ADMIN, Nothing())
    assert told.wanted == ["127.0.0.1:53", "[::1]:53", "192.0.2.2:5353"]
    assert told.missing == ["[::1]:53"]
    assert told.encrypted == []


async def test_of_any_port_the_address_is_looked_at(build: Build) -> None:
    built = await build({"dns": {"listen": ["127.0.0.1:0", "[::1]:0"]}})
    built.told = {"listen": ["[::1]:40001"]}
    told = await perform(setup.show, built.house, ADMIN, Nothing())
    assert told.missing == ["127.0.0.1:0"]


@pytest.mark.parametrize("actor", [VIEWER, OPERATOR])
async def test_who_may_not_set_it_up_is_not_told(build: Build, actor: object) -> None:
    built = await build()
    with pytest.raises(RequestError) as refused:
        await perform(setup.show, built.house, actor, Nothing())  # type: ignore[arg-type]  # one
    assert refused.value.kind == "forbidden"


def _is(monkeypatch: pytest.MonkeyPatch, addresses: Sequence[OwnAddress]) -> None:
    """Have this machine be another one, whose router is at the interface lo."""
    monkeypatch.setattr(setup, "own_addresses", lambda: list(addresses))
    monkeypatch.setattr(setup, "gateways", lambda: [Gateway(0, bytes([192, 0, 2, 1]), 1)])


async def test_the_best_address_for_devices_is_first(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    _is(
        monkeypatch,
        [
            OwnAddress("172.17.0.1", 4, "home", "docker0", leased=False),
            OwnAddress("fe80::2%lo", 6, "link", "lo", leased=False),
            OwnAddress("2001:db8::2", 6, "public", "lo", leased=True),
            OwnAddress("fd00::2", 6, "home", "lo", leased=True),
            OwnAddress("192.168.1.2", 4, "home", "lo", leased=True),
        ],
    )
    built = await build()
    told = await perform(setup.show, built.house, ADMIN, Nothing())
    assert [each.address for each in told.addresses] == [
        "192.168.1.2", "fd00::2", "2001:db8::2", "fe80::2%lo", "172.17.0.1",
    ]  # fmt: skip
    assert [each.leads_out for each in told.addresses] == [True] * 4 + [False]
    assert told.routers == ["192.0.2.1"]


def _dns(folder: Path, *, https: int, tls: int) -> DnsSettings:
    (folder / "certificate.pem").touch()
    return DnsSettings(
        certificate=folder / "certificate.pem",
        certificate_key=folder / "certificate.pem",
        https=(Endpoint("0.0.0.0", https),),
        tls=(Endpoint("0.0.0.0", tls),),
    )


def test_encrypted_dns_is_told_by_the_first_name_that_is_one(tmp_path: Path) -> None:
    status = {
        "certificate": {"names": ["*.example.org", "dns.example.org", "192.0.2.2"]},
        "encrypted": ["0.0.0.0:853 (TLS)", "0.0.0.0:443 (HTTPS)", "0.0.0.0:443 (HTTP/3)"],
    }
    found = setup._encrypted(_dns(tmp_path, https=443, tls=853), status)
    assert [(each.over, each.address) for each in found] == [
        ("HTTPS", "https://dns.example.org/dns-query"),
        ("TLS", "dns.example.org"),
    ]
    other = setup._encrypted(_dns(tmp_path, https=8443, tls=8853), status)
    assert [each.address for each in other] == [
        "https://dns.example.org:8443/dns-query",
        "dns.example.org:8853",
    ]


def test_encrypted_dns_that_is_not_open_is_not_told(tmp_path: Path) -> None:
    named = {"certificate": {"names": ["dns.example.org"]}, "encrypted": []}
    assert setup._encrypted(_dns(tmp_path, https=443, tls=853), named) == []
    unnamed = {"certificate": None, "encrypted": ["0.0.0.0:853 (TLS)"]}
    assert setup._encrypted(_dns(tmp_path, https=443, tls=853), unnamed) == []
