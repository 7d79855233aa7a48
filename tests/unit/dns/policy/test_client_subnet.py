"""What upstreams are told of where clients are."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from sinkhole.dns.policy.client_subnet import ClientSubnet, ClientSubnets
from sinkhole.dns.wire.options import subnet_text


def told(subnet: ClientSubnet, address: str) -> str:
    return subnet_text(subnet.of(ip_address(address).packed))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.9", "192.0.2.0/24"),
        ("2001:db8:0:1ff::9", "2001:db8:0:100::/56"),
        ("192.168.1.2", "0.0.0.0/0"),
        ("127.0.0.1", "0.0.0.0/0"),
        ("100.64.0.1", "0.0.0.0/0"),
        ("fd00::1", "0.0.0.0/0"),
        ("fe80::1", "0.0.0.0/0"),
        ("::1", "0.0.0.0/0"),
    ],
)
def test_a_client_is_told_by_its_network_if_the_world_knows_it(address: str, network: str) -> None:
    assert told(ClientSubnet(), address) == network


def test_one_network_can_stand_for_all() -> None:
    fixed = ClientSubnet(ip_network("198.51.100.0/25"))
    assert told(fixed, "192.0.2.9") == told(fixed, "::1") == "198.51.100.0/25"
    assert (fixed.differs, ClientSubnet().differs) == (False, True)


def test_as_many_bits_are_told_as_is_wished() -> None:
    assert told(ClientSubnet(ipv4_bits=20), "198.51.100.9") == "198.51.96.0/20"
    assert told(ClientSubnet(ipv6_bits=48), "2001:db8:1:1ff::9") == "2001:db8:1::/48"


def test_each_set_is_told_its_own() -> None:
    sets = ClientSubnets({"": ClientSubnet(), "office": ClientSubnet(ip_network("192.0.2.0/24"))})
    client = ip_address("198.51.100.9").packed
    assert subnet_text(sets.of("", client)) == "198.51.100.0/24"
    assert subnet_text(sets.of("office", client)) == "192.0.2.0/24"
    assert sets.of("other", client) == b""
    assert (len(sets), sets.differ) == (2, True)


def test_clients_are_told_apart_by_what_is_told_of_them_alone() -> None:
    sets = ClientSubnets({"": ClientSubnet(), "office": ClientSubnet(ip_network("192.0.2.0/24"))})
    apart = [
        sets.apart(ip_address(a).packed) for a in ("198.51.100.9", "198.51.100.8", "203.0.113.9")
    ]
    assert apart[0] == apart[1] != apart[2]
    assert sets.apart(ip_address("192.168.1.2").packed) == b""
    assert not ClientSubnets({"office": ClientSubnet(ip_network("192.0.2.0/24"))}).differ
    assert not ClientSubnets()
