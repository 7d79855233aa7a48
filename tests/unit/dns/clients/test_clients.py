"""Who may ask, and in whose name."""

from __future__ import annotations

import sys
from ipaddress import IPv6Address, ip_address, ip_network

import pytest

from sinkhole.dns.clients.access import NO_TAG, Access
from sinkhole.dns.clients.clients import MAX_CLIENTS, MAX_STRANGERS, Clients

HOUSE = tuple(map(ip_network, ("192.0.2.0/24", "2001:db8::/32", "127.0.0.0/8")))


def clients_of(rate_limit: int) -> Clients:
    return Clients(Access(HOUSE, rate_limit))


def test_only_allowed_networks_may_ask() -> None:
    clients = clients_of(10)
    assert clients.of(bytes((192, 0, 2, 1))).allowed
    assert clients.of(IPv6Address("2001:db8::1").packed).allowed
    stranger = clients.of(bytes((198, 51, 100, 1)))
    assert not stranger.allowed and stranger.gated


def test_the_machine_itself_passes_without_a_gate() -> None:
    assert not clients_of(10).of(bytes((127, 0, 0, 1))).gated
    assert not clients_of(0).of(bytes((192, 0, 2, 1))).gated


def test_a_client_is_the_same_next_time_and_their_number_is_bounded() -> None:
    clients = clients_of(10)
    first = clients.of(bytes((192, 0, 2, 1)))
    assert clients.of(bytes((192, 0, 2, 1))) is first
    for i in range(MAX_CLIENTS + 10):
        clients.of(IPv6Address((0x20010DB8 << 96) + i).packed)
    assert len(clients) == MAX_CLIENTS
    assert clients.of(bytes((192, 0, 2, 1))) is not first


def test_strangers_push_out_no_client_and_their_number_is_bounded() -> None:
    clients = clients_of(10)
    first = clients.of(bytes((192, 0, 2, 1)))
    stranger = clients.of(bytes((198, 51, 100, 1)))
    assert clients.of(bytes((198, 51, 100, 1))) is stranger
    for i in range(MAX_CLIENTS + MAX_STRANGERS):
        clients.of(i.to_bytes(4, "big"))
    assert len(clients) == MAX_STRANGERS + 1
    assert clients.of(bytes((192, 0, 2, 1))) is first


def test_another_access_renews_everybody_and_leaves_budgets() -> None:
    clients = clients_of(10)
    house, other = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 1))
    client = clients.of(house)
    assert [clients.udp.spend(client.network, 5.0) for _ in range(11)][-1] is False
    other_net = tuple(map(ip_network, ("198.51.100.0/24",)))
    clients.renew(Access(other_net, 20, lambda packed, _: frozenset({"tag:user_child"})))
    assert (clients.of(house).allowed, clients.of(other).allowed) == (False, True)
    as_int = clients.of(int.from_bytes(other, sys.byteorder))
    assert clients.of(other).traits == as_int.traits == {"tag:user_child"}
    assert clients.of(other).tag == as_int.tag != NO_TAG
    assert not clients.udp.spend(client.network, 5.0)
    clients.renew(Access(other_net, 0))
    assert (clients.of(other).gated, clients.of(other).tag) == (False, NO_TAG)


class Told:
    """Counts for whom traits were worked out."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def __call__(self, packed: bytes, client_id: str) -> frozenset[str]:
        self.asked.append(packed)
        return frozenset()


def test_a_renewal_asks_nothing_about_clients_until_they_ask_again() -> None:
    told = Told()
    clients = Clients(Access(HOUSE))
    everybody = [bytes((192, 0, 2, i)) for i in range(256)]
    for packed in everybody:
        clients.of(packed)
    clients.renew(Access(HOUSE, traits=told))
    assert told.asked == []
    clients.of(everybody[7])
    clients.of(everybody[7])
    assert told.asked == [everybody[7]]


def test_traits_are_not_worked_out_for_those_who_may_not_ask() -> None:
    told = Told()
    clients = Clients(Access(HOUSE, traits=told))
    assert not clients.of(bytes((198, 51, 100, 1))).allowed
    assert told.asked == []


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.64"), ("2001:db8:1:2:3::7", "2001:db8:1:2::")],
)
def test_clients_of_one_network_share_budgets(address: str, network: str) -> None:
    access = Access(HOUSE, 10, ipv4_prefix=27)
    client = Clients(access).of(ip_address(address).packed)
    assert client.network == ip_address(network).packed


def test_a_network_cannot_ask_more_by_asking_from_many_addresses() -> None:
    clients = clients_of(200)
    base = int(ip_address("2001:db8:1:2::"))
    admitted = sum(
        clients.udp.spend(clients.of(IPv6Address(base + i).packed).network, 5.0)
        for i in range(2 * MAX_CLIENTS)
    )
    assert admitted == 200


def test_clients_differ_by_what_rules_ask_of_them() -> None:
    def traits(packed: bytes, client_id: str) -> frozenset[str]:
        return frozenset({"ip:192.0.2.1"} if packed[-1] == 1 else ())

    clients = Clients(Access(HOUSE, 0, traits))
    one, two, three = (clients.of(bytes((192, 0, 2, i))) for i in (1, 2, 3))
    assert one.tag != two.tag == three.tag == NO_TAG


def test_who_calls_himself_something_known_is_that_wherever_he_asks_from() -> None:
    def traits(packed: bytes, client_id: str) -> frozenset[str]:
        return frozenset({f"name:{client_id}"} if client_id else ())

    clients = Clients(Access(HOUSE, 10, traits, ids=frozenset({"tablet"})))
    home, away = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 1))
    tablet = clients.identified(home, "tablet")
    assert clients.identified(home, "tablet") is tablet
    assert (tablet.text, tablet.packed, tablet.allowed) == ("tablet", home, True)
    assert (tablet.traits, tablet.network) == ({"name:tablet"}, clients.of(home).network)
    assert clients.identified(away, "tablet").allowed is False
    assert clients.of(home).text == "192.0.2.1"
    assert clients.of(home).tag != tablet.tag


def test_an_id_that_nobody_gave_is_as_good_as_none() -> None:
    clients = Clients(Access(HOUSE, ids=frozenset({"tablet"})))
    home = bytes((192, 0, 2, 1))
    assert clients.identified(home, "other") is clients.of(home)
    assert len(clients) == 1
