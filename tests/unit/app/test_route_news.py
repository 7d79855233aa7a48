"""What matters of the kernel's news of routes and addresses."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from struct import pack

from sinkhole.app.route_news import MOST_ROUTES, RouteNews
from sinkhole.model import netlink
from sinkhole.model.netlink import attribute

NEW_ADDRESS, DELETED_ADDRESS, NEW_ROUTE, DELETED_ROUTE = 20, 21, 24, 25
REPLACED = 0x100


def message(kind: int, body: bytes, flags: int = 0) -> bytes:
    return netlink.message(kind, flags, body)


def packed(address: str) -> bytes:
    return ip_address(address).packed


def address(kind: int, ip: str) -> bytes:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    return message(kind, pack("=BBBBI", family, 24, 0, 0, 2) + attribute(1, packed(ip)))


def route(
    kind: int,
    gateway: str,
    *,
    length: int = 0,
    to: str = "",
    interface: int = 2,
    metric: int = 100,
    rtype: int = 1,
    flags: int = 0,
) -> bytes:
    family = socket.AF_INET6 if ":" in gateway else socket.AF_INET
    body = pack("=BBBBBBBBI", family, length, 0, 0, 254, 3, 0, rtype, 0)
    if to:
        body += attribute(1, packed(to))
    body += attribute(5, packed(gateway)) + attribute(4, pack("=I", interface))
    return message(kind, body + attribute(6, pack("=I", metric)), flags)


def test_a_default_route_is_news_once() -> None:
    news = RouteNews()
    assert news.take(route(NEW_ROUTE, "192.0.2.1"))
    assert not news.take(route(NEW_ROUTE, "192.0.2.1"))
    assert news.take(route(DELETED_ROUTE, "192.0.2.1"))
    assert news.take(route(NEW_ROUTE, "192.0.2.1"))


def test_another_gateway_in_its_place() -> None:
    news = RouteNews()
    news.take(route(NEW_ROUTE, "192.0.2.1"))
    assert news.take(route(NEW_ROUTE, "192.0.2.2", flags=REPLACED))
    assert news.take(route(NEW_ROUTE, "192.0.2.1", flags=REPLACED))


def test_two_routers_that_repeat_themselves() -> None:
    news = RouteNews()
    routes = [route(NEW_ROUTE, "fe80::1"), route(NEW_ROUTE, "fe80::2")]
    assert [news.take(each) for each in routes * 3] == [True, True, False, False, False, False]


def test_a_vpn_that_takes_everything_in_two_halves() -> None:
    news = RouteNews()
    assert news.take(route(NEW_ROUTE, "192.0.2.1", length=1, to="128.0.0.0"))


def test_other_routes_are_none_of_ours() -> None:
    news = RouteNews()
    assert not news.take(route(NEW_ROUTE, "192.0.2.1", length=24, to="198.51.100.0"))
    assert not news.take(route(NEW_ROUTE, "192.0.2.1", rtype=7))  # unreachable
    assert not news.take(route(DELETED_ROUTE, "192.0.2.1", length=8, to="203.0.113.0"))


def test_an_address_that_is_gone() -> None:
    news = RouteNews()
    assert news.take(address(DELETED_ADDRESS, "192.0.2.5"))
    assert news.take(address(DELETED_ADDRESS, "2001:db8::5"))
    assert not news.take(address(NEW_ADDRESS, "192.0.2.5"))
    assert not news.take(address(DELETED_ADDRESS, "fe80::5"))
    assert not news.take(address(DELETED_ADDRESS, "169.254.1.5"))


def test_several_messages_in_one_datagram() -> None:
    news = RouteNews()
    dull = address(NEW_ADDRESS, "192.0.2.5")
    assert news.take(dull + route(NEW_ROUTE, "192.0.2.1") + dull)
    assert not news.take(dull + dull)


def test_what_is_remembered_is_bounded() -> None:
    news = RouteNews()
    for number in range(2 * MOST_ROUTES + 10):
        assert news.take(route(NEW_ROUTE, "192.0.2.1", interface=number, metric=number))
    assert len(news._known) <= MOST_ROUTES
