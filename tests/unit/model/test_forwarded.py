"""Whose request a proxy brings, and whom nobody believes."""

from ipaddress import ip_address, ip_network

import pytest

from sinkhole.model.errors import WireError
from sinkhole.model.forwarded import MOST_HOPS, client_behind

PROXIES = (ip_network("127.0.0.0/8"), ip_network("2001:db8:1::/48"))
PEER = ip_address("127.0.0.1").packed


def is_proxy(packed: bytes) -> bool:
    return any(ip_address(packed) in each for each in PROXIES)


def behind(*headers: tuple[str, str]) -> str:
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    return str(ip_address(client_behind(PEER, pairs, is_proxy)))


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:80", "2001:db8::7"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("invented, 192.0.2.1", "192.0.2.1"),
        ("198.51.100.9 ,192.0.2.1,127.0.0.9, 2001:db8:1::1", "192.0.2.1"),
        ("127.0.0.8,127.0.0.9", "127.0.0.8"),
        ("", "127.0.0.1"),
    ],
)
def test_the_last_that_is_no_proxy_of_ours_asked(value: str, client: str) -> None:
    assert behind(("x-forwarded-for", value)) == client


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("for=192.0.2.1", "192.0.2.1"),
        ('For="[2001:db8::7]:4711";proto=https;by=203.0.113.43', "2001:db8::7"),
        ('by=x;for=198.51.100.9, for="192.0.2.1:1" , proto=http;for=127.0.0.9', "192.0.2.1"),
    ],
)
def test_the_standard_header_is_read_too(value: str, client: str) -> None:
    assert behind(("forwarded", value)) == client


def test_headers_of_one_name_are_one_list() -> None:
    said = [("x-forwarded-for", "198.51.100.9"), ("host", "x"), ("x-forwarded-for", "192.0.2.1")]
    assert behind(*said) == "192.0.2.1"
    assert behind(("other", "192.0.2.1")) == "127.0.0.1"


@pytest.mark.parametrize(
    "headers",
    [
        [("x-forwarded-for", "unknown")],
        [("x-forwarded-for", "192.0.2.1, ")],
        [("forwarded", "for=_hidden")],
        [("forwarded", "proto=https")],
        [("forwarded", "for=192.0.2.1;for=192.0.2.2")],
        [("x-forwarded-for", ",".join(["127.0.0.2"] * (MOST_HOPS + 1)))],
        [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2")],
    ],
)
def test_what_does_not_tell_is_an_error(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(WireError):
        behind(*headers)


def test_headers_that_agree_are_believed() -> None:
    assert behind(("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")) == "192.0.2.1"
