"""Addresses and networks as rules write them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from sinkhole.dns.filter.language.addresses import names_nobody, read_address, read_network

ADDRESSES = {
    "192.0.2.1": "192.0.2.1",
    "2001:DB8::1": "2001:db8::1",
    "::": "::",
    "::ffff:192.0.2.1": "192.0.2.1",
    "fe80::1%lo0": "fe80::1",
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses(text: str) -> None:
    assert read_address(text) == ip_address(ADDRESSES[text])


@pytest.mark.parametrize(
    "text", ["", "1", "1234567890", "192.0.2", "192.0.2.256", "a.b", "::g", "1:2", "192.0.2.0/24"]
)
def test_what_is_no_address(text: str) -> None:
    assert read_address(text) is None


NETWORKS = {
    "192.0.2.1": "192.0.2.1/32",
    "192.0.2.0/24": "192.0.2.0/24",
    "192.0.2.77/24": "192.0.2.0/24",
    "0.0.0.0/0": "0.0.0.0/0",
    "2001:db8::/32": "2001:db8::/32",
    "[2001:db8::1]": "2001:db8::1/128",
    "::ffff:192.0.2.0/120": "192.0.2.0/24",
    "::ffff:192.0.2.1": "192.0.2.1/32",
    "::ffff:0:0/95": "::fffe:0:0/95",
}


@pytest.mark.parametrize("text", NETWORKS)
def test_networks(text: str) -> None:
    assert read_network(text) == ip_network(NETWORKS[text])


@pytest.mark.parametrize(
    "text", ["", "[]", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/255.255.255.0", "2001:db8::/129"]
)
def test_what_is_no_network(text: str) -> None:
    assert read_network(text) is None


@pytest.mark.parametrize("text", ["0.0.0.0", "::", "127.0.0.1", "127.9.9.9", "::1"])
def test_addresses_that_stand_for_nowhere(text: str) -> None:
    assert names_nobody(ip_address(text))


def test_addresses_of_someone() -> None:
    assert not names_nobody(ip_address("192.0.2.1"))
    assert not names_nobody(ip_address("2001:db8::1"))
