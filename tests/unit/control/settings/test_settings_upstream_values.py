"""Routes, client subnets and proxies, from text and back."""

from __future__ import annotations

from typing import Any

import pytest

from sinkhole.control.settings.upstream_values import (
    NOTHING_TOLD,
    parse_client_subnet,
    parse_proxy,
    parse_route,
)
from sinkhole.model.proxy_url import ProxyUrl


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("Fritz.Box.", "fritz.box"),
        ("*.Sub.example", "*.sub.example"),
        ("168.192.in-addr.arpa", "168.192.in-addr.arpa"),
        ("lan", "lan"),
        ("Unqualified", "unqualified"),
        ("unqualified.", "unqualified."),
        ("*.unqualified", "*.unqualified"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_route_is_a_zone_what_is_below_one_or_all_without_a_dot(text: str, route: str) -> None:
    assert parse_route(text) == route
    assert parse_route(route) == route


@pytest.mark.parametrize(
    ("text", "mode", "bits"),
    [
        ("off", "off", (24, 56)),
        ("client", "client", (24, 56)),
        ("client/24/56", "client", (24, 56)),
        ("client/8/128", "client", (8, 128)),
        ("198.51.100.0/24", "fixed", (24, 56)),
        ("2001:db8::/32", "fixed", (24, 56)),
    ],
)
def test_a_client_subnet_is_read_back_from_its_text(
    text: str, mode: str, bits: tuple[int, int]
) -> None:
    subnet = parse_client_subnet(text)
    assert (subnet.mode, (subnet.ipv4_bits, subnet.ipv6_bits)) == (mode, bits)
    assert parse_client_subnet(str(subnet)) == subnet == parse_client_subnet(subnet)
    assert (subnet.network is not None) == (mode == "fixed")


def test_false_is_no_subnet_and_no_proxy() -> None:
    assert parse_client_subnet(False) == NOTHING_TOLD
    assert parse_proxy(False) is None and parse_proxy("") is None and parse_proxy(None) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("client/7/56", "/7 is out of range"),
        ("client/24/129", "/129 is out of range"),
        ("client/24", 'or "off", "client" or "client/24/56"'),
        ("on", 'or "off", "client" or "client/24/56"'),
        (True, "true is not text"),
        (24, "24 is not text"),
    ],
)
def test_what_is_no_client_subnet_says_what_to_write(value: Any, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_client_subnet(value)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://192.0.2.8", ProxyUrl("http", "192.0.2.8", 8080)),
        ("HTTP://proxy.example.org:3128/", ProxyUrl("http", "proxy.example.org", 3128)),
        ("socks5h://[2001:db8::8]", ProxyUrl("socks5", "2001:db8::8", 1080)),
        ("socks5://me:p%40%3Ass@192.0.2.8:9", ProxyUrl("socks5", "192.0.2.8", 9, "me", "p@:ss")),
        ("http://me@192.0.2.8", ProxyUrl("http", "192.0.2.8", 8080, "me")),
    ],
)
def test_a_proxy_is_read_back_from_its_text(text: str, proxy: ProxyUrl) -> None:
    assert parse_proxy(text) == proxy
    assert parse_proxy(proxy.text) == proxy == parse_proxy(proxy)


@pytest.mark.parametrize(
    "text",
    [
        *("192.0.2.8:8080", "https://u:secret@192.0.2.8", "http://u:secret@", "socks4://192.0.2.8"),
        *("http://u:secret@192.0.2.8/x", "http://u:secret@0.0.0.0", "http://u:secret@192.0.2.8:0"),
        *("http://u:secret@1.2.3", "http://u:secret@[::1"),
    ],
)
def test_what_is_no_proxy_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_proxy(text)
    assert "secret" not in str(caught.value) and len(str(caught.value)) > 20
