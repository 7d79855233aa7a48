"""Who may ask at all: in a network that is allowed, and in none that is not."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from sinkhole.dns.policy.address_gate import Gate, Keeper

GATE = Gate(
    [ip_network("192.0.2.0/24"), ip_network("2001:db8::/64")], [ip_network("192.0.2.128/25")]
)


@pytest.mark.parametrize(
    ("address", "by"),
    [
        ("192.0.2.7", ""),
        ("2001:db8::7", ""),
        ("192.0.2.129", "dns.deny"),
        ("198.51.100.7", "dns.allow"),
        ("2001:db8:1::7", "dns.allow"),
    ],
)
def test_an_address_is_turned_away_by_one_of_the_two(address: str, by: Keeper) -> None:
    assert GATE.turns_away_by(ip_address(address).packed) == by


def test_where_nothing_is_allowed_nobody_may_ask() -> None:
    assert Gate().turns_away_by(ip_address("127.0.0.1").packed) == "dns.allow"
