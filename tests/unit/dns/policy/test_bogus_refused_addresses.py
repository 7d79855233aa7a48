"""Addresses that stand for "no such name"."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from sinkhole.dns.policy.refused_addresses import BogusAddresses

BOGUS = BogusAddresses(
    ip_network(each) for each in ("192.0.2.1", "198.51.100.0/24", "2001:db8::/64", "2001:db8:1::1")
)


def test_single_addresses_and_networks() -> None:
    assert len(BOGUS) == 4
    for address in ("192.0.2.1", "198.51.100.200", "2001:db8::7", "2001:db8:1::1"):
        assert ip_address(address).packed in BOGUS
    for address in ("192.0.2.2", "198.51.101.1", "2001:db8:1::2", "::"):
        assert ip_address(address).packed not in BOGUS
