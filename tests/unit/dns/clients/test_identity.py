"""Whose address or id it is."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from sinkhole.dns.clients.identity import KnownClient, KnownClients
from sinkhole.dns.filter.traits import Criteria

CRITERIA = Criteria(
    {
        "name:Tablet",
        "name:Phone",
        "name:annas-phone",
        "tag:user_child",
        "tag:device_tv",
        "ip:192.0.2.9",
        "net:192.0.2.0/28",
    }
)
KNOWN = KnownClients(
    (
        KnownClient("Guests", (ip_network("192.0.2.0/24"),), ("user_child",)),
        KnownClient("Tablet", (ip_network("192.0.2.20/32"), ip_network("2001:db8::/64"))),
        KnownClient("TV", (ip_network("192.0.2.21/32"),), ("device_tv", "os_other"), ("tv",)),
        KnownClient("Phone", (), ("user_child",), ("annas-phone", "phone")),
    )
)


def traits(address: str) -> set[str]:
    return set(KNOWN.traits(CRITERIA, ip_address(address).packed))


def test_an_address_has_the_traits_of_the_smallest_network_it_is_in() -> None:
    assert traits("192.0.2.99") == {"tag:user_child"}
    assert traits("192.0.2.20") == {"name:Tablet"}
    assert traits("2001:db8::7") == {"name:Tablet"}
    assert traits("192.0.2.21") == {"tag:device_tv"}
    assert traits("198.51.100.1") == set()


def test_a_client_is_that_of_the_smallest_network() -> None:
    def name(address: str) -> str | None:
        client = KNOWN.owner_of(ip_address(address).packed)
        return client.name if client else None

    found = [name(each) for each in ("192.0.2.99", "192.0.2.20", "2001:db8::7", "198.51.100.1")]
    assert found == ["Guests", "Tablet", "Tablet", None]


def test_addresses_and_networks_need_no_settings() -> None:
    assert traits("192.0.2.9") == {"ip:192.0.2.9", "net:192.0.2.0/28", "tag:user_child"}


def test_an_id_counts_for_more_than_the_address_and_is_a_name_itself() -> None:
    def by_id(client_id: str) -> set[str]:
        return set(KNOWN.traits(CRITERIA, ip_address("192.0.2.20").packed, client_id))

    assert by_id("phone") == {"name:Phone", "tag:user_child"}
    assert by_id("annas-phone") == {"name:Phone", "name:annas-phone", "tag:user_child"}
    assert by_id("tv") == {"tag:device_tv"}
    assert by_id("unknown") == by_id("") == {"name:Tablet"}
    assert KNOWN.ids == {"tv", "annas-phone", "phone"}


def test_what_a_record_says_is_read_as_id_or_address() -> None:
    texts = ("annas-phone", "tv", "192.0.2.21", "2001:db8::7", "198.51.100.1", "unknown", "")
    assert [KNOWN.called(each) for each in texts] == ["Phone", "TV", "TV", "Tablet", "", "", ""]


MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
EACH_WAY = KnownClients(
    (
        KnownClient("network", (ip_network("192.0.2.0/24"),)),
        KnownClient("smaller network", (ip_network("192.0.2.0/28"),)),
        KnownClient("host", hosts=("tablet",)),
        KnownClient("whole host", hosts=("Tv.Lan.",)),
        KnownClient("mac", macs=(MAC,)),
        KnownClient("address", (ip_network("192.0.2.9/32"),)),
        KnownClient("id", ids=("phone",)),
    )
)


@pytest.mark.parametrize(
    ("address", "client_id", "mac", "hosts", "by"),
    [
        ("192.0.2.9", "phone", MAC, ["tablet"], "id"),
        ("192.0.2.9", "unknown", MAC, ["tablet"], "address"),
        ("192.0.2.8", "", MAC, ["tablet"], "mac"),
        ("192.0.2.8", "", MAC.upper(), [], "mac"),
        ("192.0.2.8", "", OTHER_MAC, ["other", "tablet"], "host"),
        ("192.0.2.8", "", "", ["TABLET.fritz.box."], "host"),
        ("192.0.2.8", "", "", ["my-tablet", "tablets.lan", "x.tablet"], "smaller network"),
        ("192.0.2.8", "", "", ["tv.lan"], "whole host"),
        ("192.0.2.8", "", "", ["tv.example", "tv"], "smaller network"),
        ("192.0.2.99", "", OTHER_MAC, [], "network"),
        ("198.51.100.1", "", "", [], ""),
        ("198.51.100.1", "", MAC, [], "mac"),
        ("2001:db8::1", "", "", ["tablet"], "host"),
    ],
)
def test_the_most_specific_that_is_known_wins(
    address: str, client_id: str, mac: str, hosts: list[str], by: str
) -> None:
    found = EACH_WAY.identify(ip_address(address).packed, client_id, mac, hosts)
    assert (found.owner.name if found.owner else "") == by
    assert found.by == by.split()[-1] if by else not found.by


def test_of_two_that_have_the_same_address_it_is_the_first() -> None:
    both = [KnownClient(name, (ip_network("192.0.2.9/32"),)) for name in ("one", "two")]
    owner = KnownClients(both).identify(ip_address("192.0.2.9").packed).owner
    assert owner is both[0]


def test_facts_are_of_use_only_where_a_client_is_known_by_them() -> None:
    assert EACH_WAY.asks_facts and not KNOWN.asks_facts
