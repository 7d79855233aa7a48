"""What is known of addresses, and who is told when that is something else."""

from __future__ import annotations

from ipaddress import ip_address

from sinkhole.control.devices.facts import MOST_ADDRESSES, MOST_OF_ONE, DeviceFacts

TABLET, PHONE = bytes.fromhex("020000000007"), bytes.fromhex("020000000008")


def packed(text: str) -> bytes:
    return ip_address(text).packed


V4, V6, TEMPORARY = packed("192.0.2.7"), packed("2001:db8::7"), packed("2001:db8::dead:beef")


def listening() -> tuple[DeviceFacts, list[str]]:
    told: list[str] = []
    return DeviceFacts(lambda address: told.append(str(ip_address(address)))), told


def test_a_device_with_three_addresses_goes_by_the_name_of_one() -> None:
    facts, told = listening()
    for address in (V4, V6):
        facts.learn_neighbour(address, TABLET, 2)
    facts.learn_names("leases", {V4: ("tablet",)})
    told.clear()
    facts.learn_neighbour(TEMPORARY, TABLET, 2)
    assert facts.mac_of(TEMPORARY) == TABLET
    assert facts.hosts_of(TEMPORARY) == facts.hosts_of(V6) == ("tablet",)
    assert facts.device_of(TEMPORARY) == "02:00:00:00:00:07"
    assert facts.interface_of(TEMPORARY) == 2
    assert told == ["2001:db8::dead:beef"]


def test_an_address_lends_its_names_to_the_others_of_its_device() -> None:
    facts, told = listening()
    facts.learn_neighbour(V4, TABLET, 2)
    facts.learn_names("hosts_file", {V6: ("tablet.home",)})
    told.clear()
    facts.learn_neighbour(V6, TABLET, 2)
    assert told == ["192.0.2.7", "2001:db8::7"]


def test_one_more_address_costs_the_same_however_many_there_are() -> None:
    facts, told = listening()
    for last in range(MOST_OF_ONE):
        facts.learn_neighbour(packed(f"2001:db8::{last:x}"), TABLET, 2)
    told.clear()
    facts.learn_neighbour(TEMPORARY, TABLET, 2)
    assert told == ["2001:db8::dead:beef"]


def test_nobody_is_told_of_what_was_known() -> None:
    facts, told = listening()
    facts.learn_neighbour(V4, TABLET, 2)
    facts.learn_names("leases", {V4: ("tablet",)})
    facts.learn_leases({V6: PHONE})
    told.clear()
    facts.learn_neighbour(V4, TABLET, 2)
    facts.learn_names("leases", {V4: ("tablet",)})
    facts.learn_name("reverse", V6, ())
    facts.learn_leases({V6: PHONE})
    assert told == []


def test_an_address_that_is_another_devices_now() -> None:
    facts, told = listening()
    facts.learn_neighbour(V4, TABLET, 2)
    facts.learn_neighbour(V6, TABLET, 2)
    facts.learn_names("hosts_file", {V6: ("tablet.home",)})
    told.clear()
    facts.learn_neighbour(V4, PHONE, 3)
    assert facts.mac_of(V4) == PHONE
    assert facts.addresses_of(V6) == (V6,)
    assert facts.hosts_of(V4) == ()
    assert told == ["192.0.2.7"]


def test_names_by_the_rank_of_their_source() -> None:
    facts, _ = listening()
    for source, name in (
        ("mdns", "my-tablet.local"),
        ("reverse", "tablet-7.lan"),
        ("leases", "tablet"),
        ("hosts_file", "tab.home"),
        ("settings", "kids.home"),
    ):
        facts.learn_name(source, V4, (name,))  # type: ignore[arg-type]  # each is a source
    assert facts.hosts_of(V4) == (
        *("kids.home", "kids", "tab.home", "tab", "tablet"),
        *("tablet-7.lan", "tablet-7", "my-tablet.local", "my-tablet"),
    )


def test_the_kernel_knows_better_than_a_lease() -> None:
    facts, told = listening()
    facts.learn_leases({V4: TABLET, V6: TABLET})
    facts.learn_neighbour(V4, PHONE, 2)
    told.clear()
    facts.learn_leases({V4: TABLET})
    assert facts.mac_of(V4) == PHONE
    assert facts.mac_of(V6) == b""
    assert told == ["2001:db8::7"]
    facts.forget_neighbours()
    assert facts.mac_of(V4) == TABLET


def test_a_lease_gives_its_address_the_names_of_the_whole_device() -> None:
    facts, _ = listening()
    facts.learn_neighbour(V6, TABLET, 2)
    facts.learn_name("reverse", V6, ("tablet.lan",))
    facts.learn_leases({V4: TABLET})
    assert facts.hosts_of(V4) == ("tablet.lan", "tablet")


def test_a_source_that_is_not_wanted_any_more() -> None:
    facts, told = listening()
    facts.learn_name("mdns", V4, ("tablet.local",))
    told.clear()
    facts.forget("mdns")
    assert facts.hosts_of(V4) == ()
    assert told == ["192.0.2.7"]


def test_a_mac_that_stands_for_several_lends_no_names() -> None:
    facts, told = listening()
    for address in (V4, V6):
        facts.learn_neighbour(address, TABLET, 2)
    facts.learn_names("leases", {V4: ("tablet",)})
    told.clear()
    facts.set_shared_mac(TABLET, is_shared=True)
    assert facts.mac_of(V6) == TABLET
    assert facts.hosts_of(V6) == ()
    assert facts.device_of(V6) == ""
    assert facts.has_shared_mac(V6)
    assert not facts.is_shared(V6)
    assert told == ["192.0.2.7", "2001:db8::7"]
    facts.set_shared_mac(TABLET, is_shared=False)
    assert facts.hosts_of(V6) == ("tablet",)


def test_an_address_that_stands_for_many() -> None:
    facts, told = listening()
    facts.set_shared(V4, is_shared=True)
    facts.set_shared(V4, is_shared=True)
    assert facts.is_shared(V4)
    assert told == ["192.0.2.7"]


def test_what_is_remembered_is_bounded() -> None:
    facts, _ = listening()
    for number in range(MOST_ADDRESSES + 50):
        facts.learn_neighbour(number.to_bytes(16, "big"), number.to_bytes(6, "big"), 2)
        facts.learn_name("mdns", number.to_bytes(16, "big"), ("n.local",))
    assert facts.mac_of(bytes(16)) == b""
    assert len(facts._macs) == len(facts._places) == MOST_ADDRESSES
    assert len(facts._names["mdns"]) == MOST_ADDRESSES
    for number in range(MOST_OF_ONE + 10):
        facts.learn_neighbour(number.to_bytes(4, "big"), TABLET, 2)
    assert len(facts.addresses_of(bytes(4))) == MOST_OF_ONE
