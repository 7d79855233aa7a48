"""Who may ask, and how often."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_network

from sinkhole.policy.clients import MAX_CLIENTS, Clients

HOUSE = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"), ip_network("127.0.0.0/8")]


def test_only_allowed_networks_may_ask() -> None:
    clients = Clients(HOUSE, 10)
    assert clients.of(bytes((192, 0, 2, 1))).allowed
    assert clients.of(IPv6Address("2001:db8::1").packed).allowed
    stranger = clients.of(bytes((198, 51, 100, 1)))
    assert not stranger.allowed and stranger.gated


def test_the_machine_itself_passes_without_a_gate() -> None:
    assert not Clients(HOUSE, 10).of(bytes((127, 0, 0, 1))).gated
    assert not Clients(HOUSE, 0).of(bytes((192, 0, 2, 1))).gated


def test_a_budget_is_one_second_of_queries_and_fills_evenly() -> None:
    clients = Clients(HOUSE, 10)
    client = clients.of(bytes((192, 0, 2, 1)))
    assert [clients.admits(client.udp, 5.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert clients.admits(client.tcp, 5.0)
    assert clients.admits(client.udp, 5.11)
    assert not clients.admits(client.udp, 5.12)
    assert sum(clients.admits(client.udp, 100.0) for _ in range(50)) == 10


def test_a_client_is_the_same_next_time_and_their_number_is_bounded() -> None:
    clients = Clients(HOUSE, 10)
    first = clients.of(bytes((192, 0, 2, 1)))
    assert clients.of(bytes((192, 0, 2, 1))) is first
    for i in range(MAX_CLIENTS + 10):
        clients.of(i.to_bytes(4, "big"))
    assert len(clients) == MAX_CLIENTS
    assert clients.of(bytes((192, 0, 2, 1))) is not first
