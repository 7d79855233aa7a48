"""Who is meant by what people call a client, and by what devices are recognised."""

from __future__ import annotations

from typing import Any

import pytest
from settings_file import settings_from

from sinkhole.control.devices.book import Asked
from sinkhole.control.devices.devices import Devices
from sinkhole.control.explain.whom import (
    THIS_MACHINE,
    KnownDevices,
    Meant,
    NobodyMeant,
    who_is_meant,
)

MAC = "02:00:5e:10:00:01"
ADDRESS = bytes((192, 0, 2, 7))
OTHER_MAC = "02:00:5e:10:00:02"
OTHER_ADDRESS = bytes((192, 0, 2, 8))
CLIENTS = [
    {"name": "Tablet", "macs": [MAC], "hosts": ["tablet"]},
    {"name": "TV", "addresses": ["192.0.2.9"]},
    {"name": "Phone", "ids": ["phone"]},
    {"name": "Guests", "addresses": ["198.51.100.0/24"]},
]


def met(**tree: Any) -> tuple[Any, Devices]:
    """Settings with these clients, and devices of which a tablet has asked, and a printer that is
    none of the clients."""
    settings = settings_from({"clients": CLIENTS, **tree})
    devices = Devices(settings, ask=_nobody)
    devices.facts.learn_neighbour(ADDRESS, bytes.fromhex(MAC.replace(":", "")), 1)
    devices.book.note(Asked("192.0.2.7", 1, 2e9))
    devices.facts.learn_neighbour(OTHER_ADDRESS, bytes.fromhex(OTHER_MAC.replace(":", "")), 1)
    devices.facts.learn_name("reverse", OTHER_ADDRESS, ("printer.lan",))
    devices.book.note(Asked("192.0.2.8", 1, 2e9))
    return settings, devices


async def _nobody(*_: object) -> None:
    raise AssertionError("nobody is asked")


@pytest.mark.parametrize(
    ("called", "meant"),
    [
        ("", Meant(THIS_MACHINE)),
        ("192.0.2.1", Meant(bytes((192, 0, 2, 1)))),
        ("::ffff:192.0.2.1", Meant(bytes((192, 0, 2, 1)))),
        ("tABLET", Meant(ADDRESS, "", "Tablet")),
        (MAC.upper(), Meant(ADDRESS, "", "Tablet")),
        ("02-00-5E-10-00-01", Meant(ADDRESS, "", "Tablet")),
        (OTHER_MAC, Meant(OTHER_ADDRESS)),
        ("printer", Meant(OTHER_ADDRESS)),
        ("tv", Meant(bytes((192, 0, 2, 9)), "", "TV")),
        ("phone", Meant(b"", "phone", "Phone")),
        ("Guests", Meant(bytes((198, 51, 100, 0)), "", "Guests")),
    ],
)
def test_a_client_is_found_by_all_it_is_called(called: str, meant: Meant) -> None:
    assert who_is_meant(called, *met()) == meant


def test_where_a_client_was_met_is_not_told_where_nobody_is_to_know() -> None:
    settings, devices = met(query_log={"privacy": "no_clients"})
    assert who_is_meant("Tablet", settings, devices).packed == b""
    assert who_is_meant("Tablet", settings).packed == b""
    with pytest.raises(NobodyMeant, match="and no client that the settings know"):
        who_is_meant("printer", settings, devices)


def test_who_is_nobody_is_told() -> None:
    with pytest.raises(NobodyMeant, match=r"'Nobody' is no address, no client .* no device"):
        who_is_meant("Nobody", *met())
    with pytest.raises(ValueError, match="leave it out"):
        who_is_meant("fe80::1%eth0", *met())


async def test_a_device_is_the_client_that_it_asked_as_last() -> None:
    settings, devices = met()
    packed = bytes((192, 0, 2, 9))  # which is the TV's
    devices.facts.learn_neighbour(packed, bytes.fromhex(MAC.replace(":", "")), 1)
    devices.book.note(Asked("192.0.2.9", 1, 2e9 - 1))
    known = KnownDevices(settings, devices)
    assert {each.key: known.of(each) for each in await devices.all()}[MAC] == ("Tablet", "mac")


async def test_what_a_device_asked_from_long_ago_says_nothing_of_it() -> None:
    settings, devices = met()
    for address, at_s in (("192.0.2.9", 2e9 - 7200), ("192.0.2.8", 2e9)):
        packed = bytes(map(int, address.split(".")))
        devices.facts.learn_neighbour(packed, bytes.fromhex(OTHER_MAC.replace(":", "")), 1)
        devices.book.note(Asked(address, 1, at_s))
    known = KnownDevices(settings, devices)
    assert {each.key: known.of(each) for each in await devices.all()}[OTHER_MAC] == ("", "")


async def test_a_device_is_a_client_by_the_most_telling_of_its_addresses() -> None:
    settings, devices = met()
    for at_s, address in enumerate(("192.0.2.9", "198.51.100.4"), 1):
        packed = bytes(map(int, address.split(".")))
        devices.facts.learn_neighbour(packed, bytes.fromhex(OTHER_MAC.replace(":", "")), 1)
        devices.book.note(Asked(address, 1, 2e9 + at_s))
    devices.book.note(Asked("phone", 1, 2e9 + 2))
    devices.book.note(Asked("stranger", 1, 2e9 + 3))
    known = KnownDevices(settings, devices)
    found = {each.key: known.of(each) for each in await devices.all()}
    assert found == {
        MAC: ("Tablet", "mac"),
        OTHER_MAC: ("TV", "address"),
        "phone": ("Phone", "id"),
        "stranger": ("", ""),
    }
