"""Addresses that mean something inside a house only."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from sinkhole.dns.policy.refused_addresses import Rebinding, is_private
from sinkhole.dns.wire.name import from_text


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.255",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "::1",
        "fe80::1",
        "febf::1",
        "fc00::1",
        "fdff::1",
        "::ffff:192.168.1.1",
        "::10.0.0.1",
        "64:ff9b::127.0.0.1",
        "0.0.0.1",
        "0.255.255.255",
        "::ffff:0.1.2.3",
        "64:ff9b:1::192.0.2.1",
        "64:ff9b:1:ffff::",
        "2002:c0a8:0101::1",
        "2002:7f00:1::",
        "2001:0:a00:1::",
        "2001:0:c000:201:0:0:3f57:fefe",
    ],
)
def test_private_addresses(address: str) -> None:
    assert is_private(ip_address(address).packed)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.167.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "192.0.2.1",
        "::",
        "2001:db8::1",
        "a00::1",
        "c0a8::1",
        "fec0::1",
        "::ffff:192.0.2.1",
        "::ffff:0.0.0.0",
        "64:ff9b::192.0.2.1",
        "252.0.0.1",
        "2002:c000:201::1",
        "2001:0:c000:201:0:0:3fff:fdfe",
        "2001:1:a00:1::",
        "64:ff9b:2::a00:1",
    ],
)
def test_all_other_addresses(address: str) -> None:
    assert not is_private(ip_address(address).packed)


def test_allowed_names_and_those_below_them() -> None:
    rebinding = Rebinding(["Plex.example.org", "example.net"])
    for name in ("plex.example.org", "a.b.plex.example.org", "example.net"):
        assert rebinding.allows(from_text(name))
    for name in ("example.org", "xplex.example.org", ".", "net"):
        assert not rebinding.allows(from_text(name))
