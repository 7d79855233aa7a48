"""The book: one device however many addresses it has, and since when."""

from __future__ import annotations

from ipaddress import ip_address

from sinkhole.control.devices.book import (
    EARLIEST_S,
    MOST_ADDRESSES,
    MOST_DEVICES,
    Asked,
    Book,
    Device,
    Seen,
)
from sinkhole.control.devices.facts import DeviceFacts

MAC, OTHER = bytes.fromhex("020000000007"), bytes.fromhex("020000000008")
NOW = 1_800_000_000.0


def packed(text: str) -> bytes:
    return ip_address(text).packed


def opened() -> tuple[DeviceFacts, Book]:
    facts = DeviceFacts()
    book = Book(facts)
    facts.on_change = book.learned
    return facts, book


def test_three_addresses_are_one_device() -> None:
    facts, book = opened()
    for address in ("192.0.2.7", "2001:db8::7", "2001:db8::beef"):
        facts.learn_neighbour(packed(address), MAC, 2)
    book.note(Asked("192.0.2.7", 3, NOW))
    book.note(Asked("2001:db8::7", 2, NOW + 5))
    book.note(Asked("2001:db8::beef", 1, NOW + 9))
    (device,) = book
    assert (device.key, device.mac, device.queries) == ("02:00:00:00:00:07", MAC, 6)
    assert device.seen == Seen(NOW, NOW + 9)
    assert device.addresses == {
        "192.0.2.7": Seen(NOW, NOW),
        "2001:db8::7": Seen(NOW + 5, NOW + 5),
        "2001:db8::beef": Seen(NOW + 9, NOW + 9),
    }
    assert book.of("2001:db8::7") is book.of("02:00:00:00:00:07") is device


def test_who_was_known_by_its_address_is_whose_mac_it_is() -> None:
    facts, book = opened()
    facts.learn_neighbour(packed("192.0.2.7"), MAC, 2)
    book.note(Asked("192.0.2.7", 3, NOW + 5))
    book.note(Asked("2001:db8::7", 2, NOW))
    assert len(book) == 2
    facts.learn_neighbour(packed("2001:db8::7"), MAC, 2)
    (device,) = book
    assert device.queries == 5
    assert device.seen == Seen(NOW, NOW + 5)
    assert sorted(device.addresses) == ["192.0.2.7", "2001:db8::7"]
    assert book.of("2001:db8::7") is device


def test_an_address_that_moves_to_another_device() -> None:
    facts, book = opened()
    facts.learn_neighbour(packed("192.0.2.7"), MAC, 2)
    facts.learn_names("leases", {packed("192.0.2.7"): ("tablet",)})
    book.note(Asked("192.0.2.7", 3, NOW))
    facts.learn_neighbour(packed("192.0.2.7"), OTHER, 2)
    facts.learn_names("leases", {packed("192.0.2.7"): ("phone",)})
    book.note(Asked("192.0.2.7", 1, NOW + 60))
    tablet, phone = book.of(MAC.hex(":")), book.of(OTHER.hex(":"))
    assert tablet and phone
    assert (tablet.queries, phone.queries) == (3, 1)
    assert tablet.names == {"leases": ("tablet",)}
    assert phone.names == {"leases": ("phone",)}
    assert book.of("192.0.2.7") is phone


def test_a_device_behind_a_router_that_says_who_asks() -> None:
    _, book = opened()
    book.note(Asked(MAC.hex(":"), 3, NOW, MAC))
    book.note(Asked("192.0.2.7", 2, NOW, MAC))
    (device,) = book
    assert (device.key, device.mac, device.queries) == (MAC.hex(":"), MAC, 5)
    assert list(device.addresses) == ["192.0.2.7"]


def test_the_kernel_knows_better_than_a_record_of_a_moment_ago() -> None:
    facts, book = opened()
    facts.learn_neighbour(packed("192.0.2.7"), OTHER, 2)
    book.note(Asked("192.0.2.7", 3, NOW, MAC))
    assert [each.mac for each in book] == [OTHER]


def test_a_mac_of_several_devices_is_no_name_for_one() -> None:
    facts, book = opened()
    for address in ("192.0.2.7", "192.0.2.8"):
        facts.learn_neighbour(packed(address), MAC, 2)
    facts.set_shared_mac(MAC, is_shared=True)
    book.note(Asked("192.0.2.7", 1, NOW))
    book.note(Asked("192.0.2.8", 1, NOW))
    assert [each.key for each in book] == ["192.0.2.7", "192.0.2.8"]


def test_an_id_of_an_encrypted_transport() -> None:
    _, book = opened()
    book.note(Asked("phone", 2, NOW))
    (device,) = book
    assert (device.key, device.mac, device.addresses, device.queries) == ("phone", b"", {}, 2)


def test_where_nothing_is_counted_there_are_neither_times_nor_queries() -> None:
    _, book = opened()
    book.note(Asked("192.0.2.7", 3, NOW), is_counted=False)
    (device,) = book
    assert (device.queries, device.seen) == (0, Seen())
    assert device.addresses == {"192.0.2.7": Seen()}


def test_a_clock_that_was_not_set_yet_tells_no_time() -> None:
    _, book = opened()
    book.note(Asked("192.0.2.7", 1, EARLIEST_S - 1))
    book.note(Asked("192.0.2.7", 1, NOW))
    (device,) = book
    assert device.seen == Seen(NOW, NOW)


def test_who_was_met_before() -> None:
    facts, book = opened()
    facts.learn_neighbour(packed("192.0.2.7"), MAC, 2)
    book.note(Asked("192.0.2.7", 3, NOW))
    book.note(Asked("phone", 2, NOW + 1))
    _, other = opened()
    other.restore(book)
    assert list(other) == list(book)
    assert other.of("192.0.2.7") == book.of("192.0.2.7")
    other.restore(Device(f"d{number}") for number in range(MOST_DEVICES))
    assert len(other) == MOST_DEVICES


def test_whom_somebody_wants_forgotten() -> None:
    facts, book = opened()
    facts.learn_neighbour(packed("192.0.2.7"), MAC, 2)
    book.note(Asked("192.0.2.7", 3, NOW))
    assert book.forget("192.0.2.7")
    assert not book.forget("192.0.2.7")
    assert list(book) == []
    book.note(Asked("192.0.2.7", 1, NOW))
    assert [each.queries for each in book] == [1]


def test_who_was_not_seen_for_long_is_forgotten() -> None:
    facts, book = opened()
    book.note(Asked("192.0.2.9", 1, NOW), is_counted=False)
    book.note(Asked("192.0.2.8", 1, NOW - 1))
    for address, at_s in (("192.0.2.7", NOW - 1), ("2001:db8::7", NOW)):
        facts.learn_neighbour(packed(address), MAC, 2)
        book.note(Asked(address, 1, at_s))
    book.forget_before(NOW)
    nobody, device = book
    assert nobody.key == "192.0.2.9"
    assert list(device.addresses) == ["2001:db8::7"]
    assert device.seen == Seen(NOW - 1, NOW)
    book.forget_before(-1.0)
    assert len(book) == 2


def test_it_is_bounded() -> None:
    facts, book = opened()
    for number in range(MOST_DEVICES + 10):
        book.note(Asked(f"10.0.{number >> 8}.{number & 255}", 1, NOW))
    assert len(book) == MOST_DEVICES
    assert book.of("10.0.0.9") is None
    for number in range(5 * MOST_DEVICES):
        address = f"2001:db8::{number:x}"
        facts.learn_neighbour(packed(address), MAC, 2)
        book.note(Asked(address, 1, NOW))
    device = book.of(MAC.hex(":"))
    assert device and len(device.addresses) == MOST_ADDRESSES
    assert len(book._owners) <= 4 * MOST_DEVICES
