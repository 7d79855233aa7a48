"""Who may ask, and in whose name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

import pytest

from sinkhole.dns.cache.table import NO_TAG
from sinkhole.dns.clients.clients import MAX_CLIENTS, MAX_RATES, MAX_STRANGERS, Client, Clients
from sinkhole.dns.policy.access import Access, Standing, StandingOf
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.model.record import Who

HOUSE = tuple(map(ip_network, ("192.0.2.0/24", "2001:db8::/32", "127.0.0.0/8")))


def policy(rate_limit: int = 0, allow: Any = HOUSE, standing: Any = None, **more: Any) -> Policy:
    group = GroupPolicy(rate_limit=rate_limit)
    return Policy(group=group, access=Access(allow, standing, **more))


def having(traits: Callable[[bytes, str], frozenset[str]]) -> StandingOf:
    """The standing of clients who differ by their traits alone."""

    def standing(packed: bytes, client_id: str, mac: str) -> Standing:
        who = Who(client_id or str(ip_address(packed)), mac)
        return Standing(GroupPolicy(), who, traits(packed, client_id))

    return standing


def clients_of(rate_limit: int) -> Clients:
    return Clients(policy(rate_limit))


def test_only_allowed_networks_may_ask() -> None:
    clients = clients_of(10)
    assert clients.of(bytes((192, 0, 2, 1))).allowed
    assert clients.of(IPv6Address("2001:db8::1").packed).allowed
    stranger = clients.of(bytes((198, 51, 100, 1)))
    assert not stranger.allowed and stranger.gated


def test_denied_networks_may_not_ask_and_may_again_when_they_are_not() -> None:
    denied = (ip_network("192.0.2.64/26"),)
    clients = Clients(policy(deny=denied))
    guest, other = bytes((192, 0, 2, 66)), bytes((192, 0, 2, 1))
    assert not clients.of(guest).allowed
    assert clients.of(other).allowed
    clients.renew(policy())
    assert clients.of(guest).allowed


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
    assert [client.udp.spend(client.network, 5.0) for _ in range(11)][-1] is False
    other_net = tuple(map(ip_network, ("198.51.100.0/24",)))
    child = having(lambda packed, _: frozenset({"tag:user_child"}))
    clients.renew(policy(20, other_net, child))
    assert (clients.of(house).allowed, clients.of(other).allowed) == (False, True)
    as_int = clients.of(int.from_bytes(other, sys.byteorder))
    assert clients.of(other).traits == as_int.traits == {"tag:user_child"}
    assert clients.of(other).tag == as_int.tag != NO_TAG
    assert not client.udp.spend(client.network, 5.0)
    clients.renew(policy(0, other_net))
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
    clients = Clients(policy())
    everybody = [bytes((192, 0, 2, i)) for i in range(256)]
    for packed in everybody:
        clients.of(packed)
    clients.renew(policy(standing=having(told)))
    assert told.asked == []
    clients.of(everybody[7])
    clients.of(everybody[7])
    assert told.asked == [everybody[7]]


def test_traits_are_not_worked_out_for_those_who_may_not_ask() -> None:
    told = Told()
    clients = Clients(policy(standing=having(told)))
    assert not clients.of(bytes((198, 51, 100, 1))).allowed
    assert told.asked == []


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.64"), ("2001:db8:1:2:3::7", "2001:db8:1:2::")],
)
def test_clients_of_one_network_share_budgets(address: str, network: str) -> None:
    client = Clients(policy(10, ipv4_prefix=27)).of(ip_address(address).packed)
    assert client.network == ip_address(network).packed


def test_a_network_cannot_ask_more_by_asking_from_many_addresses() -> None:
    clients = clients_of(200)
    base = int(ip_address("2001:db8:1:2::"))
    admitted = sum(
        client.udp.spend(client.network, 5.0)
        for i in range(2 * MAX_CLIENTS)
        if (client := clients.of(IPv6Address(base + i).packed))
    )
    assert admitted == 200


def test_where_others_answer_as_well_each_may_send_a_part_of_its_rate_here() -> None:
    clients = clients_of(200)
    clients.limit_to(0.25)

    def admitted(address: str, now: float) -> int:
        client = clients.of(ip_address(address).packed)
        return sum(client.udp.spend(client.network, now) for _ in range(300))

    assert admitted("192.0.2.1", 5.0) == 50
    clients.renew(policy(3))
    assert admitted("192.0.2.2", 5.0) == 1, "one a second at least"
    clients.renew(policy(0))
    assert admitted("192.0.2.3", 5.0) == 300, "no limit is none"
    clients.limit_to(1.0)
    clients.renew(policy(200))
    assert admitted("192.0.2.4", 5.0) == 200


def test_clients_differ_by_what_rules_ask_of_them() -> None:
    def traits(packed: bytes, client_id: str) -> frozenset[str]:
        return frozenset({"ip:192.0.2.1"} if packed[-1] == 1 else ())

    clients = Clients(policy(standing=having(traits)))
    one, two, three = (clients.of(bytes((192, 0, 2, i))) for i in (1, 2, 3))
    assert one.tag != two.tag == three.tag == NO_TAG


def test_who_calls_himself_something_known_is_that_wherever_he_asks_from() -> None:
    def traits(packed: bytes, client_id: str) -> frozenset[str]:
        return frozenset({f"name:{client_id}"} if client_id else ())

    clients = Clients(policy(10, standing=having(traits), ids=frozenset({"tablet"})))
    home, away = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 1))
    tablet = clients.identified(home, "tablet")
    assert clients.identified(home, "tablet") is tablet
    assert (tablet.text, tablet.packed, tablet.allowed) == ("tablet", home, True)
    assert (tablet.traits, tablet.network) == ({"name:tablet"}, clients.of(home).network)
    assert clients.identified(away, "tablet").allowed is False
    assert clients.of(home).text == "192.0.2.1"
    assert clients.of(home).tag != tablet.tag


def test_an_id_that_nobody_gave_is_as_good_as_none() -> None:
    clients = Clients(policy(ids=frozenset({"tablet"})))
    home = bytes((192, 0, 2, 1))
    assert clients.identified(home, "other") is clients.of(home)
    assert len(clients) == 1


# Classes


def of_classes(rates: dict[str, int], **more: Any) -> Policy:
    """A policy by which each of these addresses is of a class with a rate of its own."""
    groups = {
        ip_address(each).packed: GroupPolicy(7 + at, 1 + at, rate_limit=rate)
        for at, (each, rate) in enumerate(rates.items())
    }
    usual = GroupPolicy(rate_limit=10)

    def standing(packed: bytes, client_id: str, mac: str) -> Standing:
        who = Who(client_id or str(ip_address(packed)), mac, "kids")
        devices = 3 if packed[-1] == 99 else 1
        return Standing(groups.get(packed, usual), who, devices=devices)

    return Policy(usual, access=Access(HOUSE, standing, **more))


def spent(client: Client) -> int:
    """How many queries it has at once."""
    return [client.udp.spend(client.network, 5.0) for _ in range(100)].count(True)


def test_a_client_has_the_policy_the_name_and_the_tag_of_its_class() -> None:
    clients = Clients(of_classes({"192.0.2.1": 10, "192.0.2.2": 10}))
    one, two, other = (clients.of(bytes((192, 0, 2, last))) for last in (1, 2, 3))
    assert [each.policy.number for each in (one, two, other)] == [1, 2, 0]
    assert len({one.tag, two.tag, other.tag}) == 3 and other.tag == NO_TAG
    assert (one.text, one.who.group) == ("192.0.2.1", "kids")
    assert not clients.are_alike and Clients(policy()).are_alike


def test_each_rate_has_budgets_of_its_own() -> None:
    clients = Clients(of_classes({"2001:db8::1": 20, "2001:db8::2": 5, "2001:db8::3": 0}))
    spend = [spent(clients.of(IPv6Address(f"2001:db8::{last}").packed)) for last in (2, 1, 4, 5)]
    assert spend == [5, 20, 10, 0], "all of one network and rate share a budget"
    assert not clients.of(IPv6Address("2001:db8::3").packed).gated


def test_who_stands_for_many_may_ask_as_often_as_they_together() -> None:
    assert spent(Clients(of_classes({})).of(bytes((192, 0, 2, 99)))) == 30


def test_there_is_no_end_of_rates_and_one_to_the_budgets_kept() -> None:
    many = {f"192.0.2.{last}": 100 + last for last in range(250)}
    clients = Clients(of_classes(many))
    usual = clients.of(IPv6Address("2001:db8::1").packed)
    assert spent(usual) == 10
    for each in many:
        clients.of(ip_address(each).packed)
        assert len(clients._budgets) <= MAX_RATES
    clients.forget(usual.packed)
    assert spent(clients.of(usual.packed)) == 0


def test_what_was_learned_about_an_address_makes_it_another_client() -> None:
    clients = Clients(of_classes({}, ids=frozenset({"tablet"})))
    home, other = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
    before = clients.of(home), clients.of(int.from_bytes(home, sys.byteorder))
    named, left = clients.identified(home, "tablet"), clients.of(other)
    clients.forget(home)
    after = clients.of(home), clients.of(int.from_bytes(home, sys.byteorder))
    assert not {*before, named} & {*after, clients.identified(home, "tablet")}
    assert clients.of(other) is left


def test_the_same_client_is_found_again_under_another_policy() -> None:
    clients = Clients(of_classes({}, ids=frozenset({"tablet"}), forwarders=HOUSE))
    home = bytes((192, 0, 2, 1))
    behind = clients.behind(clients.of(home), opt(8, b"\0\1\x20\0\xc0\0\2\7"))
    met = [clients.of(home), clients.identified(home, "tablet"), behind]
    assert [clients.again(each) for each in met] == met
    clients.renew(of_classes({}, ids=frozenset({"tablet"}), forwarders=HOUSE))
    again = [clients.again(each) for each in met]
    assert not {*again} & {*met}
    assert [each.text for each in again] == [each.text for each in met]


# Behind a forwarder


def opt(code: int, data: bytes) -> bytes:
    """The OPT record of a query, with one option."""
    option = code.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data
    return bytes(11) + option


MAC = "02:00:00:00:00:01"


def test_a_device_behind_a_forwarder_is_a_client_with_a_budget_of_its_own() -> None:
    router = bytes((192, 0, 2, 1))
    clients = Clients(of_classes({"198.51.100.7": 10}, forwarders=(ip_network("192.0.2.1"),)))
    forwarder = clients.of(router)
    assert forwarder.forwards and not clients.of(bytes((192, 0, 2, 2))).forwards
    by_address = clients.behind(forwarder, opt(8, b"\0\1\x20\0\xc6\x33\x64\7"))
    assert (by_address.text, by_address.policy.number) == ("198.51.100.7", 1)
    assert by_address.allowed, "as the forwarder is"
    by_mac = clients.behind(forwarder, opt(65001, bytes.fromhex(MAC.replace(":", ""))))
    assert (by_mac.text, by_mac.who.device, by_mac.packed) == (MAC, MAC, router)
    assert clients.behind(forwarder, opt(65001, bytes.fromhex(MAC.replace(":", "")))) is by_mac
    assert clients.behind(forwarder, bytes(11)) is forwarder
    assert [spent(each) for each in (forwarder, by_mac, by_address)] == [10, 10, 10]
    assert not clients.of(ip_address("198.51.100.7").packed).allowed, "by itself"
    clients.forget(router)
    assert clients.again(by_mac) is not by_mac


def test_a_device_whose_mac_alone_is_told_is_not_taken_for_its_forwarder() -> None:
    router = bytes((192, 0, 2, 1))
    clients = Clients(of_classes({"192.0.2.1": 10}, forwarders=(ip_network("192.0.2.1"),)))
    forwarder = clients.of(router)
    behind = clients.behind(forwarder, opt(65001, bytes.fromhex(MAC.replace(":", ""))))
    assert (forwarder.policy.number, behind.policy.number) == (1, 0)


def test_what_is_learned_of_one_address_leaves_others_behind_a_forwarder_alone() -> None:
    clients = Clients(of_classes({}, forwarders=(ip_network("192.0.2.1"),)))
    forwarder = clients.of(bytes((192, 0, 2, 1)))
    one, other = (
        clients.behind(forwarder, opt(8, b"\0\1\x20\0\xc6\x33\x64" + bytes((last,))))
        for last in (7, 8)
    )
    clients.forget(one.packed)
    assert clients.again(one) is not one
    assert clients.again(other) is other


def test_devices_behind_a_forwarder_are_bounded() -> None:
    clients = Clients(of_classes({}, forwarders=(ip_network("192.0.2.1"),)))
    forwarder = clients.of(bytes((192, 0, 2, 1)))
    first = clients.behind(forwarder, opt(65001, bytes(6)))
    for number in range(1, MAX_CLIENTS + 5):
        clients.behind(forwarder, opt(65001, number.to_bytes(6, "big")))
    assert len(clients) == MAX_CLIENTS == sum(map(len, clients._behind.values()))
    assert clients.again(first) is not first
