"""Who may ask, and how often."""

from __future__ import annotations

import sys
from ipaddress import IPv6Address, ip_network

from sinkhole.dns.clients.access import NO_TAG, Access
from sinkhole.dns.clients.clients import MAX_CLIENTS, Clients

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


def test_a_budget_is_one_second_of_queries_and_fills_evenly() -> None:
    clients = clients_of(10)
    client = clients.of(bytes((192, 0, 2, 1)))
    assert [clients.admits(client.udp, 5.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert clients.admits(client.tcp, 5.0)
    assert clients.admits(client.udp, 5.11)
    assert not clients.admits(client.udp, 5.12)
    assert sum(clients.admits(client.udp, 100.0) for _ in range(50)) == 10


def test_a_client_is_the_same_next_time_and_their_number_is_bounded() -> None:
    clients = clients_of(10)
    first = clients.of(bytes((192, 0, 2, 1)))
    assert clients.of(bytes((192, 0, 2, 1))) is first
    for i in range(MAX_CLIENTS + 10):
        clients.of(i.to_bytes(4, "big"))
    assert len(clients) == MAX_CLIENTS
    assert clients.of(bytes((192, 0, 2, 1))) is not first


def test_another_access_renews_everybody_in_place_and_leaves_budgets() -> None:
    clients = clients_of(10)
    client, other = clients.of(bytes((192, 0, 2, 1))), clients.of(bytes((198, 51, 100, 1)))
    same = clients.of(int.from_bytes(bytes((192, 0, 2, 1)), sys.byteorder))
    assert [clients.admits(client.udp, 5.0) for _ in range(11)][-1] is False
    first = client.packed
    everybody = tuple(map(ip_network, ("198.51.100.0/24",)))
    clients.renew(Access(everybody, 20, lambda packed: frozenset({"tag:user_child"})))
    assert client is same is clients.of(first)
    assert (client.allowed, other.allowed, client.gated) == (False, True, True)
    assert client.traits == {"tag:user_child"}
    assert client.tag == other.tag != NO_TAG
    assert not clients.admits(client.udp, 5.0)
    clients.renew(Access(everybody, 0))
    assert (other.gated, client.tag) == (False, NO_TAG)


def test_clients_differ_by_what_rules_ask_of_them() -> None:
    def traits(packed: bytes) -> frozenset[str]:
        return frozenset({"ip:192.0.2.1"} if packed[-1] == 1 else ())

    clients = Clients(Access(HOUSE, 0, traits))
    one, two, three = (clients.of(bytes((192, 0, 2, i))) for i in (1, 2, 3))
    assert one.tag != two.tag == three.tag == NO_TAG
