"""What applies to whom, by the clients of the settings and what is known of addresses."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from world import SimpleFilter

from sinkhole.dns.clients.identity import KnownClient, KnownClients
from sinkhole.dns.clients.standing import Facts, Membership, StandingBy
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.model.record import EVERYTHING, Telling

MAC = "02:00:00:00:00:01"
USUAL = GroupPolicy(1, filter=SimpleFilter(only_for="name:Tablet"))
KIDS = GroupPolicy(2, 1, filter=SimpleFilter(only_for="tag:user_child"))
NAMELESS = Telling(names=False)
KNOWN = KnownClients(
    (
        KnownClient("Tablet", (ip_network("192.0.2.20/32"),), ("user_child",), macs=(MAC,)),
        KnownClient("Phone", hosts=("phone",), ids=("anna",)),
    )
)
MACS = {"192.0.2.20": MAC, "192.0.2.21": MAC}
STANDING = StandingBy(
    Membership(USUAL),
    KNOWN,
    {"Tablet": Membership(KIDS, "kids", NAMELESS)},
    Facts(
        lambda packed: MACS.get(str(ip_address(packed)), ""),
        lambda packed: ["phone.lan"] if packed[-1] == 30 else [],
        lambda packed: 5 if packed[-1] == 99 else 1,
    ),
)


def packed(last: int) -> bytes:
    return bytes((192, 0, 2, last))


def test_a_client_has_its_class_group_and_privacy_and_the_traits_that_rules_of_it_ask_for() -> None:
    for last in (20, 21):
        policy, who, traits, devices, _ = STANDING(packed(last))
        assert (policy, traits, devices) == (KIDS, {"tag:user_child"}, 1)
        assert (who.text, who.device, who.group) == (f"192.0.2.{last}", MAC, "kids")
        assert who.telling is NAMELESS


def test_all_others_are_everybody() -> None:
    policy, who, traits, _, _ = STANDING(packed(30))
    assert (policy, who.group, who.telling, traits) == (USUAL, "default", EVERYTHING, frozenset())
    assert STANDING(packed(40)).policy is USUAL


def test_it_tells_by_what_somebody_was_recognised() -> None:
    assert STANDING.identify(packed(20)).by == "address"
    assert STANDING.identify(packed(21)).by == "mac"
    assert STANDING.identify(packed(30)).by == "host"
    assert STANDING.identify(packed(40), "anna").by == "id"
    assert STANDING.identify(packed(40), "", MAC).by == "mac"
    assert STANDING.identify(packed(40)).owner is None


def test_an_id_is_what_records_say_and_a_mac_that_a_forwarder_tells_counts() -> None:
    assert STANDING(packed(40), "anna").who.text == "anna"
    told = STANDING(packed(99), "", MAC)
    assert (told.policy, told.who.device, told.devices) == (KIDS, MAC, 1)


def test_who_stands_for_many_is_said_to() -> None:
    assert STANDING(packed(99)).devices == 5
