"""Which addresses are those of the house, and who its router is."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from struct import pack

import pytest

from sinkhole.control.devices.house_addresses import Gateway, gateway_in, gateways, is_private
from sinkhole.model.netlink import Message, attribute


def packed(text: str) -> bytes:
    return ip_address(text).packed


@pytest.mark.parametrize(
    "text", ["192.168.1.7", "10.0.0.1", "172.16.3.4", "169.254.1.1", "fd00::7", "fe80::7"]
)
def test_what_means_nothing_outside_of_the_house(text: str) -> None:
    assert is_private(packed(text))


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "198.51.100.7", "2001:db8::7", "172.32.0.1"])
def test_what_is_this_machine_or_may_be_anybodys(text: str) -> None:
    assert not is_private(packed(text))


def route(gateway: str, *, length: int = 0, kind: int = 24, metric: int = 100) -> Message:
    family = socket.AF_INET6 if ":" in gateway else socket.AF_INET
    said = attribute(5, packed(gateway)) if gateway else b""
    said += attribute(4, pack("=I", 1)) + attribute(6, pack("=I", metric))
    return Message(kind, 0, pack("=BBBBBBBBI", family, length, 0, 0, 254, 3, 0, 1, 0) + said)


def test_a_default_route_leads_to_the_router() -> None:
    assert gateway_in(route("192.0.2.1")) == Gateway(100, packed("192.0.2.1"), 1)
    assert gateway_in(route("2001:db8::1")) == Gateway(100, packed("2001:db8::1"), 1)


def test_other_routes_do_not() -> None:
    assert gateway_in(route("192.0.2.1", length=24)) is None
    assert gateway_in(route("192.0.2.1", kind=25)) is None
    assert gateway_in(route("")) is None  # such as a tunnel's
    assert gateway_in(Message(24, 0, b"short")) is None


def test_a_router_is_written_as_it_is_asked() -> None:
    assert str(Gateway(0, packed("192.0.2.1"), 1)) == "192.0.2.1"
    assert str(Gateway(0, packed("2001:db8::1"), 1)) == "2001:db8::1"
    assert str(Gateway(0, packed("fe80::1"), socket.if_nametoindex("lo"))) == "fe80::1%lo"


def test_asking_the_kernel_of_this_machine() -> None:
    for gateway in gateways():
        assert len(gateway.address) in (4, 16)
