"""The addresses that devices can be given, of those that the kernel tells."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from struct import pack

import pytest

from sinkhole.control.machine.own_addresses import (
    OwnAddress,
    address_in,
    interface_name,
    own_addresses,
)
from sinkhole.model.netlink import Message, attribute

PERMANENT = 0x80
LOOPBACK = socket.if_nametoindex("lo")


def told(
    text: str, flags: int = PERMANENT, *, kind: int = 20, interface: int = LOOPBACK, peer: str = ""
) -> Message:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    packed = ip_address(text).packed
    said = attribute(1, ip_address(peer).packed if peer else packed)
    if peer or family == socket.AF_INET:
        said += attribute(2, packed)
    said += attribute(8, pack("=I", flags))
    return Message(kind, 0, pack("=BBBBI", family, 24, flags & 0xFF, 0, interface) + said)


@pytest.mark.parametrize(
    ("text", "reach"),
    [
        ("192.168.1.7", "home"),
        ("100.64.0.7", "home"),
        ("198.51.100.7", "public"),
        ("fd00::7", "home"),
        ("2001:db8::7", "public"),
    ],
)
def test_an_address_is_told_with_who_can_use_it(text: str, reach: str) -> None:
    found = address_in(told(text))
    assert found is not None
    assert (found.text, found.reach, found.interface, found.leased) == (text, reach, "lo", False)
    assert found.version == (6 if ":" in text else 4)


def test_a_link_local_address_has_its_interface() -> None:
    assert address_in(told("fe80::7")) == OwnAddress("fe80::7%lo", 6, "link", "lo", leased=False)


def test_what_was_given_by_the_router_may_change() -> None:
    found = address_in(told("192.168.1.7", 0))
    assert found is not None
    assert found.leased


def test_of_a_tunnel_our_own_end_counts() -> None:
    found = address_in(told("192.168.1.7", peer="192.168.1.8"))
    assert found is not None
    assert found.text == "192.168.1.7"


def test_a_second_address_of_ipv4_stays_and_one_of_privacy_does_not() -> None:
    assert address_in(told("192.168.1.7", PERMANENT | 0x01)) is not None
    assert address_in(told("2001:db8::7", 0x01)) is None


@pytest.mark.parametrize("flags", [0x08, 0x20, 0x40])
def test_what_failed_or_goes_or_is_not_there_yet_is_not_told(flags: int) -> None:
    assert address_in(told("2001:db8::7", flags)) is None


def test_what_is_no_address_for_devices_is_not_told() -> None:
    assert address_in(told("127.0.0.1")) is None
    assert address_in(told("::1")) is None
    assert address_in(told("169.254.3.4")) is None
    assert address_in(told("192.168.1.7", kind=21)) is None  # it has gone
    assert address_in(Message(20, 0, b"short")) is None
    assert address_in(Message(20, 0, pack("=BBBBI", 2, 24, 0, 0, 1) + attribute(2, b"123"))) is None


def test_an_interface_that_has_gone_has_no_name() -> None:
    gone = (1 << 31) - 1
    assert interface_name(gone) == ""
    found = address_in(told("192.168.1.7", interface=gone))
    assert found is not None
    assert found.interface == str(gone)


def test_asking_the_kernel_of_this_machine() -> None:
    for each in own_addresses():
        assert ip_address(each.text).version == each.version
