"""Who stands for many is noticed, and who does not is not."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from sinkhole.control.devices.facts import DeviceFacts
from sinkhole.control.devices.gateways import (
    MANY_ADDRESSES,
    MANY_NAMES,
    MANY_QUERIES,
    MOST_MACS,
    MOST_NOTICED,
    TRUE_S,
    WITHIN_S,
    Gateways,
    runs_in_container,
)

NOW = 1_800_000_000.0
MAC = bytes.fromhex("020000000001")


def packed(text: str) -> bytes:
    return ip_address(text).packed


BRIDGE, ROUTER, TABLET = packed("172.17.0.1"), packed("192.0.2.1"), packed("192.0.2.7")


def test_the_bridge_of_a_container() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)
    gateways.routers, gateways.in_container = frozenset({BRIDGE, ROUTER}), True
    gateways.note(TABLET, 1, NOW)
    gateways.note(ROUTER, 1, NOW)
    gateways.note(BRIDGE, 1, NOW)
    assert [facts.is_shared(each) for each in (BRIDGE, ROUTER, TABLET)] == [True, False, False]
    (notice,) = gateways.all()
    assert notice.text.startswith("172.17.0.1 is the container's bridge")


def test_the_same_address_is_this_machine_where_it_runs_in_no_container() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)
    gateways.note(BRIDGE, 100, NOW)
    assert not facts.is_shared(BRIDGE)


def test_a_router_that_passes_on_what_the_house_asks() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)
    gateways.routers = frozenset({ROUTER})
    gateways.note(ROUTER, MANY_QUERIES - 1, NOW)
    assert not facts.is_shared(ROUTER)  # too few to tell
    gateways.note(ROUTER, 1, NOW)
    assert facts.is_shared(ROUTER)
    (notice,) = gateways.all()
    assert "192.0.2.1 is the router" in notice.text
    assert "devices.forwarders" in notice.advice


def test_a_router_that_asks_for_itself() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)
    gateways.routers = frozenset({ROUTER})
    for _ in range(20):
        gateways.note(ROUTER, MANY_QUERIES // 2, NOW)
        gateways.note(TABLET, MANY_QUERIES, NOW)
    assert not facts.is_shared(ROUTER)
    for _ in range(40):  # and then it begins to pass on
        gateways.note(ROUTER, MANY_QUERIES, NOW)
    assert facts.is_shared(ROUTER)


def test_a_device_that_asks_most_and_is_no_router() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)
    gateways.note(TABLET, 100 * MANY_QUERIES, NOW)
    assert not facts.is_shared(TABLET)


def test_a_repeater_whose_mac_all_behind_it_have() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)
    addresses = [packed(f"192.0.2.{number}") for number in range(10, 10 + MANY_ADDRESSES)]
    for address in addresses:
        facts.learn_neighbour(address, MAC, 2)
        assert facts.device_of(address) == MAC.hex(":")
        gateways.note(address, 1, NOW)
    assert all(facts.has_shared_mac(each) for each in addresses)
    assert not any(facts.is_shared(each) for each in addresses)  # each is one device
    assert (notice := gateways.why(addresses[0])) is not None
    assert notice.text.startswith("02:00:00:00:00:01 has 5 addresses")


def test_a_client_of_the_settings_gets_nowhere_by_further_addresses() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)

    def many_ask() -> None:
        for last in range(MANY_ADDRESSES):
            facts.learn_neighbour(packed(f"192.0.2.{last}"), MAC, 1)
            gateways.note(packed(f"192.0.2.{last}"), 1, NOW)

    gateways.use_named([MAC.hex(":")])
    many_ask()
    assert facts.device_of(packed("192.0.2.1")) == MAC.hex(":")
    gateways.use_named([])
    many_ask()
    assert facts.device_of(packed("192.0.2.1")) == ""
    gateways.use_named([MAC.hex(":")])
    assert facts.device_of(packed("192.0.2.1")) == MAC.hex(":")
    assert gateways.all() == []


def test_a_device_that_gets_a_new_address_now_and_then() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)
    for number in range(3 * MANY_ADDRESSES):
        address = packed(f"192.0.2.{number}")
        facts.learn_neighbour(address, MAC, 2)
        gateways.note(address, 1, NOW + number * WITHIN_S / 2)
    assert not facts.has_shared_mac(packed("192.0.2.0"))


def test_a_device_with_many_ipv6_addresses() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)
    for number in range(3 * MANY_ADDRESSES):
        address = packed(f"2001:db8::{number:x}")
        facts.learn_neighbour(address, MAC, 2)
        gateways.note(address, 1, NOW)
    assert gateways.all() == []


def test_one_address_with_many_names() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)
    names = tuple(f"host{number}.lan" for number in range(MANY_NAMES))
    facts.learn_name("reverse", TABLET, (*names[1:], "host1.example"))
    gateways.note(TABLET, 1, NOW)
    assert not facts.is_shared(TABLET)
    facts.learn_name("reverse", TABLET, names)
    gateways.note(TABLET, 1, NOW)
    assert facts.is_shared(TABLET)


def test_it_is_over_a_day_after_it_was_seen_last() -> None:
    told: list[bytes] = []
    facts = DeviceFacts(told.append)
    gateways = Gateways(facts)
    gateways.routers, gateways.in_container = frozenset({BRIDGE}), True
    gateways.note(BRIDGE, 1, NOW)
    gateways.in_container = False
    gateways.note(BRIDGE, 1, NOW + TRUE_S - 1)
    assert facts.is_shared(BRIDGE)
    gateways.note(BRIDGE, 1, NOW + TRUE_S)
    assert not facts.is_shared(BRIDGE)
    assert told == [BRIDGE, BRIDGE]


def test_what_is_remembered_is_bounded() -> None:
    facts = DeviceFacts()
    gateways = Gateways(facts)
    gateways.in_container = True
    gateways.routers = frozenset(packed(f"172.17.{n >> 8}.{n & 255}") for n in range(200))
    for router in gateways.routers:
        gateways.note(router, 1, NOW)
    assert len(gateways) == MOST_NOTICED
    for number in range(MOST_MACS + 100):
        facts.learn_neighbour(TABLET, (number + 1).to_bytes(6, "big"), 2)
        gateways.note(TABLET, 1, NOW)
    assert len(gateways._seen) == MOST_MACS
    for number in range(200):
        facts.learn_neighbour(number.to_bytes(4, "big"), MAC, 2)
        gateways.note(number.to_bytes(4, "big"), 1, NOW)
    assert len(gateways._seen[MAC]) == 2 * MANY_ADDRESSES


def test_a_container_is_known_by_its_marks(tmp_path: Path) -> None:
    assert not runs_in_container([tmp_path / "mark"])
    (tmp_path / "mark").touch()
    assert runs_in_container([tmp_path / "mark"])
